import Journal

/// Up to which record each host of a shard needs no record for a start. Each host starts from its
/// own snapshots alone. The floors survive the processes, as the snapshots do.
///
/// A deployment whose hosts have directories of their own, and whose archive deletes segments,
/// needs the same: a segment goes when no host needs it.
final class SnapshotFloors {
    private var positions: [RecordPosition]

    init(hosts: Int) { positions = Array(repeating: 0, count: hosts) }

    /// Notes what a host needs no more.
    /// - Returns: up to which record no host needs one.
    func raise(ofHost host: Int, to position: RecordPosition) -> RecordPosition {
        positions[host] = max(positions[host], position)
        return positions.min() ?? 0
    }
}
