import Testing

@testable import Gateway

/// How the gateway's time follows a clock that is set (docs/faults.md, "T11").
@Suite struct ClockCourseTests {
    private let hour: Int64 = 3_600_000
    private let wall: Int64 = 1_790_000_000_000

    private func course() -> ClockCourse { ClockCourse(monotonic: 1_000, offset: wall - 1_000) }

    @Test("a clock that nobody sets is the time; the noise of reading two clocks is no step")
    func steady() {
        var course = course()
        for second in 0..<100 as Range<Int64> {
            let now = 1_000 + second * 1_000
            course.follow(offset: wall - 1_000 + (second % 3 - 1) * 20, at: now, asleep: 0, believed: hour)
            #expect(course.time(at: now) == wall + second * 1_000)
        }
    }

    @Test("a step is followed at half a second a second, in either direction", arguments: [-1, 1] as [Int64])
    func step(direction: Int64) {
        var course = course()
        course.follow(offset: wall - 1_000 + direction * hour, at: 1_000, asleep: 0, believed: hour)
        #expect(course.time(at: 1_000) == wall, "nothing at once")
        for minute in 1...120 as ClosedRange<Int64> {
            let passed = minute * 60_000
            #expect(course.time(at: 1_000 + passed) == wall + passed + direction * passed / 2)
        }
        #expect(course.time(at: 1_000 + 3 * hour) == wall + 3 * hour + direction * hour, "and no further")
    }

    @Test(
        "whatever the machine's clock is set to, the time never falls, and passes at half to one and a half times the pace"
    )
    func monotonic() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var course = course()
            var now: Int64 = 1_000
            var last = course.time(at: now)
            for _ in 0..<200 {
                let passed = Int64.random(in: 0...3_000, using: &random)
                now += passed
                let time = course.time(at: now)
                #expect(time >= last + passed / 2 - 1 && time <= last + passed + passed / 2 + 1)
                let offset = wall + Int64.random(in: -50 * hour...50 * hour, using: &random)
                course.follow(offset: offset, at: now, asleep: 0, believed: hour)
                #expect(course.time(at: now) == time, "a turn is no jump")
                last = time
            }
        }
    }

    @Test("a sleep that the machine counts itself is followed at once, up to what is believed")
    func sleep() {
        var believed = course()
        believed.follow(offset: wall - 1_000 + hour, at: 2_000, asleep: hour, believed: hour)
        #expect(believed.time(at: 2_000) == wall + 1_000 + hour)
        var tooLong = course()
        tooLong.follow(offset: wall - 1_000 + 2 * hour, at: 2_000, asleep: 2 * hour, believed: hour)
        #expect(tooLong.time(at: 2_000) == wall + 1_000)
        // The clock says another time than the sleep explains.
        var another = course()
        another.follow(offset: wall - 1_000 + hour, at: 2_000, asleep: hour / 2, believed: hour)
        #expect(another.time(at: 2_000) == wall + 1_000)
    }

    @Test("a sleep while an earlier step is still being followed adds the sleep alone")
    func sleepDuringStep() {
        var course = course()
        course.follow(offset: wall - 1_000 + hour, at: 1_000, asleep: 0, believed: hour)
        course.follow(offset: wall - 1_000 + 2 * hour, at: 11_000, asleep: hour, believed: hour)
        #expect(course.time(at: 11_000) == wall + 10_000 + 5_000 + hour)
        #expect(course.time(at: 21_000) == wall + 20_000 + 10_000 + hour)
    }
}
