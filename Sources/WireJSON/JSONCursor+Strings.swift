extension JSONCursor {
    /// Reads from the opening quote, which is known to be there, to behind the closing one.
    mutating func lexString(_ input: Span<UInt8>) throws(JSONError) -> JSONString {
        guard input.count <= Self.maximumBytes else { throw JSONError(.tooLong, at: Self.maximumBytes) }
        let start = offset + 1
        var index = start
        var hasEscapes = false
        while true {
            index = PlainBytes.end(input, from: index)
            guard index < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
            let byte = input[index]
            if byte == UInt8(ascii: "\"") {
                offset = index + 1
                return JSONString(start: start, end: index, hasEscapes: hasEscapes)
            } else if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index = try Self.skipEscape(input, at: index)
            } else if byte < 0x20 {
                throw JSONError(.controlCharacterInString, at: index)
            } else {
                index += try UTF8Check.sequenceLength(input, at: index)
            }
        }
    }

    /// The index behind the escape whose backslash stands at `index`; a surrogate takes its other
    /// half with it.
    private static func skipEscape(_ input: Span<UInt8>, at index: Int) throws(JSONError) -> Int {
        guard index + 1 < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        switch input[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index + 2
        case UInt8(ascii: "u"):
            let unit = try hexUnit(input, at: index + 2)
            guard unit & 0xF800 == 0xD800 else { return index + 6 }
            guard unit & 0xFC00 == 0xD800 else { throw JSONError(.loneSurrogate, at: index) }
            guard index + 7 < input.count else {
                // What follows decides between a text that ends and a surrogate that stays alone.
                if index + 6 == input.count || input[index + 6] == UInt8(ascii: "\\") {
                    throw JSONError(.unexpectedEnd, at: input.count)
                }
                throw JSONError(.loneSurrogate, at: index)
            }
            guard input[index + 6] == UInt8(ascii: "\\"), input[index + 7] == UInt8(ascii: "u") else {
                throw JSONError(.loneSurrogate, at: index)
            }
            let low = try hexUnit(input, at: index + 8)
            guard low & 0xFC00 == 0xDC00 else { throw JSONError(.loneSurrogate, at: index) }
            return index + 12
        default:
            throw JSONError(.invalidEscape, at: index + 1)
        }
    }

    private static func hexUnit(_ input: Span<UInt8>, at start: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            guard index < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
            guard let digit = hexDigit(input[index]) else { throw JSONError(.invalidEscape, at: index) }
            unit = unit << 4 | digit
        }
        return unit
    }
}

/// The value of an ASCII hexadecimal digit of either case.
func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
}

/// Well-formedness of UTF-8 by table 3-7 of the Unicode standard (no overlong forms, no surrogates,
/// none above U+10FFFF).
package enum UTF8Check {
    /// Whether all of `bytes` is well-formed UTF-8.
    package static func isValid(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0x80 {
                index += 1
            } else if let length = try? sequenceLength(bytes, at: index) {
                index += length
            } else {
                return false
            }
        }
        return true
    }

    /// The length of the sequence whose first byte, at or above 0x80, stands at `index`.
    static func sequenceLength(_ input: Span<UInt8>, at index: Int) throws(JSONError) -> Int {
        let first = input[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw JSONError(.invalidUTF8, at: index)
        }
        guard index + length <= input.count, second.contains(input[index + 1]) else {
            throw JSONError(.invalidUTF8, at: index)
        }
        for offset in 2..<max(length, 2) where input[index + offset] & 0xC0 != 0x80 {
            throw JSONError(.invalidUTF8, at: index)
        }
        return length
    }
}
