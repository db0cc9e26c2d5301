import NIOCore
import Testing

@testable import WireJSON

@Suite struct TimestampTextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_000_000_000_000, "2001-09-09T01:46:40.000Z"), (1_234_567_890_123, "2009-02-13T23:31:30.123Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"), (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (2_147_483_647_000, "2038-01-19T03:14:07.000Z"), (-2_208_988_800_000, "1900-01-01T00:00:00.000Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
            (.max, "9999-12-31T23:59:59.999Z"), (.min, "0000-01-01T00:00:00.000Z"),
            (1_795_260_641_123, "2026-11-21T11:30:41.123Z"),
        ] as [(Int64, String)]
    )
    func `known times are written as the standard has them`(milliseconds: Int64, text: String) {
        let actual = written { TimestampText.write(milliseconds: milliseconds, into: &$0) }
        #expect(actual == text)
        #expect(actual.utf8.count == TimestampText.length)
    }

    @Test(
        arguments: [
            ("2026-11-21T11:30:41.123Z", 1_795_260_641_123), ("2026-11-21T11:30:41Z", 1_795_260_641_000),
            ("2026-11-21t11:30:41.1z", 1_795_260_641_100), ("2026-11-21T11:30:41.12Z", 1_795_260_641_120),
            ("2026-11-21T11:30:41.123999999Z", 1_795_260_641_123), ("2026-11-21T13:30:41+02:00", 1_795_260_641_000),
            ("2026-11-21T06:00:41.000-05:30", 1_795_260_641_000), ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2026-11-21", nil), ("2026-11-21T11:30:41", nil), ("2026-11-21 11:30:41Z", nil),
            ("2026-13-01T00:00:00Z", nil),
            ("2026-02-29T00:00:00Z", nil), ("2026-00-01T00:00:00Z", nil), ("2026-01-00T00:00:00Z", nil),
            ("2026-01-32T00:00:00Z", nil), ("2026-11-21T24:00:00Z", nil), ("2026-11-21T11:60:00Z", nil),
            ("2026-11-21T11:30:61Z", nil), ("2026-11-21T11:30:41.Z", nil), ("2026-11-21T11:30:41.1234567890Z", nil),
            ("2026-11-21T11:30:41ZZ", nil), ("2026-11-21T11:30:41+0200", nil), ("2026-11-21T11:30:41+24:00", nil),
            ("2026-11-21T11:30:41+02:60", nil), ("2026-11-21T11:30:41 02:00", nil), ("x026-11-21T11:30:41Z", nil),
        ] as [(String, Int64?)]
    )
    func `times are read as RFC 3339 has them, and nothing else is`(text: String, milliseconds: Int64?) {
        #expect(TimestampText.milliseconds(text.utf8.span) == milliseconds)
    }

    @Test func `what is written is read again`() {
        for milliseconds in stride(from: -62_167_219_200_000, through: 253_402_300_799_999, by: 31_415_926_535) {
            let text = written { TimestampText.write(milliseconds: Int64(milliseconds), into: &$0) }
            #expect(TimestampText.milliseconds(text.utf8.span) == Int64(milliseconds))
        }
    }

    @Test func `every day of 800 years follows the one before it`() {
        func length(_ month: Int, _ year: Int) -> Int {
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        }
        // 1600-01-01 is 135,140 days before 1970-01-01.
        var (year, month, day) = (1600, 1, 1)
        for days in -135_140 ..< -135_140 + 292_194 as Range<Int64> {
            let date = CivilDate(daysSince1970: days)
            if date.year != year || date.month != month || date.day != day {
                Issue.record("\(date), not \(year)-\(month)-\(day)")
                return
            }
            day += 1
            if day > length(month, year) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year == 2400 && month == 1 && day == 1)
    }
}
