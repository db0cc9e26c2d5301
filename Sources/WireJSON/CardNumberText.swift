/// Text as a search for card numbers needs it: digits of all scripts as ASCII digits, and each
/// blank, dash, dot and slash of Unicode as that of ASCII. What no reader sees is left out. Any
/// other character becomes a byte that ends a row of digits.
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
                append(first, to: &plain)
                return 6
            }
            let second = codeUnit(text, at: index + 6)
            append(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF, to: &plain)
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

    /// A scalar of UTF-8 that is not ASCII. Where there is none: one that ends a row, and one byte.
    private static func decode(_ text: Span<UInt8>, at index: Int) -> (scalar: UInt32, length: Int) {
        let none: (UInt32, Int) = (0xFFFD, 1)
        let length: Int
        var value: UInt32
        switch text[index] {
        case 0xC2...0xDF: (length, value) = (2, UInt32(text[index] & 0x1F))
        case 0xE0...0xEF: (length, value) = (3, UInt32(text[index] & 0x0F))
        case 0xF0...0xF4: (length, value) = (4, UInt32(text[index] & 0x07))
        default: return none
        }
        guard index + length <= text.count else { return none }
        for position in index + 1..<index + length {
            guard text[position] & 0xC0 == 0x80 else { return none }
            value = value << 6 | UInt32(text[position] & 0x3F)
        }
        return (value, length)
    }

    /// By tables: the properties of `Unicode.Scalar` cost up to a microsecond a character, and
    /// every request's body comes along here.
    private static func append(_ scalar: UInt32, to plain: inout [UInt8]) {
        switch scalar {
        // Controls, as they can be escaped only.
        case 0..<0x20, 0x7F: plain.append(UInt8(ascii: " "))
        case 0x20..<0x7F: plain.append(UInt8(scalar))
        // Blanks and line ends.
        case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
            plain.append(UInt8(ascii: " "))
        // Dashes and minus signs.
        case 0x58A, 0x5BE, 0x1400, 0x1806, 0x2010...0x2015, 0x207B, 0x208B, 0x2212, 0x2E17, 0x2E1A, 0x2E3A, 0x2E3B,
            0x2E40, 0x2E5D, 0x301C, 0x3030, 0x30A0, 0xFE31, 0xFE32, 0xFE58, 0xFE63, 0xFF0D, 0x10D6E, 0x10EAD:
            plain.append(UInt8(ascii: "-"))
        // Middle dots, bullets, full stops.
        case 0xB7, 0x2022, 0x2024, 0x2027, 0x2219, 0x22C5, 0x3002, 0x30FB, 0xFE52, 0xFF0E, 0xFF61:
            plain.append(UInt8(ascii: "."))
        case 0x2044, 0x2215, 0xFF0F: plain.append(UInt8(ascii: "/"))
        // Marks on a digit, and what is not drawn.
        case 0xAD, 0x300...0x36F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200F,
            0x202A...0x202E, 0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFF8,
            0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            break
        default: plain.append(digit(scalar) ?? other)
        }
    }

    /// The ASCII digit of the same value; nil for what is no decimal digit.
    private static func digit(_ scalar: UInt32) -> UInt8? {
        var low = 0
        var high = zeros.count
        while low < high {
            let middle = (low + high) / 2
            if zeros[middle] <= scalar { low = middle + 1 } else { high = middle }
        }
        guard low > 0, scalar - zeros[low - 1] < 10 else { return nil }
        return UInt8(ascii: "0") + UInt8(scalar - zeros[low - 1])
    }

    /// The zero of each script's decimal digits, in order (Unicode 17, category Nd); nine more
    /// follow each.
    private static let zeros: [UInt32] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
        0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0,
        0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0,
        0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0, 0x11C50,
        0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8,
        0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
    ]
}
