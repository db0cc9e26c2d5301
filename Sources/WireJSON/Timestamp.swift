package import NIOCore

/// Times as RFC 3339 writes them in UTC, with milliseconds, in the proleptic Gregorian calendar.
package enum Timestamp {
    /// The number of characters.
    package static let length = 24
    /// 0000-01-01T00:00:00.000Z, the earliest that four digits of a year can say.
    package static let earliestMilliseconds: Int64 = -62_167_219_200_000
    /// 9999-12-31T23:59:59.999Z.
    package static let latestMilliseconds: Int64 = 253_402_300_799_999

    /// Writes `2026-11-21T10:50:41.123Z` (no quotes) from milliseconds since 1970. Times that four digits of a year
    /// cannot say are written as the nearest that they can.
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

    /// Counts in eras of 400 years (146,097 days) that begin on 1 March, so that the leap day comes last.
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
