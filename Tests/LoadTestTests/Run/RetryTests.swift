import Testing

@testable import LoadTest

@Suite struct RetryTests {
    @Test func `delays double up to the maximum, with at most half of them jitter`() {
        var random = SplitMix64(seed: 1)
        for attempt in 2...20 {
            let full = min(RetryPolicy.firstDelay << UInt64(attempt - 2), RetryPolicy.maximumDelay)
            for _ in 0..<50 {
                let delay = RetryPolicy.delay(attempt: attempt, retryAfterSeconds: 0, &random)
                #expect(delay >= full / 2 && delay <= full)
            }
        }
    }

    @Test func `Retry-After is honoured, within the wheel's reach`() {
        var random = SplitMix64(seed: 1)
        #expect(RetryPolicy.delay(attempt: 2, retryAfterSeconds: 3, &random) == 3_000_000_000)
        #expect(RetryPolicy.delay(attempt: 2, retryAfterSeconds: 999, &random) == RetryPolicy.longestRetryAfter)
        #expect(RetryPolicy.delay(attempt: 2, retryAfterSeconds: -1, &random) <= RetryPolicy.firstDelay)
        #expect(RetryPolicy.longestRetryAfter / 1_000_000 < UInt64(RetryWheel.ticks))
    }

    @Test func `the wheel hands out each slot once, at its millisecond and not before`() {
        var wheel = RetryWheel()
        wheel.arm(1, at: 5_000_000)
        wheel.arm(2, at: 5_900_000)
        wheel.arm(3, at: 7_000_000)
        var due: [Int32] = []
        wheel.collect(now: 4_999_999, into: &due)
        #expect(due.isEmpty)
        wheel.collect(now: 5_000_000, into: &due)
        #expect(due == [1, 2])
        wheel.collect(now: 60_000_000_000, into: &due)
        #expect(due == [1, 2, 3] && wheel.count == 0)
    }

    @Test func `a slot armed in the past is due at the next millisecond`() {
        var wheel = RetryWheel()
        var due: [Int32] = []
        wheel.collect(now: 100_000_000, into: &due)
        wheel.arm(4, at: 3)
        wheel.collect(now: 101_000_000, into: &due)
        #expect(due == [4])
    }

    @Test func `a stall longer than the wheel loses nothing`() {
        var wheel = RetryWheel()
        for slot in Int32(0)..<1_000 { wheel.arm(slot, at: UInt64(slot) * 8_000_000) }
        var due: [Int32] = []
        wheel.collect(now: 1_000_000_000_000, into: &due)
        #expect(Set(due) == Set(0..<1_000))
    }
}
