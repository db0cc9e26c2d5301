import Journal
import ShardCore
import ShardState
import ShardStorage
import Time

extension ShardWork {
    enum SnapshotStep {
        /// One is written, and what it holds leaves memory.
        case release
        /// - Parameter isUrgent: keys fill their memory.
        case take(isUrgent: Bool)
        /// None is due.
        /// - Parameter retires: records up to here are not needed for a start any more.
        case rest(retires: RecordPosition?)
    }

    /// What is to be done about snapshots now; nil while one is being written, and where none are
    /// taken.
    mutating func snapshotStep(at now: Timestamp) -> SnapshotStep? {
        guard let isIdle = schedule?.isIdle else { return nil }
        if !isIdle { return schedule?.isReleasing == true ? .release : nil }
        let areKeysDue = core.keysAreDue
        let isDue = schedule?.isDue(
            position: core.lastPosition,
            payments: core.statistics.paymentsCreated,
            loads: core.statistics.coldLoads,
            areKeysDue: areKeysDue,
            at: now
        )
        if isDue == true { return .take(isUrgent: areKeysDue) }
        return .rest(retires: schedule?.idleSince(position: core.lastPosition, at: now))
    }

    /// Lets some of what the last snapshot holds leave memory.
    mutating func releaseSome() {
        guard case .releasing(var plan) = schedule?.phase else { return }
        let isDone = core.release(&plan, limit: schedule?.policy.releaseChunks ?? 1)
        schedule?.phase = isDone ? .idle : .releasing(plan)
    }

    /// What a snapshot is made from, as of now; nil where none are taken.
    mutating func capture(at now: Timestamp) -> ShardCapture? {
        guard let policy = schedule?.policy else { return nil }
        return core.capture(unchangedSince: now.subtracting(milliseconds: policy.coldAfter))
    }

    /// Notes that a snapshot is under way.
    mutating func took(_ capture: ShardCapture, at now: Timestamp) {
        schedule?.took(
            capture,
            payments: core.statistics.paymentsCreated,
            loads: core.statistics.coldLoads,
            at: now
        )
    }

    /// The capture that waits, once the journal has all its records; it counts as handed to the
    /// writer then.
    mutating func takeDurableCapture() -> ShardCapture? {
        guard case .taken(let capture) = schedule?.phase, capture.position <= durablePosition else { return nil }
        schedule?.phase = .writing
        return capture
    }
}
