import Journal
import NIOCore
import ShardCore
import ShardState
import ShardStorage
import Time

extension ShardHost {
    /// Takes a snapshot when one is due; lets payments leave memory behind one that was written.
    func advanceSnapshot(_ now: Timestamp) {
        guard ending == nil, draining == nil else { return }
        switch work.snapshotStep(at: now) {
        case nil: break
        case .release:
            let start = NIODeadline.now()
            work.releaseSome()
            let pause = UInt64((NIODeadline.now() - start).nanoseconds)
            snapshotStatistics.longestReleaseNanoseconds = max(snapshotStatistics.longestReleaseNanoseconds, pause)
        case .take(let isUrgent):
            if hasSnapshotTurn(isUrgent: isUrgent) { takeSnapshot(now) }
        case .rest(let retired):
            // The reason for the snapshot may have passed meanwhile. Then the shard gives its place
            // up, so that no other shard waits for it.
            endSnapshotTurn()
            if let retired { journal.retire(upTo: retired) }
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
        switch work.schedule?.phase {
        case .taken where ending != nil, .idle, .releasing, nil: endSnapshotTurn()
        case .taken, .writing: break
        }
    }

    /// Takes what a snapshot is made from, whether or not one is due. A snapshot under way ends
    /// first.
    private func takeSnapshot(_ now: Timestamp) {
        let start = NIODeadline.now()
        guard let capture = work.capture(at: now) else { return }
        let pause = UInt64((NIODeadline.now() - start).nanoseconds)
        snapshotStatistics.lastPauseNanoseconds = pause
        snapshotStatistics.longestPauseNanoseconds = max(snapshotStatistics.longestPauseNanoseconds, pause)
        work.took(capture, at: now)
        writeSnapshot()
    }

    /// Hands the capture to the writer, once the journal has all its records. Records that are not
    /// durable may still be lost, and their positions used again.
    func writeSnapshot() {
        guard let capture = work.takeDurableCapture(), let snapshots else { return }
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
        work.schedule?.phase = .releasing(written.plan)
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
        work.core.snapshotFailed(capture)
        work.schedule?.failed(at: clock())
        snapshotStatistics.failed += 1
        snapshotStatistics.lastFailure = error.description
        // An owner that lost its journal must not publish a snapshot. That is no error of the disk.
        if isReleased { return }
        ports.snapshotFailed(error, shard: shard)
    }
}
