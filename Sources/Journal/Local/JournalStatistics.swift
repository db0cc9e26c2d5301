/// Counters of one journal since it was opened: a copy taken under the journal's mutex, readable by
/// any thread.
package struct JournalStatistics: Sendable {
    /// Batches written and synced.
    package internal(set) var flushes: UInt64 = 0
    /// Records made durable.
    package internal(set) var records: UInt64 = 0
    /// Bytes of records made durable, each with its 4-byte length.
    package internal(set) var bytes: UInt64 = 0
    /// Bytes given to the disk: the records, batch headers and padding.
    package internal(set) var paddedBytes: UInt64 = 0
    /// Time from the start to the end of the write that makes a batch durable.
    package internal(set) var flushLatency = LatencyBuckets()
    /// Segments begun.
    package internal(set) var segmentsStarted: UInt64 = 0
    /// Times the writer found no prepared segment and had to wait for one.
    package internal(set) var segmentWaits: UInt64 = 0
    /// Attempts to prepare a segment that found the disk full.
    package internal(set) var segmentPreparationsRefused: UInt64 = 0
    /// Witness slots written.
    package internal(set) var witnessWrites: UInt64 = 0
    /// Checkpoints signed.
    package internal(set) var checkpoints: UInt64 = 0
    /// Checkpoints for which the disk had no room; the next one covers what they would have.
    package internal(set) var checkpointsRefused: UInt64 = 0
    /// Number of the master key of the segment in use; 0: it is in clear.
    package internal(set) var masterKeyID: MasterKeyID = 0
    /// Appends refused because of the backlog limit.
    package internal(set) var backlogRefusals: UInt64 = 0
    /// Bytes of records that wait for the disk now.
    package internal(set) var backlogBytes: Int = 0
    /// Last durable position.
    package internal(set) var durablePosition: RecordPosition = 0
    /// Last appended position.
    package internal(set) var lastPosition: RecordPosition = 0
    /// Feeds that are open, of at most `JournalLimits.feeds`.
    package internal(set) var feeds = 0
    /// Changes of owner since the journal was opened, the first included.
    package internal(set) var acquisitions: UInt64 = 0
    /// The durable cursors and what each holds back, by name; at most `JournalLimits.cursors`.
    package internal(set) var cursors: [JournalCursor] = []
    /// Cursors that operators' commands dropped.
    package internal(set) var cursorsDropped: UInt64 = 0
    /// Attempts to follow such commands that failed; tried again.
    package internal(set) var cursorRequestsFailed: UInt64 = 0
    /// Archived segments whose time was over and that a cursor or a feed still needs: looks that
    /// found one.
    package internal(set) var expiryHeldBack: UInt64 = 0
    /// What became of retired segments.
    package internal(set) var archive = ArchiveStatistics()
}

/// A histogram with fixed power-of-two buckets: bucket `i` counts values v with 2^i <= v < 2^(i+1)
/// microseconds. Bucket 0 also counts values below 1 us, and the last bucket also those above its
/// range.
package struct LatencyBuckets: Sendable {
    /// Number of buckets; the last begins at 2^23 us, about 8 s.
    package static let count = 24

    package private(set) var counts = InlineArray<24, UInt64>(repeating: 0)
    /// Sum of all recorded times in nanoseconds.
    package private(set) var totalNanoseconds: UInt64 = 0
    /// Largest recorded time in nanoseconds.
    package private(set) var maximumNanoseconds: UInt64 = 0

    package init() {}

    package mutating func record(nanoseconds: UInt64) {
        let microseconds = max(nanoseconds / 1_000, 1)
        let bucket = min(UInt64.bitWidth - 1 - microseconds.leadingZeroBitCount, Self.count - 1)
        counts[bucket] += 1
        totalNanoseconds &+= nanoseconds
        maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
    }

    /// An upper bound in microseconds of the given share (0...1) of all values; 0 when nothing was
    /// recorded.
    package func upperBoundMicroseconds(ofShare share: Double) -> UInt64 {
        var total: UInt64 = 0
        for index in 0..<Self.count { total += counts[index] }
        guard total > 0 else { return 0 }
        var seen: UInt64 = 0
        for index in 0..<Self.count {
            seen += counts[index]
            if Double(seen) >= share * Double(total) { return 1 << UInt64(index + 1) }
        }
        return 1 << UInt64(Self.count)
    }
}
