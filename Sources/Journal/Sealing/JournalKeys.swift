import Synchronization

/// The key ring that the journals of a process use, replaceable while they run. Any thread.
///
/// A new ring keeps every key of the one before. So a running process can always read what it could
/// read before. A rotation adds a key and makes it the active one.
package final class JournalKeys: Sendable {
    private let held: Mutex<MasterKeyRing>
    /// The active key's number, 0 for none: read per batch.
    private let active: Atomic<UInt32>

    package init(_ ring: MasterKeyRing) {
        held = Mutex(ring)
        active = Atomic(ring.activeKeyID ?? 0)
    }

    package var ring: MasterKeyRing { held.withLock { $0 } }

    /// The number of the key of new files, 0 for none.
    var activeKeyID: MasterKeyID { active.load(ordering: .acquiring) }

    /// Makes the next batch of every journal begin a segment under the ring's active key (nothing
    /// happens if it is active already). Throws, and changes nothing, if a key of the ring before
    /// is missing or another one.
    package func replace(with ring: MasterKeyRing) throws(KeyTextError) {
        let problem = held.withLock { held -> String? in
            if let problem = ring.problem(replacing: held) { return problem }
            held = ring
            active.store(ring.activeKeyID ?? 0, ordering: .releasing)
            return nil
        }
        if let problem { throw KeyTextError(source: ring.source, line: nil, detail: problem) }
    }
}
