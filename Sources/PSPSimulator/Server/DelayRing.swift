/// Answers that wait for their time: one bucket per millisecond, so that a latency costs an append
/// instead of a timer. Delays longer than the ring stay in their bucket for another round.
struct DelayRing<Element> {
    /// Milliseconds per round; a power of two.
    private static var length: Int { 1_024 }

    private var buckets: [[(due: UInt32, element: Element)]] = Array(repeating: [], count: length)
    // Everything due at or before this has been handed out.
    private var current: UInt32 = 0
    /// The most that may wait; more is refused by `insert`.
    let maximumCount: Int
    private(set) var count = 0

    init(maximumCount: Int) {
        self.maximumCount = maximumCount
    }

    /// Keeps `element` until `due`; false when the ring is full. `now` must not go back.
    mutating func insert(_ element: Element, due: UInt32, now: UInt32) -> Bool {
        guard count < maximumCount else { return false }
        if count == 0 { current = now }
        // What is due already comes out of the next bucket.
        let bucket = Int(max(due, current &+ 1)) & (Self.length - 1)
        buckets[bucket].append((due, element))
        count += 1
        return true
    }

    /// Moves everything due at or before `now` to `expired`.
    mutating func advance(to now: UInt32, into expired: inout [Element]) {
        guard count > 0 else { return }
        let steps = min(Int(now) - Int(current), Self.length)
        guard steps > 0 else { return }
        for step in 1...steps { drain(Int(current) + step, now: now, into: &expired) }
        current = now
    }

    private mutating func drain(_ tick: Int, now: UInt32, into expired: inout [Element]) {
        let bucket = tick & (Self.length - 1)
        guard !buckets[bucket].isEmpty else { return }
        var kept = 0
        for index in buckets[bucket].indices {
            if buckets[bucket][index].due <= now {
                expired.append(buckets[bucket][index].element)
                count -= 1
            } else {
                buckets[bucket].swapAt(kept, index)
                kept += 1
            }
        }
        buckets[bucket].removeSubrange(kept...)
    }
}
