import Time

/// Writes bytes into a region that was reserved in advance; every write is checked against the
/// region's end.
///
/// The renderers compute the exact or the largest size first, so that one document costs one
/// reservation and no intermediate text.
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
        // Three runs of at most 64 bits are much cheaper than 26 shifts of 128: the lowest 60 bits,
        // the next 60, the rest.
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

    /// A JSON string with its quotes: `"`, `\` and control characters escaped, everything else as
    /// it is (UTF-8).
    mutating func quoted(_ value: Span<UInt8>) {
        byte(UInt8(ascii: "\""))
        if Self.quotedOverhead(value) == 2 {
            value.withUnsafeBytes { copy($0) }
        } else {
            for index in value.indices { escaped(value[index]) }
        }
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

    /// The bytes that `quoted` adds to those of `value` at most: the quotes, and five for each
    /// escaped character.
    static func quotedOverhead(_ value: Span<UInt8>) -> Int {
        value.withUnsafeBytes { bytes in
            var escapes = 0
            var index = 0
            while index + 8 <= bytes.count {
                let end = index + 8
                if holdsEscapes(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                    while index < end {
                        if isEscaped(bytes[index]) { escapes += 1 }
                        index += 1
                    }
                }
                index = end
            }
            while index < bytes.count {
                if isEscaped(bytes[index]) { escapes += 1 }
                index += 1
            }
            return 2 + escapes * 5
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether any of eight bytes is escaped. A borrow reaches a byte's top bit where the byte is
    /// below 0x20. It also does where the byte is zero after exclusive or with the character looked
    /// for.
    private static func holdsEscapes(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found = (word &- ones &* 0x20) & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return found & (ones &* 0x80) != 0
    }
}

extension ByteCursor {
    /// RFC 3339 in UTC with milliseconds, 24 characters without quotes: `2026-11-21T10:15:30.123Z`.
    ///
    /// - Parameter timestamp: times before 1970 and after the year 9999 become the nearest allowed
    ///   one.
    mutating func timestamp(_ timestamp: Timestamp) {
        let clamped = UInt64(min(max(timestamp.milliseconds, 0), 253_402_300_799_999))
        let (days, rest) = clamped.quotientAndRemainder(dividingBy: 86_400_000)
        let date = CivilDate(daysSince1970: UInt32(truncatingIfNeeded: days))
        let time = UInt32(truncatingIfNeeded: rest)
        let (seconds, thousandths) = time.quotientAndRemainder(dividingBy: 1_000)
        pair(date.year / 100)
        pair(date.year % 100)
        byte(UInt8(ascii: "-"))
        pair(date.month)
        byte(UInt8(ascii: "-"))
        pair(date.day)
        byte(UInt8(ascii: "T"))
        pair(seconds / 3_600)
        byte(UInt8(ascii: ":"))
        pair(seconds / 60 % 60)
        byte(UInt8(ascii: ":"))
        pair(seconds % 60)
        byte(UInt8(ascii: "."))
        byte(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: thousandths / 100))
        pair(thousandths % 100)
        byte(UInt8(ascii: "Z"))
    }

    /// Two decimal digits of a number below 100.
    private mutating func pair(_ value: UInt32) {
        byte(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10))
        byte(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
    }
}

/// A date of the proleptic Gregorian calendar.
struct CivilDate {
    let year: UInt32
    let month: UInt32
    let day: UInt32

    /// Counts in eras of 400 years that begin in March, so that the leap day is the last of its
    /// year.
    init(daysSince1970: UInt32) {
        let (era, day) = (daysSince1970 + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        self.month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.year = year + era * 400 + (marchMonth < 10 ? 0 : 1)
    }
}
