/// When a merchant's client tries again: exponential backoff with jitter, at least as long as
/// Retry-After asks for.
struct RetryPolicy: Sendable {
    static let firstDelay: UInt64 = 50_000_000
    static let maximumDelay: UInt64 = 2_000_000_000
    /// A Retry-After beyond this is cut: the wheel holds no later ticks.
    static let longestRetryAfter: UInt64 = 8_000_000_000

    /// Nanoseconds to wait before attempt `attempt` (the first retry is 2): half to all of the
    /// doubled delay.
    static func delay(attempt: Int, retryAfterSeconds: Int, _ random: inout SplitMix64) -> UInt64 {
        let doublings = min(max(attempt - 2, 0), 16)
        let full = min(firstDelay << UInt64(doublings), maximumDelay)
        let jittered = full / 2 + UInt64(Double(full / 2) * random.nextUnit())
        let asked = UInt64(min(max(retryAfterSeconds, 0), 3_600)) * 1_000_000_000
        return max(jittered, min(asked, longestRetryAfter))
    }
}

/// Slots that wait for a tick: a ring of one-millisecond buckets, so that neither arming nor firing
/// searches.
struct RetryWheel: Sendable {
    /// Ticks ahead that can be armed: 8,192 ms, more than `RetryPolicy.longestRetryAfter`.
    static let ticks = 8_192
    private var buckets: [[Int32]] = Array(repeating: [], count: RetryWheel.ticks)
    private(set) var count = 0
    // The last tick that was collected.
    private var current: UInt64 = 0

    /// Arms `slot` for the millisecond of `due` (nanoseconds), at the earliest the next one.
    mutating func arm(_ slot: Int32, at due: UInt64) {
        let tick = min(max(due / 1_000_000, current + 1), current + UInt64(Self.ticks) - 1)
        buckets[Int(tick) & (Self.ticks - 1)].append(slot)
        count += 1
    }

    /// Hands out all slots due at `now` (nanoseconds).
    mutating func collect(now: UInt64, into due: inout [Int32]) {
        let tick = now / 1_000_000
        guard tick > current else { return }
        guard count > 0 else {
            current = tick
            return
        }
        // A stall longer than the wheel visits every bucket once.
        let last = min(tick, current + UInt64(Self.ticks))
        for index in current + 1...last {
            let bucket = Int(index) & (Self.ticks - 1)
            guard !buckets[bucket].isEmpty else { continue }
            due.append(contentsOf: buckets[bucket])
            count -= buckets[bucket].count
            buckets[bucket].removeAll(keepingCapacity: true)
        }
        current = tick
    }
}
