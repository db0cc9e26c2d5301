/// The lengths of the groups that a card number is written in.
struct CardNumberGroups {
    /// More groups than digits there are none.
    private static let limit = CardNumberScan.maximumDigits
    private var lengths = InlineArray<19, Int>(repeating: 0)
    private var count = 1

    /// The last group has one digit more.
    mutating func appendDigit() { lengths[count - 1] += 1 }

    /// - Returns: false if a card number cannot have so many.
    mutating func beginGroup() -> Bool {
        guard count < Self.limit else { return false }
        count += 1
        return true
    }

    /// All digits are in one piece.
    var areOne: Bool { count == 1 }

    /// Whether cards are printed, or card numbers typed, in such groups. They are groups of four
    /// (or, by some people, of two or one), of which the last may be shorter, and:
    ///
    /// | groups | cards |
    /// | --- | --- |
    /// | 4-6-5 | American Express |
    /// | 4-6-4 | Diners Club |
    /// | 4-3-3-3 | Visa of 13 digits |
    /// | 6-13 | UnionPay of 19 digits |
    var areThoseOfCards: Bool {
        areEqual || have([4, 6, 5]) || have([4, 6, 4]) || have([4, 3, 3, 3]) || have([6, 13])
    }

    private var areEqual: Bool {
        let length = lengths[0]
        guard length == 4 || length <= 2, lengths[count - 1] <= length else { return false }
        for group in 0..<count - 1 where lengths[group] != length { return false }
        return true
    }

    private func have<let size: Int>(_ expected: InlineArray<size, Int>) -> Bool {
        guard count == size else { return false }
        for group in expected.indices where lengths[group] != expected[group] { return false }
        return true
    }
}
