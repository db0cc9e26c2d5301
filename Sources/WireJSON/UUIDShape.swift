/// Recognises UUIDs in their text form (RFC 9562 section 4). That is 8-4-4-4-12 hexadecimal digits,
/// with a version from 1 to 8 and the variant that the RFC defines.
enum UUIDShape {
    static let length = 36

    /// Whether the text from `start` on lies in a UUID that stands by itself.
    static func encloses(_ start: Int, in text: Span<UInt8>) -> Bool {
        for begin in max(0, start - length + 1)...start where begin + length <= text.count {
            if begins(text, at: begin) { return true }
        }
        return false
    }

    private static func begins(_ text: Span<UInt8>, at start: Int) -> Bool {
        let end = start + length
        if start > 0, isHexadecimal(text[start - 1]) || text[start - 1] == UInt8(ascii: "-") { return false }
        if end < text.count, isHexadecimal(text[end]) || text[end] == UInt8(ascii: "-") { return false }
        for offset in 0..<length {
            let byte = text[start + offset]
            let isHyphen = offset == 8 || offset == 13 || offset == 18 || offset == 23
            guard isHyphen ? byte == UInt8(ascii: "-") : isHexadecimal(byte) else { return false }
        }
        let version = text[start + 14]
        let variant = text[start + 19] | 0x20
        return version >= UInt8(ascii: "1") && version <= UInt8(ascii: "8")
            && (text[start + 19] == UInt8(ascii: "8") || text[start + 19] == UInt8(ascii: "9")
                || variant == UInt8(ascii: "a") || variant == UInt8(ascii: "b"))
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }
}
