package import Time

/// Goes round the payments in memory, in half an hour at the most, to find those whose deadline is
/// near.
package struct DeadlineSweep {
    /// The longest that a round takes, in milliseconds: less than the horizon.
    private static let round: Int64 = 1_800_000
    /// How often the sweep looks at the next chunk, in milliseconds: a process has 16 shards, which
    /// sweep at the same time.
    private static let interval: Int64 = 160

    private var chunk = 0
    /// When it last went on.
    private var time: Timestamp = .none

    package init() {}

    /// - Returns: how many chunks are to be looked at now; 0 before the interval has passed.
    package mutating func begin(at now: Timestamp, of chunkCount: Int) -> Int {
        guard chunkCount > 0, now.milliseconds(since: time) >= Self.interval else { return 0 }
        time = now
        // A round of 11,250 steps is half an hour. A chunk that is not in memory costs hardly
        // anything.
        return 1 + chunkCount / Int(Self.round / Self.interval)
    }

    /// The next chunk, from 0; after the last comes the first.
    package mutating func next(of chunkCount: Int) -> Int {
        if chunk >= chunkCount { chunk = 0 }
        defer { chunk += 1 }
        return chunk
    }
}
