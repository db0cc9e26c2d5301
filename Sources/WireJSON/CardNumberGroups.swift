/// The lengths of the groups that a card number is written in.
struct CardNumberGroups {
    /// Cards have no more groups, unless all are equal.
    private static let limit = CardNumberScan.maximumDigits
    private var lengths = InlineArray<19, Int>(repeating: 0)
    private var count = 1
    /// All groups but the last have the length of the first.
    private var areEqual = true

    /// The last group has one digit more.
    mutating func appendDigit() { lengths[count - 1] += 1 }

    /// - Returns: false if a card number is not written so, whatever follows.
    mutating func beginGroup() -> Bool {
        areEqual = areEqual && lengths[count - 1] == lengths[0]
        guard count < Self.limit, areEqual && Self.isUsual(lengths[0]) || isBeginOfShape else { return false }
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
        if areEqual, Self.isUsual(lengths[0]), lengths[count - 1] <= lengths[0] { return true }
        return have([4, 6, 5]) || have([4, 6, 4]) || have([4, 3, 3, 3]) || have([6, 13])
    }

    static func isUsual(_ length: Int) -> Bool { length == 4 || length == 2 || length == 1 }

    /// Whether one of the other shapes begins so.
    private var isBeginOfShape: Bool {
        switch (lengths[0], count) {
        case (6, 1), (4, 1): true
        case (4, 2): lengths[1] == 6 || lengths[1] == 3
        case (4, 3): lengths[1] == 3 && lengths[2] == 3
        default: false
        }
    }

    private func have<let size: Int>(_ expected: InlineArray<size, Int>) -> Bool {
        guard count == size else { return false }
        for group in expected.indices where lengths[group] != expected[group] { return false }
        return true
    }
}
