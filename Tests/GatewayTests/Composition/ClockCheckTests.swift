import Testing

@testable import Gateway

@Suite struct ClockCheckTests {
    private let day: Int64 = 86_400_000

    @Test("a clock further away than the limit is refused, in either direction, with what to do")
    func limits() {
        let last: Int64 = 1_790_000_000_000
        func refusal(_ now: Int64) -> String? {
            ClockCheck.refusal(now: now, last: last, maximum: day).map { "\($0)" }
        }
        #expect(refusal(last) == nil && refusal(last + day) == nil && refusal(last - day) == nil)
        #expect(refusal(last + 2 * day)?.contains("clock is 48 hours ahead") == true)
        #expect(refusal(last - 3 * day)?.contains("clock is 72 hours behind") == true)
        #expect(refusal(last + 2 * day)?.contains("clock.max_jump") == true)
        #expect(ClockCheck.refusal(now: last, last: 0, maximum: day) == nil, "a new data directory has no past")
    }

    @Test("the mark is what was written last; none, or one that is no number, counts for nothing")
    func mark() throws {
        let directory = try TemporaryDirectory()
        let mark = ClockMark(directory: directory.path)
        #expect(mark.read() == nil)
        try mark.write(1_790_000_000_000)
        try mark.write(1_790_000_060_000)
        #expect(mark.read() == 1_790_000_060_000)
        _ = try directory.write("soon", to: "clock")
        #expect(mark.read() == nil)
    }
}
