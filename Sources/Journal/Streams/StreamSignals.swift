import Synchronization

/// What is known of one stream without a lock, by any thread.
final class StreamSignals: Sendable {
    private let wanted = Atomic(0)
    private let unflushed = Atomic(0)
    private let appendingEpoch = Atomic<UInt64>(0)

    /// How much room its owner would like to see.
    var wantedBytes: Int { wanted.load(ordering: .relaxed) }

    func want(bytes: Int) { wanted.store(bytes, ordering: .relaxed) }

    func appended(frameBytes: Int) { unflushed.add(frameBytes, ordering: .relaxed) }
    func flushed(frameBytes: Int) { unflushed.subtract(frameBytes, ordering: .relaxed) }

    /// What is kept for this stream of the log's room: what its work in flight can still write, which is half of what its owner wants,
    /// and what it has appended already.
    var keptBytes: Int { wantedBytes / 2 + unflushed.load(ordering: .relaxed) }

    /// Whether an epoch may append. The caller that publishes has the log's monitor.
    func isOwner(_ epoch: UInt64) -> Bool { appendingEpoch.load(ordering: .acquiring) == epoch }

    func publishOwner(_ stream: borrowing StreamTable.Stream) {
        appendingEpoch.store(stream.owners.epoch ?? 0, ordering: .releasing)
    }
}
