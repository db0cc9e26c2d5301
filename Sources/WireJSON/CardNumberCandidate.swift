/// Digits that may become a card number: their count and the first four of them. It keeps the Luhn
/// sums for both possible positions of the last digit. So one walk tries every length.
struct CardNumberCandidate {
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
        // The last digit counts once, the one before it twice, and so on.
        let sum = count & 1 == 0 ? sumEvenDoubled : sumOddDoubled
        return sum % 10 == 0 && isIssued
    }

    /// Whether a payment network has numbers of this prefix and length. ISO/IEC 7812 registers the
    /// prefixes. The networks publish the lengths that they issue:
    ///
    /// | begins with | network | digits |
    /// | --- | --- | --- |
    /// | 4 | Visa | 13, 16, 19 |
    /// | 51...55, 2221...2720 | Mastercard | 16 |
    /// | 34, 37 | American Express | 15 |
    /// | 36 | Diners Club | 14, 16...19 |
    /// | 300...305, 309, 38, 39 | Diners Club | 14, 16...19 |
    /// | 3528...3589 | JCB | 16...19 |
    /// | 50, 56...58, 6 | Maestro, Discover, UnionPay, RuPay, Verve, others | 13, 16...19 |
    /// | 81, 82 | UnionPay, RuPay | 16...19 |
    /// | 2200...2205, 9792, 9704, 8600, 9860 | Mir, Borica, Troy, Napas, UzCard, Humo | 16...19 |
    private var isIssued: Bool {
        switch prefix {
        case 4000...4999: count == 13 || count == 16 || count == 19
        case 5100...5599, 2221...2720: count == 16
        case 3400...3499, 3700...3799: count == 15
        case 3000...3059, 3090...3099, 3600...3699, 3800...3999: count == 14 || isLong
        case 5000...5099, 5600...5899, 6000...6999: count == 13 || isLong
        case 3528...3589, 8100...8299, 2200...2205, 9792, 9704, 8600, 9860: isLong
        default: false
        }
    }

    private var isLong: Bool { count >= 16 && count <= CardNumberScan.maximumDigits }
}
