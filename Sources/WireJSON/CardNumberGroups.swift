/// The lengths of the groups that a card number is written in.
///
/// Whatever is between them, cards are printed in groups of four (or, by some people, of two or
/// one), of which the last may be shorter; in 4-6-5 (American Express), in 4-6-4 (Diners Club), in
/// 4-3-3-3 (Visa of 13 digits), or in 6-13 (UnionPay of 19 digits).
///
/// With one blank or hyphen between them, these count, too:
///
/// | groups | |
/// | --- | --- |
/// | 4, 8 or 12, and then any | groups of four, some written without a blank between them |
/// | 6-10, 6-6-4 | the issuer's number set apart |
/// | 1 to 3, and then 3-3-3... | as a spreadsheet writes large numbers |
struct CardNumberGroups {
    private static let limit = CardNumberScan.maximumDigits
    private var lengths = InlineArray<19, Int>(repeating: 0)
    private var count = 1
    /// All groups but the last have the length of the first.
    private var areEqual = true
    /// All groups but the last are 4, 8 or 12 long.
    private var areFours = true
    /// All groups but the first and the last are 3 long, and the first is no longer.
    private var areThousands = true
    /// There is one blank or hyphen between any two groups.
    private var areSimple = true

    /// The last group has one digit more.
    mutating func appendDigit() { lengths[count - 1] += 1 }

    /// - Parameter isSimple: one blank or hyphen is before it.
    /// - Returns: false if a card number is not written so, whatever follows.
    mutating func beginGroup(isSimple: Bool) -> Bool {
        let last = lengths[count - 1]
        areSimple = areSimple && isSimple
        areEqual = areEqual && last == lengths[0] && (last == 4 || last <= 2)
        areFours = areFours && (last == 4 || last == 8 || last == 12)
        areThousands = areThousands && (count == 1 ? last <= 3 : last == 3)
        let isOpen = areEqual || areSimple && (areFours || areThousands) || isBeginOfShape
        guard isOpen, count < Self.limit else { return false }
        count += 1
        return true
    }

    /// All digits are in one piece.
    var areOne: Bool { count == 1 }

    var areThoseOfCards: Bool {
        let last = lengths[count - 1]
        if areEqual, last <= lengths[0] { return true }
        if areSimple, areFours || areThousands && last == 3 || have([6, 10]) || have([6, 6, 4]) { return true }
        return have([4, 6, 5]) || have([4, 6, 4]) || have([4, 3, 3, 3]) || have([6, 13])
    }

    /// Whether one of the other shapes begins so.
    private var isBeginOfShape: Bool {
        switch (lengths[0], count) {
        case (6, 1), (4, 1): true
        case (6, 2): lengths[1] == 6
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
