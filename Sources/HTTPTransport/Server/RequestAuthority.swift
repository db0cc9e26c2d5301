/// The authority of a request: a host, and perhaps a port (RFC 3986 section 3.2, RFC 9110 section
/// 4.2).
enum RequestAuthority {
    /// Whether a text is a host with or without a port. A part for user and password is refused
    /// (RFC 9110 section 4.2.4).
    static func isValid(_ text: String) -> Bool {
        let bytes = text.utf8.span
        let end = hostEnd(bytes)
        guard end > 0 else { return false }
        guard end < bytes.count else { return true }
        guard bytes[end] == UInt8(ascii: ":"), bytes.count - end <= 6 else { return false }
        for index in end + 1..<bytes.count where !isDigit(bytes[index]) { return false }
        return true
    }

    /// Whether two authorities name the same host and port under a scheme. Both are valid.
    static func isSame(_ one: String, _ other: String, scheme: String) -> Bool {
        let (first, second) = (one.utf8.span, other.utf8.span)
        let count = significantCount(first, scheme: scheme)
        guard count == significantCount(second, scheme: scheme) else { return false }
        for index in 0..<count where small(first[index]) != small(second[index]) { return false }
        return true
    }

    /// The bytes without a port that the scheme implies.
    private static func significantCount(_ bytes: Span<UInt8>, scheme: String) -> Int {
        let end = hostEnd(bytes)
        let port = bytes.extracting(end..<bytes.count)
        let isImplied =
            switch port.count {
            case 0, 1: true
            case 3: scheme == "http" && port[1] == UInt8(ascii: "8") && port[2] == UInt8(ascii: "0")
            case 4:
                scheme == "https" && port[1] == UInt8(ascii: "4") && port[2] == UInt8(ascii: "4")
                    && port[3] == UInt8(ascii: "3")
            default: false
            }
        return isImplied ? end : bytes.count
    }

    /// Where the host ends; 0 when there is none.
    private static func hostEnd(_ bytes: Span<UInt8>) -> Int {
        var end = 0
        guard !bytes.isEmpty, bytes[0] == UInt8(ascii: "[") else {
            while end < bytes.count, isHostByte(bytes[end]) { end += 1 }
            return end
        }
        // An IPv6 address.
        end = 1
        while end < bytes.count, isAddressByte(bytes[end]) { end += 1 }
        return end > 1 && end < bytes.count && bytes[end] == UInt8(ascii: "]") ? end + 1 : 0
    }

    /// A byte of a name or an IPv4 address: unreserved, sub-delimiter, or of an escape.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        case UInt8(ascii: "!"), 0x24, 0x26...0x2C, UInt8(ascii: ";"), UInt8(ascii: "="): true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66, UInt8(ascii: ":"), UInt8(ascii: "."): true
        default: false
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func small(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
