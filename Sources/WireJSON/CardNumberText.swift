/// Text as a search for card numbers needs it: digits of all scripts as ASCII digits, and each
/// blank, dash, dot and slash of Unicode as that of ASCII. What no reader sees is left out. Any
/// other character becomes a byte that ends a row of digits, or a letter if it is one.
enum CardNumberText {
    /// Ends a row of digits.
    private static let other: UInt8 = 0

    /// - Parameter isJSON: escapes are resolved.
    static func normalize(_ text: Span<UInt8>, isJSON: Bool, into plain: inout [UInt8]) {
        plain.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\\"), isJSON {
                index += appendEscape(text, at: index, to: &plain)
            } else if byte < 0x80 {
                plain.append(byte)
                index += 1
            } else {
                let (scalar, length) = decode(text, at: index)
                append(scalar, to: &plain)
                index += length
            }
        }
    }

    /// - Returns: the length of the escape.
    private static func appendEscape(_ text: Span<UInt8>, at index: Int, to plain: inout [UInt8]) -> Int {
        guard index + 1 < text.count else {
            plain.append(other)
            return 1
        }
        switch text[index + 1] {
        case UInt8(ascii: "u") where index + 5 < text.count:
            let first = codeUnit(text, at: index)
            guard first & 0xFC00 == 0xD800, index + 11 < text.count, text[index + 6] == UInt8(ascii: "\\") else {
                append(Unicode.Scalar(first), to: &plain)
                return 6
            }
            let second = codeUnit(text, at: index + 6)
            append(Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF), to: &plain)
            return 12
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"):
            plain.append(UInt8(ascii: " "))
        case UInt8(ascii: "/"): plain.append(UInt8(ascii: "/"))
        default: plain.append(other)
        }
        return 2
    }

    /// The code unit of an escape that begins at `index`.
    private static func codeUnit(_ text: Span<UInt8>, at index: Int) -> UInt32 {
        var unit: UInt32 = 0
        for position in index + 2..<index + 6 { unit = unit << 4 | (hexDigit(text[position]) ?? 15) }
        return unit
    }

    /// A scalar of UTF-8 that is not ASCII; nil and one byte where there is none.
    private static func decode(_ text: Span<UInt8>, at index: Int) -> (Unicode.Scalar?, length: Int) {
        let length: Int
        var value: UInt32
        switch text[index] {
        case 0xC2...0xDF: (length, value) = (2, UInt32(text[index] & 0x1F))
        case 0xE0...0xEF: (length, value) = (3, UInt32(text[index] & 0x0F))
        case 0xF0...0xF4: (length, value) = (4, UInt32(text[index] & 0x07))
        default: return (nil, 1)
        }
        guard index + length <= text.count else { return (nil, 1) }
        for position in index + 1..<index + length {
            guard text[position] & 0xC0 == 0x80 else { return (nil, 1) }
            value = value << 6 | UInt32(text[position] & 0x3F)
        }
        return (Unicode.Scalar(value), length)
    }

    private static func append(_ scalar: Unicode.Scalar?, to plain: inout [UInt8]) {
        guard let scalar else { return plain.append(other) }
        if scalar.isASCII { return plain.append(UInt8(scalar.value)) }
        switch scalar {
        // Middle dot, bullet, one dot leader, ideographic and other full stops.
        case "\u{B7}", "\u{2022}", "\u{2024}", "\u{2027}", "\u{2219}", "\u{22C5}", "\u{30FB}", "\u{3002}", "\u{FF0E}":
            plain.append(UInt8(ascii: "."))
        case "\u{2044}", "\u{2215}", "\u{FF0F}": plain.append(UInt8(ascii: "/"))
        case "\u{2212}": plain.append(UInt8(ascii: "-"))
        default: append(byCategory: scalar, to: &plain)
        }
    }

    private static func append(byCategory scalar: Unicode.Scalar, to plain: inout [UInt8]) {
        let properties = scalar.properties
        switch properties.generalCategory {
        case .decimalNumber:
            plain.append(UInt8(ascii: "0") + UInt8(properties.numericValue ?? 0))
        case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control: plain.append(UInt8(ascii: " "))
        case .dashPunctuation: plain.append(UInt8(ascii: "-"))
        case .format, .nonspacingMark, .enclosingMark: break
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            plain.append(UInt8(ascii: "x"))
        default: plain.append(other)
        }
    }
}
