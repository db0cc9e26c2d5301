package import NIOCore

/// Times as RFC 3339 writes them in UTC, with milliseconds, in the proleptic Gregorian calendar.
package enum TimestampText {
    /// The number of characters.
    package static let length = 24
    /// 0000-01-01T00:00:00.000Z, the earliest that four digits of a year can say.
    package static let earliestMilliseconds: Int64 = -62_167_219_200_000
    /// 9999-12-31T23:59:59.999Z.
    package static let latestMilliseconds: Int64 = 253_402_300_799_999

    /// Writes `2026-11-21T10:50:41.123Z` (no quotes) from milliseconds since 1970. Times that four
    /// digits of a year cannot say are written as the nearest that they can.
    package static func write(milliseconds: Int64, into buffer: inout ByteBuffer) {
        let clamped = min(max(milliseconds, earliestMilliseconds), latestMilliseconds)
        let days = clamped.flooredDivision(by: 86_400_000)
        let time = UInt32(truncatingIfNeeded: clamped - days * 86_400_000)
        let date = CivilDate(daysSince1970: days)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { output in
            write(UInt32(date.year), digits: 4, before: "-", at: 0, output)
            write(UInt32(date.month), digits: 2, before: "-", at: 5, output)
            write(UInt32(date.day), digits: 2, before: "T", at: 8, output)
            write(time / 3_600_000, digits: 2, before: ":", at: 11, output)
            write(time / 60_000 % 60, digits: 2, before: ":", at: 14, output)
            write(time / 1_000 % 60, digits: 2, before: ".", at: 17, output)
            write(time % 1_000, digits: 3, before: "Z", at: 20, output)
            return length
        }
    }

    /// The milliseconds since 1970 of an RFC 3339 time such as `2026-11-21T10:50:41Z`. It may have
    /// a fraction of up to nine digits and any offset from UTC. Digits finer than a millisecond are
    /// cut off. A leap second counts as the first second of the next minute. Returns nil for
    /// anything else, and for days and times that do not exist.
    package static func milliseconds(_ text: Span<UInt8>) -> Int64? {
        guard text.count >= 20, text.count <= 35, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = number(text, start: 0, count: 4), let month = number(text, start: 5, count: 2),
            let day = number(text, start: 8, count: 2),
            let hour = number(text, start: 11, count: 2), let minute = number(text, start: 14, count: 2),
            let second = number(text, start: 17, count: 2),
            (1...12).contains(month), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = CivilDate.daysSince1970(year: year, month: month, day: day)
        guard CivilDate(daysSince1970: days) == CivilDate(year: year, month: month, day: day) else { return nil }
        var end = 19
        guard let fraction = fraction(text, &end), let offset = offset(text, from: end) else { return nil }
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset * 60)
        return seconds * 1_000 + Int64(fraction)
    }

    private static func number(_ text: Span<UInt8>, start: Int, count: Int) -> Int? {
        var value = 0
        for index in start..<start + count {
            guard index < text.count, text[index] >= UInt8(ascii: "0"), text[index] <= UInt8(ascii: "9") else {
                return nil
            }
            value = value * 10 + Int(text[index] - UInt8(ascii: "0"))
        }
        return value
    }

    /// Milliseconds of the fraction that begins at `end`, if one does; `end` is behind it then.
    private static func fraction(_ text: Span<UInt8>, _ end: inout Int) -> Int? {
        guard text[end] == UInt8(ascii: ".") else { return 0 }
        let start = end + 1
        end = start
        while end < text.count, number(text, start: end, count: 1) != nil { end += 1 }
        guard (1...9).contains(end - start), let digits = number(text, start: start, count: min(3, end - start)) else {
            return nil
        }
        return end - start == 1 ? digits * 100 : end - start == 2 ? digits * 10 : digits
    }

    /// Minutes before UTC.
    private static func offset(_ text: Span<UInt8>, from start: Int) -> Int? {
        guard start < text.count else { return nil }
        if text[start] | 0x20 == UInt8(ascii: "z") { return start + 1 == text.count ? 0 : nil }
        guard text[start] == UInt8(ascii: "+") || text[start] == UInt8(ascii: "-"), text.count == start + 6,
            text[start + 3] == UInt8(ascii: ":"), let hours = number(text, start: start + 1, count: 2), hours < 24,
            let minutes = number(text, start: start + 4, count: 2), minutes < 60
        else { return nil }
        return (text[start] == UInt8(ascii: "+") ? 1 : -1) * (hours * 60 + minutes)
    }

    private static func write(
        _ value: UInt32,
        digits: Int,
        before separator: Unicode.Scalar,
        at start: Int,
        _ output: UnsafeMutableRawBufferPointer
    ) {
        var rest = value
        for position in stride(from: start + digits - 1, through: start, by: -1) {
            output[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        output[start + digits] = UInt8(ascii: separator)
    }
}

/// A date of the proleptic Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int
    var month: Int
    var day: Int

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The opposite of `init(daysSince1970:)`; a day that the month does not have counts into the
    /// next one.
    static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
        let yearFromMarch = Int64(month <= 2 ? year - 1 : year)
        let era = yearFromMarch.flooredDivision(by: 400)
        let yearOfEra = yearFromMarch - era * 400
        let monthFromMarch = Int64(month > 2 ? month - 3 : month + 9)
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Counts in eras of 400 years (146,097 days) that begin on 1 March, so that the leap day comes
    /// last.
    init(daysSince1970: Int64) {
        // 0000-03-01 is 719,468 days before 1970-01-01.
        let shifted = daysSince1970 + 719_468
        let era = shifted.flooredDivision(by: 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
