/// Finds card numbers (PAN), so that a body that holds one is refused before it is journaled or
/// logged.
///
/// What counts as a card number: 13 to 19 digits that pass the Luhn check, and that have a prefix
/// and a length of a payment network (`CardNumberCandidate`). They are not part of a longer row of
/// digits. They are written in one piece, or in groups as people write them (`CardNumberGroups`).
/// Groups have up to three blanks, hyphens, dots, slashes, tabs or line breaks between them, or the
/// Unicode characters that look like these (`CardNumberText`). Letters may touch them.
///
/// Not counted are:
/// - up to 15 digits behind a plus sign, which are a telephone number (ITU-T E.164);
/// - digits in one piece behind a decimal point, or behind `0,`;
/// - 13 digits in one piece. No network has issued such numbers for years, and product codes
///   (GTIN-13) have them;
/// - groups of a UUID (`UUIDShape`);
/// - bank account numbers (`AccountNumberShape`).
///
/// One in about twenty-five 16-digit numbers, such as an order number, passes all this by chance.
/// The product refuses those too, and its users must write them otherwise.
package enum CardNumberScan {
    static let minimumDigits = 13
    static let maximumDigits = 19
    /// Between two groups.
    static let maximumSeparators = 3

    /// Whether `text` (the value of a string, or the text of a number) holds a card number.
    package static func containsCardNumber(_ text: Span<UInt8>) -> Bool {
        if !PlainBytes.containNonASCII(text) { return search(text) }
        var plain: [UInt8] = []
        CardNumberText.normalize(text, isJSON: false, into: &plain)
        return search(plain.span)
    }

    /// Whether any string, name or number of a JSON document holds a card number, however it is
    /// escaped. Call it for documents that a parser has accepted; others give an answer too,
    /// without trapping. `scratch` is only used if the document has escapes or is not ASCII.
    package static func documentContainsCardNumber(_ document: Span<UInt8>, scratch: inout [UInt8]) -> Bool {
        // Quotes, commas and colons end a row of digits, so the raw text can be searched as it is.
        guard PlainBytes.containBackslashOrNonASCII(document) else { return search(document) }
        scratch.removeAll(keepingCapacity: true)
        CardNumberText.normalize(document, isJSON: true, into: &scratch)
        return search(scratch.span)
    }

    /// Of any four neighbouring bytes inside a card number one is a digit, and a card number spans
    /// at least 13 bytes. So it is enough to look at four bytes of every ten until a digit is
    /// found.
    private static func search(_ text: Span<UInt8>) -> Bool {
        var floor = 0
        var probe = minimumDigits - 1
        while probe < text.count {
            guard holdsDigit(text, probe - maximumSeparators...probe) else {
                probe += minimumDigits - maximumSeparators
                continue
            }
            var start = probe
            while start > floor, isDigitOrSeparator(text[start - 1]) { start -= 1 }
            var end = probe
            while end < text.count, isDigitOrSeparator(text[end]) { end += 1 }
            if end - start >= minimumDigits, rowHoldsCardNumber(text, start: start, end: end) { return true }
            floor = max(end, probe + 1)
            probe = end + minimumDigits - 1
        }
        return false
    }

    private static func holdsDigit(_ text: Span<UInt8>, _ range: ClosedRange<Int>) -> Bool {
        for index in range where isDigit(text[index]) { return true }
        return false
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Blank, tab, line breaks, hyphen, dot, slash, and digits: each is a bit.
    private static let digitsAndSeparators: UInt64 =
        "\t\n\r -./0123456789".utf8.reduce(0) { $0 | 1 << UInt64($1) }

    private static func isDigitOrSeparator(_ byte: UInt8) -> Bool {
        byte < 64 && digitsAndSeparators >> UInt64(byte) & 1 == 1
    }

    /// Tries every group of digits of a row (a maximal one of digits and separators) as the
    /// beginning of a card number. Of a series of groups of one digit, or of two, only the first:
    /// as digits in one piece, they are not part of a longer series.
    private static func rowHoldsCardNumber(_ text: Span<UInt8>, start: Int, end: Int) -> Bool {
        var index = AccountNumberShape.end(in: text, from: start, to: end) ?? start
        var before = 0
        while index < end {
            guard isDigit(text[index]) else {
                index += 1
                continue
            }
            let group = index
            while index < end, isDigit(text[index]) { index += 1 }
            let length = index - group
            let isPartOfSeries = length == before && length <= 2
            before = length
            if !isPartOfSeries, length <= maximumDigits, cardNumberBegins(text, at: group, end) { return true }
        }
        return false
    }

    private static func cardNumberBegins(_ text: Span<UInt8>, at start: Int, _ end: Int) -> Bool {
        var candidate = CardNumberCandidate()
        var groups = CardNumberGroups()
        var index = start
        while index < end {
            while index < end, isDigit(text[index]) {
                guard candidate.count < maximumDigits else { return false }
                candidate.append(text[index] - UInt8(ascii: "0"))
                groups.appendDigit()
                index += 1
            }
            if candidate.isCardNumber, counts(digits: candidate.count, in: groups, of: text, from: start) {
                return true
            }
            let separator = index
            while index < end, !isDigit(text[index]), index - separator <= maximumSeparators { index += 1 }
            guard index - separator <= maximumSeparators else { return false }
            let isSimple = index - separator == 1 && (text[separator] == space || text[separator] == hyphen)
            guard groups.beginGroup(isSimple: isSimple) else { return false }
        }
        return false
    }

    private static let space = UInt8(ascii: " ")
    private static let hyphen = UInt8(ascii: "-")
    /// Of a telephone number with its country's code (ITU-T E.164).
    private static let telephoneDigits = 15

    /// Whether digits that could be a card number by themselves are one where they stand.
    private static func counts(
        digits: Int,
        in groups: CardNumberGroups,
        of text: Span<UInt8>,
        from start: Int
    ) -> Bool {
        if digits <= telephoneDigits, start > 0, text[start - 1] == UInt8(ascii: "+") { return false }
        if groups.areOne { return digits > minimumDigits && !isFraction(text, at: start) }
        return groups.areThoseOfCards && !UUIDShape.encloses(start, in: text)
    }

    /// Whether the digits at `start` follow a decimal point, with one to three digits in front that
    /// stand by themselves. A comma is one only behind a lone zero: lists have commas, too.
    private static func isFraction(_ text: Span<UInt8>, at start: Int) -> Bool {
        guard start > 1, text[start - 1] == UInt8(ascii: ".") || text[start - 1] == UInt8(ascii: ",") else {
            return false
        }
        var index = start - 1
        while index > 0, isDigit(text[index - 1]), start - index <= 4 { index -= 1 }
        let digits = start - 1 - index
        let before = index > 0 ? text[index - 1] : space
        let isAlone = before != UInt8(ascii: ".") && before != UInt8(ascii: ",") && !isDigit(before)
        guard (1...3).contains(digits), isAlone else { return false }
        return text[start - 1] == UInt8(ascii: ".") || digits == 1 && text[index] == UInt8(ascii: "0")
    }
}
