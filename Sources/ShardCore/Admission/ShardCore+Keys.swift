import Journal
package import KeyRuns
import Payments
package import ShardRecords
import ShardState
package import Time

/// The result of looking for a key in the runs.
package enum KeyLookUp: Sendable, Equatable {
    case absent
    case held(StoredKey)
    /// The disk did not answer, or a block is damaged: nothing is known of the key.
    case failed
}

extension ShardCore {
    /// Whether a key that is not in memory has to be looked up on the disk. A command whose key is
    /// being looked up already waits with the others, so that it does not overtake them.
    func needsLookUp(_ digest: KeyDigest) -> Bool {
        parked.keys.isAwaited(digest) || keys.mayBeInRuns(digest)
    }

    /// Lets a command wait until its key was looked up. One merchant may take only a part of the
    /// places.
    mutating func parkForKey(_ command: Command, _ digest: KeyDigest, in turn: inout Turn) {
        guard parked.keys.hasRoom(for: command) else { return refuse(command.caller, .overloaded, in: &turn) }
        guard !parked.keys.isShareUsed(by: command) else {
            return refuse(command.caller, .merchantLimitReached, in: &turn)
        }
        if parked.keys.park(command, for: digest) {
            turn.release(.lookUpKey(digest, second: turn.now.seconds), restingOn: 0)
        }
    }

    /// A key was looked up. The commands that waited for it go on, in the order of arrival.
    package mutating func keyLookedUp(
        _ digest: KeyDigest,
        _ found: KeyLookUp,
        at now: Timestamp,
        into turn: inout Turn
    ) {
        turn.now = now
        statistics.keyLookUps += 1
        switch found {
        case .held: break
        case .absent: statistics.keyFalsePositives += 1
        case .failed: statistics.keyLookUpsFailed += 1
        }
        for command in parked.keys.take(digest) {
            switch found {
            case .held(let key): answer(command, from: key, in: &turn)
            case .absent:
                keys.absentKey = digest
                handle(command, at: turn.now, into: &turn)
                keys.absentKey = nil
            // Executing it might move the money a second time.
            case .failed: refuse(command.caller, .journalFailed, in: &turn)
            }
        }
    }

    private mutating func answer(_ command: Command, from key: StoredKey, in turn: inout Turn) {
        guard key.fingerprint == command.fingerprint else {
            statistics.keyConflicts += 1
            return refuse(command.caller, .keyReused, in: &turn)
        }
        replay(key.record, to: command.caller, in: &turn)
    }

    /// The runs as they are now: more keys, or the same in fewer runs. Keys that they hold may
    /// leave memory.
    package mutating func use(_ runs: KeyRunSet) { keys.use(runs) }

    /// The completed keys that left memory.
    package var keyRuns: KeyRunSet { keys.runs }

    /// Forgets some of the keys that the runs hold, and those whose time has passed. Bounded work;
    /// called in each tick.
    /// - Returns: whether none is left.
    @discardableResult
    package mutating func releaseKeys() -> Bool { keys.release() }

    /// Whether so many keys wait for a run that one should be written now. That is half of what
    /// fits into memory, of requests or of events. Requests count in this shard and in the whole
    /// process.
    package var keysAreDue: Bool { keys.isRunDue(isProcessShort: share.areKeysDue) }

    /// The keys that wait for a run, for the code that writes it.
    package mutating func takeCompletedKeys() -> [StoredKey] { keys.takeCompleted().all }

    /// Keys that the next snapshot writes.
    package var completedKeyCount: Int { keys.completedCount }

    package var eventKeyCount: Int { keys.eventCount }
    package var idempotencyCount: Int { keys.requestCount }
    package var idempotencyCapacity: Int { keys.requestCapacity }

    /// Commands that wait for their keys.
    package var parkedKeys: ParkingOccupancy { parked.keys.occupancy }
}
