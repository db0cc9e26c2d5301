package import Journal
package import KeyRuns
package import ShardCore
package import ShardRecords
import ShardState
import Time

extension ShardStorage {
    /// Reads the runs of idempotency keys, once; later calls give them as they are.
    @discardableResult
    func openKeyRuns() throws(JournalError) -> KeyRunSet {
        keyRuns.isOpen ? keyRuns.current : try keyRuns.open()
    }

    /// Looks a key up in `runs`. Blocks on the disk.
    package static func lookUp(_ digest: KeyDigest, in runs: KeyRunSet, at second: UInt32) -> KeyLookUp {
        do throws(JournalError) {
            return switch try runs.find(StoredKeyDigest(digest), at: second).found {
            case .absent: .absent
            case .held(let key): .held(key)
            }
        } catch {
            return .failed
        }
    }

    /// For the end of a replay: refuses runs that hold keys of records which the journal does not
    /// have. Their positions would be used again, for other keys.
    package func checkKeys(in core: borrowing ShardCore) throws(JournalError) {
        guard core.keyRuns.covered <= core.lastPosition else {
            throw JournalError(
                .format,
                "\(directory)/keys: the runs hold the keys up to record \(core.keyRuns.covered), and the journal ends with "
                    + "record \(core.lastPosition)"
            )
        }
    }

    /// For replay, behind each record: writes keys to the disk when they fill the memory, and
    /// merges runs. So a journal of any length can be replayed. Blocks. What was replayed is
    /// durable.
    package func makeRoomForKeys(in core: inout ShardCore) throws(JournalError) {
        guard core.keysAreDue else { return }
        try openKeyRuns()
        let second = core.lastRecordTime.seconds
        core.use(try keyRuns.add(core.takeCompletedKeys(), coveringUpTo: core.lastPosition, at: second))
        while let merged = try keyRuns.merge(at: second) { core.use(merged) }
        while !core.releaseKeys() {}
    }
}
