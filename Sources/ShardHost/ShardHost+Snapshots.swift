import Journal
import NIOCore
import ShardCore
import ShardState
import ShardStorage
import Time

extension ShardHost {
    /// Takes a snapshot when one is due; lets payments leave memory behind one that was written.
    func advanceSnapshot(_ now: Timestamp) {
        guard schedule != nil, ending == nil, draining == nil else { return }
        if case .releasing(var plan) = schedule?.phase {
            let start = NIODeadline.now()
            let isDone = core.release(&plan, limit: schedule?.policy.releaseChunks ?? 1)
            schedule?.phase = isDone ? .idle : .releasing(plan)
            let pause = UInt64((NIODeadline.now() - start).nanoseconds)
            snapshotStatistics.longestReleaseNanoseconds = max(snapshotStatistics.longestReleaseNanoseconds, pause)
        } else {
            let areKeysDue = core.keysAreDue
            let isDue = schedule?.isDue(
                position: core.lastPosition,
                payments: core.statistics.paymentsCreated,
                loads: core.statistics.coldLoads,
                areKeysDue: areKeysDue,
                at: now
            )
            if isDue == true {
                if hasSnapshotTurn(isUrgent: areKeysDue) { takeSnapshot(now) }
            } else {
                // The reason for the snapshot may have passed meanwhile. Then the shard gives its
                // place up, so that no other shard waits for it.
                if case .idle = schedule?.phase { endSnapshotTurn() }
                if let position = schedule?.idleSince(position: core.lastPosition, at: now) {
                    journal.retire(upTo: position)
                }
            }
        }
    }

    /// Waits in the order of snapshots, and says whether the turn has come. Keys that fill their
    /// memory are urgent.
    private func hasSnapshotTurn(isUrgent: Bool) -> Bool {
        guard let turns = snapshots?.turns else { return false }
        if isUrgent, let ticket = snapshotTicket, !ticket.isUrgent {
            turns.leave(ticket)
            snapshotTicket = nil
        }
        let ticket = snapshotTicket ?? turns.enter(isUrgent: isUrgent)
        snapshotTicket = ticket
        return turns.begin(ticket)
    }

    /// Lets the next shard take a snapshot.
    private func endSnapshotTurn() {
        if let ticket = snapshotTicket { snapshots?.turns.leave(ticket) }
        snapshotTicket = nil
    }

    /// The shard takes no more snapshots. One that is being written goes on, and so may one that
    /// waits for its records to be durable.
    func giveUpSnapshot() {
        switch schedule?.phase {
        case .taken where ending != nil, .idle, .releasing, nil: endSnapshotTurn()
        case .taken, .writing: break
        }
    }

    /// Takes what a snapshot is made from, whether or not one is due. A snapshot under way ends
    /// first.
    private func takeSnapshot(_ now: Timestamp) {
        guard let policy = schedule?.policy else { return }
        let start = NIODeadline.now()
        let capture = core.capture(unchangedSince: now.subtracting(milliseconds: policy.coldAfter))
        let pause = UInt64((NIODeadline.now() - start).nanoseconds)
        snapshotStatistics.lastPauseNanoseconds = pause
        snapshotStatistics.longestPauseNanoseconds = max(snapshotStatistics.longestPauseNanoseconds, pause)
        schedule?.took(
            capture,
            payments: core.statistics.paymentsCreated,
            loads: core.statistics.coldLoads,
            at: now
        )
        writeSnapshot()
    }

    /// Hands the capture to the writer, once the journal has all its records. Records that are not
    /// durable may still be lost, and their positions used again.
    func writeSnapshot() {
        guard let snapshots, case .taken(let capture) = schedule?.phase, capture.position <= durablePosition else {
            return
        }
        schedule?.phase = .writing
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        let journal = self.journal
        let wall = clock()
        snapshots.writer.run {
            do throws(JournalError) {
                let written = try snapshots.storage.write(
                    capture,
                    epoch: journal.epoch,
                    wallMilliseconds: wall.milliseconds,
                    confirm: { () throws(JournalError) in try journal.confirm() },
                    pace: { snapshots.pace.spend($0) }
                )
                eventLoop.execute { loopBound.value.snapshotWritten(written) }
            } catch {
                eventLoop.execute { loopBound.value.snapshotFailed(capture, error) }
            }
        }
    }

    private func snapshotWritten(_ written: WrittenSnapshot) {
        endSnapshotTurn()
        schedule?.phase = .releasing(written.plan)
        keyRunsChanged()
        snapshotStatistics.written += 1
        snapshotStatistics.bytes += written.bytes
        snapshotStatistics.seconds += written.seconds
        snapshotStatistics.position = written.position
        snapshotStatistics.coldPaymentsWritten += written.coldPayments
        ports.snapshotWritten(written, for: self)
    }

    /// The shard goes on: its journal holds everything, and the next snapshot includes what this
    /// one had.
    private func snapshotFailed(_ capture: ShardCapture, _ error: JournalError) {
        endSnapshotTurn()
        core.snapshotFailed(capture)
        schedule?.failed(at: clock())
        snapshotStatistics.failed += 1
        snapshotStatistics.lastFailure = error.description
        // An owner that lost its journal must not publish a snapshot. That is no error of the disk.
        if isReleased { return }
        ports.snapshotFailed(error, shard: shard)
    }
}
