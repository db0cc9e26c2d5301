/// Finds card numbers (PAN), so that a body that holds one is refused before it is journaled or
/// logged.
///
/// What counts as a card number: 13 to 19 ASCII digits, alone or with single spaces or hyphens
/// between them. They are not part of a longer row of digits, and pass the Luhn check. They begin
/// as the numbers of payment networks do:
///
/// | begins with | network | digits |
/// | --- | --- | --- |
/// | 4 | Visa | 13...19 |
/// | 51...55, 2221...2720 | Mastercard | 16 |
/// | 34, 37 | American Express | 15 |
/// | 300...305, 309, 36, 38, 39 | Diners Club | 14...19 |
/// | 35 | JCB | 16...19 |
/// | 50, 56...58, 60...69 | Maestro, Discover, UnionPay, RuPay, others | 13...19 |
/// | 2200...2204, 9792 | Mir, Troy | 16...19 |
///
/// A row written in groups counts only if it does not touch a letter and does not lie in a UUID
/// (`UUIDShape`). Idempotency keys and references are often UUIDs, and one in twenty thousand would
/// be refused. A row in one piece may do both (`card4111...`). One in about twenty 16-digit
/// numbers, such as an order number, passes all this by chance. The product refuses those too, and
/// its users must write them otherwise. The scan does not look for digits of other scripts.
package enum CardNumberScan {
    static let minimumDigits = 13
    static let maximumDigits = 19

    /// Whether `text` (the value of a string, or the text of a number) holds a card number.
    ///
    /// Of any two neighbouring bytes inside a card number one is a digit, and a card number spans
    /// at least 13 bytes. So it is enough to look at two bytes of every twelve until a digit is
    /// found.
    package static func containsCardNumber(_ text: Span<UInt8>) -> Bool {
        var floor = 0
        var probe = minimumDigits - 1
        while probe < text.count {
            guard isDigit(text[probe]) || isDigit(text[probe - 1]) else {
                probe += minimumDigits - 1
                continue
            }
            var start = probe
            while start > floor, isDigitOrSeparator(text[start - 1]) { start -= 1 }
            var end = probe
            while end < text.count, isDigitOrSeparator(text[end]) { end += 1 }
            if end - start >= minimumDigits, rowHoldsCardNumber(text, start: start, end: end) { return true }
            floor = end
            probe = end + minimumDigits - 1
        }
        return false
    }

    /// Whether any string, name or number of a JSON document holds a card number, however it is
    /// escaped. Call it for documents that a parser has accepted; others give an answer too,
    /// without trapping. `scratch` is only used if the document has escapes.
    package static func documentContainsCardNumber(_ document: Span<UInt8>, scratch: inout [UInt8]) -> Bool {
        // Quotes, commas and colons end a row of digits, so the raw text can be searched as it is.
        guard PlainBytes.containBackslash(document) else { return containsCardNumber(document) }
        scratch.removeAll(keepingCapacity: true)
        resolveEscapes(document, into: &scratch)
        return containsCardNumber(scratch.span)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") }

    private static func isDigitOrSeparator(_ byte: UInt8) -> Bool { isDigit(byte) || isSeparator(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

    /// Tries every group of digits of a row (a maximal one of digits and separators) as the
    /// beginning of a card number.
    private static func rowHoldsCardNumber(_ text: Span<UInt8>, start: Int, end: Int) -> Bool {
        var index = start
        while index < end {
            if isDigit(text[index]), index == start || !isDigit(text[index - 1]),
                cardNumberBegins(text, at: index, end)
            {
                return true
            }
            index += 1
        }
        return false
    }

    private static func cardNumberBegins(_ text: Span<UInt8>, at start: Int, _ end: Int) -> Bool {
        var candidate = CardNumberCandidate()
        var isGrouped = false
        let touchesLetter = start > 0 && isLetter(text[start - 1])
        var index = start
        while index < end {
            if isDigit(text[index]) {
                candidate.append(text[index] - UInt8(ascii: "0"))
                guard candidate.count <= maximumDigits else { return false }
                index += 1
                let endsGroup = index == end || !isDigit(text[index])
                if endsGroup, candidate.isCardNumber {
                    let touches = touchesLetter || index < text.count && isLetter(text[index])
                    if !isGrouped { return true }
                    if !touches, !UUIDShape.encloses(start..<index, in: text) { return true }
                }
            } else {
                guard index + 1 < end, isDigit(text[index + 1]) else { return false }
                isGrouped = true
                index += 1
            }
        }
        return false
    }

    /// Copies a document with its escapes resolved as far as they concern card numbers: those of
    /// ASCII characters. Other escapes become a byte that ends a row of digits, as their characters
    /// do.
    private static func resolveEscapes(_ document: Span<UInt8>, into scratch: inout [UInt8]) {
        var index = 0
        while index < document.count {
            guard document[index] == UInt8(ascii: "\\"), index + 1 < document.count else {
                scratch.append(document[index])
                index += 1
                continue
            }
            guard document[index + 1] == UInt8(ascii: "u"), index + 5 < document.count else {
                scratch.append(0)
                index += 2
                continue
            }
            var unit: UInt32 = 0
            for position in index + 2..<index + 6 { unit = unit << 4 | (hexDigit(document[position]) ?? 15) }
            scratch.append(unit < 0x80 ? UInt8(truncatingIfNeeded: unit) : 0)
            index += 6
        }
    }
}

/// Digits that may become a card number: their count and the first four of them. It keeps the Luhn
/// sums for both possible positions of the last digit. So one walk tries every length.
private struct CardNumberCandidate {
    private(set) var count = 0
    private var prefix = 0
    /// The sum if the digits at even positions are doubled; the next one is for odd positions.
    private var sumEvenDoubled = 0
    private var sumOddDoubled = 0

    mutating func append(_ digit: UInt8) {
        let digit = Int(digit)
        let doubled = digit < 5 ? digit * 2 : digit * 2 - 9
        if count & 1 == 0 {
            sumEvenDoubled += doubled
            sumOddDoubled += digit
        } else {
            sumEvenDoubled += digit
            sumOddDoubled += doubled
        }
        if count < 4 { prefix = prefix * 10 + digit }
        count += 1
    }

    var isCardNumber: Bool {
        guard count >= CardNumberScan.minimumDigits, count <= CardNumberScan.maximumDigits else { return false }
        // The last digit counts once, the one before it twice, and so on.
        let sum = count & 1 == 0 ? sumEvenDoubled : sumOddDoubled
        return sum % 10 == 0 && isPlausible
    }

    private var isPlausible: Bool {
        switch prefix {
        case 4000...4999: true
        case 5100...5599, 2221...2720: count == 16
        case 3400...3499, 3700...3799: count == 15
        case 3000...3059, 3090...3099, 3600...3699, 3800...3999: count >= 14
        case 3500...3599, 2200...2204, 9792: count >= 16
        case 5000...5099, 5600...5899, 6000...6999: true
        default: false
        }
    }
}
