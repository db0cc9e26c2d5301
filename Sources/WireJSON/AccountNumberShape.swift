/// Recognises international bank account numbers (IBAN, ISO 13616) of digits. In groups of four
/// they look like card numbers.
enum AccountNumberShape {
    /// Where the account number ends whose digits begin a row.
    /// - Parameters:
    ///   - start: the row's beginning. The letters of a country stand before it, and the check
    ///     digits there.
    ///   - end: the row's end.
    /// - Returns: nil if there is none with right check digits.
    static func end(in text: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        guard start >= 2, CardNumberScan.isDigit(text[start]), let first = letter(text[start - 2]),
            let second = letter(text[start - 1]),
            start == 2 || !isLetterOrDigit(text[start - 3]), let length = digits(of: text[start - 2], text[start - 1])
        else { return nil }
        var check = 0
        var remainder = 0
        var count = 0
        var index = start
        while index < end, count < length {
            if !CardNumberScan.isDigit(text[index]) {
                // Groups have one blank between them.
                guard CardNumberScan.isDigit(text[index - 1]) else { return nil }
            } else {
                let digit = Int(text[index] - UInt8(ascii: "0"))
                if count < 2 { check = check * 10 + digit } else { remainder = (remainder * 10 + digit) % 97 }
                count += 1
            }
            index += 1
        }
        guard count == length, index == end || !CardNumberScan.isDigit(text[index]) else { return nil }
        remainder = (remainder * 1_000_000 + first * 10_000 + second * 100 + check) % 97
        return remainder == 1 ? index : nil
    }

    /// 10 for A, 35 for Z.
    private static func letter(_ byte: UInt8) -> Int? {
        byte &- UInt8(ascii: "A") < 26 ? Int(byte - UInt8(ascii: "A")) + 10 : nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        CardNumberScan.isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// How many digits follow the country's letters, in countries whose account numbers are digits
    /// or may be.
    private static func digits(of first: UInt8, _ second: UInt8) -> Int? {
        switch (Character(Unicode.Scalar(first)), Character(Unicode.Scalar(second))) {
        case ("N", "O"): 13
        case ("B", "E"): 14
        case ("D", "K"), ("F", "I"), ("F", "O"), ("G", "L"): 16
        case ("M", "K"), ("S", "I"): 17
        case ("A", "T"), ("B", "A"), ("E", "E"), ("L", "T"), ("L", "U"), ("X", "K"): 18
        case ("C", "H"), ("H", "R"), ("L", "I"): 19
        case ("C", "R"), ("D", "E"), ("M", "E"), ("R", "S"): 20
        case ("A", "E"), ("I", "L"): 21
        case ("C", "Z"), ("E", "S"), ("S", "A"), ("S", "E"), ("S", "K"), ("T", "N"): 22
        case ("P", "T"): 23
        case ("I", "S"), ("T", "R"): 24
        case ("F", "R"), ("G", "R"), ("M", "C"), ("M", "R"): 25
        case ("H", "U"), ("P", "L"): 26
        case ("E", "G"): 27
        default: nil
        }
    }
}
