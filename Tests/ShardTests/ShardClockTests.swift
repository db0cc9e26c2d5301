import Synchronization
import Testing
import Time

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

    @Test("It is certain while it is the machine's clock, to a second; without a machine's clock always")
    func certainty() {
        let hands = Hands()
        let machine = Hands()
        let clock = ShardClock({ hands.now }, machine: { machine.now }, notBefore: 0)
        for (difference, isCertain) in [(0, true), (1_000, true), (-1_000, true), (1_001, false), (-1_001, false)] {
            machine.set(1_000_000 + Int64(difference))
            #expect(clock.isCertain(at: clock()) == isCertain)
        }
        #expect(ShardClock({ hands.now }, notBefore: 9_000_000).isCertain(at: 9_000_000))
        // A shard that is ahead of a right clock is not certain until the clock has met it.
        machine.set(1_000_000)
        let ahead = ShardClock({ hands.now }, machine: { machine.now }, notBefore: 1_000_000 + 10_000)
        #expect(!ahead.isCertain(at: ahead()))
        for hand in [hands, machine] { hand.set(1_000_000 + 18_000) }
        #expect(ahead.isCertain(at: ahead()))
    }

    @Test("One that is behind by an hour is met after two, and time passes at half its pace until then")
    func behind() {
        let hands = Hands()
        let hour: Int64 = 3_600_000
        let clock = ShardClock({ hands.now }, notBefore: Timestamp(milliseconds: 1_000_000 + hour))
        #expect(clock().milliseconds == 1_000_000 + hour && clock.ahead == hour)
        var last = clock()
        for minute in 1...180 as ClosedRange<Int64> {
            hands.set(1_000_000 + minute * 60_000)
            #expect(clock() > last)
            #expect(clock.ahead == max(0, hour - minute * 30_000))
            last = clock()
        }
        #expect(clock().milliseconds == hands.now)
    }
}
