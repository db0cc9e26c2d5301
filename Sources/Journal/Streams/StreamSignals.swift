import Synchronization

/// What all streams of a log want and keep of its room, so that no stream has to ask each of the
/// others.
final class StreamTotals: Sendable {
    private let wanted = Atomic(0)
    private let kept = Atomic(0)

    /// How much room the owners of all streams would like to see.
    var wantedBytes: Int { wanted.load(ordering: .relaxed) }

    /// What is kept for all streams; see `StreamSignals.keptBytes`.
    var keptBytes: Int { kept.load(ordering: .acquiring) }

    /// What was flushed of all streams, after `StreamSignals.flushed` of each.
    func flushed(frameBytes: Int) { add(kept: -frameBytes) }

    fileprivate func add(wanted bytes: Int) { wanted.add(bytes, ordering: .relaxed) }
    fileprivate func add(kept bytes: Int) { kept.add(bytes, ordering: .acquiringAndReleasing) }
}

/// The epoch that may append. Apart from the counters: each command reads it, and each flush writes
/// them.
private final class StreamOwnerSignal: Sendable {
    let appendingEpoch = Atomic<UInt64>(0)
}

/// What is known of one stream without a lock, by any thread.
final class StreamSignals: Sendable {
    private let totals: StreamTotals
    private let wanted = Atomic(0)
    private let unflushed = Atomic(0)
    private let owner = StreamOwnerSignal()

    init(_ totals: StreamTotals) { self.totals = totals }

    /// How much room its owner would like to see.
    func want(bytes: Int) {
        let before = wanted.exchange(bytes, ordering: .relaxed)
        guard before != bytes else { return }
        totals.add(wanted: bytes - before)
        totals.add(kept: bytes / 2 - before / 2)
    }

    func appended(frameBytes: Int) {
        unflushed.add(frameBytes, ordering: .relaxed)
        totals.add(kept: frameBytes)
    }

    /// Of this stream alone; `StreamTotals.flushed` follows for all.
    func flushed(frameBytes: Int) { unflushed.subtract(frameBytes, ordering: .relaxed) }

    /// How many bytes of the log's room are kept for this stream: what it has appended, and what
    /// its work in flight can still write. The latter is half of what its owner wants.
    private var keptBytes: Int { wanted.load(ordering: .relaxed) / 2 + unflushed.load(ordering: .relaxed) }

    /// What is kept for the other streams. It reads the sum of all streams first: bytes that a
    /// flush takes off in between are counted too often, never too seldom.
    var keptBytesOfOthers: Int {
        let all = totals.keptBytes
        return max(0, all - keptBytes)
    }

    /// Whether an epoch may append. The caller that publishes has the log's monitor.
    func isOwner(_ epoch: UInt64) -> Bool { owner.appendingEpoch.load(ordering: .acquiring) == epoch }

    func publishOwner(_ stream: borrowing StreamTable.Stream) {
        owner.appendingEpoch.store(stream.owners.epoch ?? 0, ordering: .releasing)
    }
}
