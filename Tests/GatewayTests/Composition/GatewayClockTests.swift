import Synchronization
import Testing

@testable import Gateway

/// The gateway's time over clocks that a test sets.
@Suite struct GatewayClockTests {
    /// The machine's clocks.
    final class Hands: Sendable {
        private let monotonic = Atomic<Int64>(5_000)
        private let asleep = Atomic<Int64>(0)
        private let step = Atomic<Int64>(1_790_000_000_000)

        var wall: Int64 {
            monotonic.load(ordering: .relaxed) + asleep.load(ordering: .relaxed) + step.load(ordering: .relaxed)
        }
        var machine: MachineClock {
            MachineClock(
                monotonic: { self.monotonic.load(ordering: .relaxed) },
                asleep: { self.asleep.load(ordering: .relaxed) },
                wall: { self.wall }
            )
        }

        func pass(_ milliseconds: Int64) { monotonic.wrappingAdd(milliseconds, ordering: .relaxed) }
        func sleep(_ milliseconds: Int64) { asleep.wrappingAdd(milliseconds, ordering: .relaxed) }
        func set(by milliseconds: Int64) { step.wrappingAdd(milliseconds, ordering: .relaxed) }
    }

    private let hour: Int64 = 3_600_000

    /// A second after the other, each followed.
    private func run(_ seconds: Int, of clock: GatewayClock, over hands: Hands) {
        for _ in 0..<seconds {
            hands.pass(1_000)
            clock.follow()
        }
    }

    @Test("the machine's clock is the time, and goes on being it")
    func steady() {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        #expect(clock.milliseconds() == hands.wall && clock.error == 0)
        run(100, of: clock, over: hands)
        #expect(clock.milliseconds() == hands.wall)
        // No reader ever waited.
        #expect(clock.changes.load(ordering: .relaxed) == 0)
        hands.set(by: 60_000)
        run(1, of: clock, over: hands)
        #expect(clock.changes.load(ordering: .relaxed) == 2)
    }

    /// The edge signs its answers with it (`Date`); the shards' time may be behind or ahead for
    /// minutes.
    @Test("the edge has the machine's time while the shards' time follows it", arguments: [600_000, -600_000])
    func edge(step: Int64) {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        hands.set(by: step)
        run(1, of: clock, over: hands)
        #expect(clock.error != 0)
        #expect(clock.wallSeconds == hands.wall / 1_000)
    }

    @Test(
        "a clock that is set ahead by a minute is met after two; one that is set back by a minute, too",
        arguments: [60_000, -60_000]
    )
    func steps(step: Int64) {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        hands.set(by: step)
        clock.follow()
        #expect(clock.error == -step)
        run(60, of: clock, over: hands)
        #expect(clock.error == -step / 2)
        run(60, of: clock, over: hands)
        #expect(clock.error == 0)
        run(60, of: clock, over: hands)
        #expect(clock.error == 0)
    }

    @Test("set ahead and back again while it runs: the time is the machine's again, and never fell")
    func aheadAndBack() {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        var last = clock.milliseconds()
        for second in 0..<200 {
            if second == 10 { hands.set(by: 2 * hour) }
            if second == 40 { hands.set(by: -2 * hour) }
            run(1, of: clock, over: hands)
            #expect(clock.milliseconds() >= last + 500)
            last = clock.milliseconds()
        }
        #expect(clock.error == 0)
    }

    @Test("a sleep of half an hour is the time at once; one of a day is followed slowly")
    func sleeps() {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        run(3, of: clock, over: hands)
        hands.sleep(hour / 2)
        #expect(clock.error == -hour / 2, "until the clock is looked at")
        clock.follow()
        #expect(clock.error == 0)
        hands.sleep(24 * hour)
        clock.follow()
        #expect(clock.error == -24 * hour)
        run(3_600, of: clock, over: hands)
        #expect(clock.error == -24 * hour + hour / 2)
    }

    @Test("the system's clocks are the time of day, and follow nothing while nobody sets them")
    func system() {
        let clock = GatewayClock(.system, believedSleep: hour)
        var last = clock.milliseconds()
        for _ in 0..<1_000 {
            clock.follow()
            let now = clock.milliseconds()
            #expect(now >= last)
            last = now
        }
        #expect(abs(clock.error) <= ClockCourse.noise + 1)
    }

    @Test("readers on other threads never see the time fall while the course changes")
    func threads() async {
        let hands = Hands()
        let clock = GatewayClock(hands.machine, believedSleep: hour)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    var last: Int64 = 0
                    for _ in 0..<50_000 {
                        let now = clock.milliseconds()
                        if now < last { return false }
                        last = now
                    }
                    return true
                }
            }
            group.addTask {
                for round in 0..<5_000 {
                    hands.set(by: round % 2 == 0 ? 50_000 : -50_000)
                    clock.follow()
                    hands.pass(7)
                }
                return true
            }
            for await isMonotonic in group { #expect(isMonotonic) }
        }
    }
}
