import Synchronization
import Testing

@testable import ShardHost

@Suite("A shard's time never falls, and comes back to the clock's")
struct ShardClockTests {
    /// A clock that a test sets.
    private final class Hands: Sendable {
        let milliseconds = Mutex<Int64>(1_000_000)
        var now: Int64 { milliseconds.withLock { $0 } }
        func set(_ time: Int64) { milliseconds.withLock { $0 = time } }
    }

    @Test("A clock that is not behind is the time")
    func inTime() {
        let hands = Hands()
        let clock = ShardClock({ hands.now }, notBefore: 999_000)
        #expect(clock() == 1_000_000 && clock.ahead == 0)
        hands.set(1_500_000)
        #expect(clock() == 1_500_000)
    }

    @Test("One that is behind by an hour is met after two, and time passes at half its pace until then")
    func behind() {
        let hands = Hands()
        let hour: Int64 = 3_600_000
        let clock = ShardClock({ hands.now }, notBefore: 1_000_000 + hour)
        #expect(clock() == 1_000_000 + hour && clock.ahead == hour)
        var last = clock()
        for minute in 1...180 as ClosedRange<Int64> {
            hands.set(1_000_000 + minute * 60_000)
            #expect(clock() > last)
            #expect(clock.ahead == max(0, hour - minute * 30_000))
            last = clock()
        }
        #expect(clock() == hands.now)
    }
}
