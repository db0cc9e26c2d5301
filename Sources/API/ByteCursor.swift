/// Writes bytes into a region that was reserved in advance; every write is checked against the region's end.
///
/// The renderers compute the exact or the largest size first, so that one document costs one reservation and no
/// intermediate text.
struct ByteCursor {
    private let region: UnsafeMutableRawBufferPointer
    /// The number of bytes written.
    private(set) var count = 0

    init(_ region: UnsafeMutableRawBufferPointer) {
        self.region = region
    }

    mutating func literal(_ text: StaticString) {
        precondition(text.hasPointerRepresentation)
        copy(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func bytes(_ source: [UInt8]) {
        source.withUnsafeBytes { copy($0) }
    }

    mutating func byte(_ value: UInt8) {
        precondition(count < region.count)
        region[count] = value
        count += 1
    }

    mutating func flag(_ value: Bool) {
        literal(value ? "true" : "false")
    }

    /// Decimal digits without leading zeros; a minus sign for negative numbers.
    mutating func decimal(_ value: Int64) {
        var rest = value.magnitude
        var length = 1
        var bound: UInt64 = 10
        while length < 19 && rest >= bound {
            length += 1
            bound = bound &* 10
        }
        if length == 19 && rest >= 10_000_000_000_000_000_000 { length = 20 }
        if value < 0 { byte(UInt8(ascii: "-")) }
        precondition(count + length <= region.count)
        var index = count + length
        count = index
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            index -= 1
            region[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest > 0
    }

    /// Exactly `width` decimal digits of a number that fits them.
    mutating func digits(_ value: Int, width: Int) {
        precondition(count + width <= region.count)
        var rest = value
        var index = count + width
        while index > count {
            index -= 1
            region[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    private mutating func copy(_ source: UnsafeRawBufferPointer) {
        precondition(count + source.count <= region.count)
        UnsafeMutableRawBufferPointer(rebasing: region[count...]).copyMemory(from: source)
        count += source.count
    }
}

extension ByteCursor {
    private static let base32: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

    /// An identifier: four characters of prefix and the 26 of `Base32`.
    mutating func identifier(_ prefix: StaticString, high: UInt64, low: UInt64) {
        literal(prefix)
        precondition(count + 26 <= region.count)
        let table = Self.base32.utf8Start
        // Three runs of at most 64 bits are much cheaper than 26 shifts of 128: the lowest 60 bits, the next 60, the rest.
        var lowest = low & 0x0FFF_FFFF_FFFF_FFFF
        var middle = (low >> 60 | high << 4) & 0x0FFF_FFFF_FFFF_FFFF
        let top = high >> 56
        for index in 0..<12 {
            region[count + 25 - index] = table[Int(lowest & 31)]
            region[count + 13 - index] = table[Int(middle & 31)]
            lowest >>= 5
            middle >>= 5
        }
        region[count + 1] = table[Int(top & 31)]
        region[count] = table[Int(top >> 5)]
        count += 26
    }

    /// A JSON string with its quotes: `"`, `\` and control characters escaped, everything else as it is (UTF-8).
    mutating func quoted(_ value: Span<UInt8>) {
        byte(UInt8(ascii: "\""))
        for index in value.indices { escaped(value[index]) }
        byte(UInt8(ascii: "\""))
    }

    private mutating func escaped(_ character: UInt8) {
        if character < 0x20 {
            literal("\\u00")
            byte(Self.hexadecimal.utf8Start[Int(character >> 4)])
            byte(Self.hexadecimal.utf8Start[Int(character & 15)])
            return
        }
        if character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\") { byte(UInt8(ascii: "\\")) }
        byte(character)
    }

    private static let hexadecimal: StaticString = "0123456789abcdef"

    /// The bytes that `quoted` adds to those of `value` at most: the quotes, and five for each escaped character.
    static func quotedOverhead(_ value: Span<UInt8>) -> Int {
        var overhead = 2
        for index in value.indices {
            let character = value[index]
            if character < 0x20 || character == UInt8(ascii: "\"") || character == UInt8(ascii: "\\") { overhead += 5 }
        }
        return overhead
    }
}

extension ByteCursor {
    /// RFC 3339 in UTC with milliseconds, 24 characters with quotes left out: `2026-11-21T10:15:30.123Z`.
    ///
    /// - Parameter milliseconds: since 1970; at most the last millisecond of the year 9999.
    mutating func timestamp(_ milliseconds: Int64) {
        let clamped = min(max(milliseconds, 0), 253_402_300_799_999)
        let (days, dayMilliseconds) = Int(clamped).quotientAndRemainder(dividingBy: 86_400_000)
        let date = civilDate(days)
        digits(date.year, width: 4)
        byte(UInt8(ascii: "-"))
        digits(date.month, width: 2)
        byte(UInt8(ascii: "-"))
        digits(date.day, width: 2)
        byte(UInt8(ascii: "T"))
        digits(dayMilliseconds / 3_600_000, width: 2)
        byte(UInt8(ascii: ":"))
        digits(dayMilliseconds / 60_000 % 60, width: 2)
        byte(UInt8(ascii: ":"))
        digits(dayMilliseconds / 1_000 % 60, width: 2)
        byte(UInt8(ascii: "."))
        digits(dayMilliseconds % 1_000, width: 3)
        byte(UInt8(ascii: "Z"))
    }
}

/// The proleptic Gregorian date of a day since 1970-01-01. Counts in eras of 400 years that begin in March, so that
/// the leap day is the last of its year.
private func civilDate(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSince1970 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}
