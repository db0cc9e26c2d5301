/// The journal on a local disk: a directory of pre-written segments, one writer thread, group
/// commit. Its lock file keeps other processes out for as long as it is open. A table in memory
/// says which of this process's hosts owns it.
///
/// Threads. Any thread that may block can call `feed`, `acquire`, the calls about cursors,
/// `statistics` and `close`. No owner's callback and no feed's wake may call them. All calls to
/// owners come from the writer thread, one at a time, in order.
package final class LocalJournalStore: JournalStore, Sendable {
    let core: JournalCore
    private let drive: JournalDrive

    private init(core: JournalCore) throws(JournalError) {
        self.core = core
        drive = try JournalDrive(core)
    }

    deinit { close() }

    /// Opens the journal of `directory` for followers, and gives every durable record in order to
    /// `replay`. The directory is made if it is missing; its parent must exist. Nobody owns the
    /// journal until `acquire`. Blocks. A span given to `replay` is valid during the call.
    ///
    /// When it throws, whatever was replayed is void. It throws `fenced` when another process has
    /// the journal, and `corrupt` when acknowledged records are damaged. It throws `format` for
    /// another journal's files and for those of a newer program. It throws `key` when a file is
    /// encrypted and its master key is missing or wrong. It throws `io` when the system refuses a
    /// call, and `diskFull` when no space is left.
    ///
    /// `position` is the last record that the caller has already, from a snapshot; 0 for none. Then
    /// only later records are replayed. The call reads and checks the segment that holds record
    /// `position + 1` (or the end), and all later segments. Older segments may be missing, because
    /// they were retired. Those that are needed after all are read from the archive. It throws
    /// `corrupt` when record `position + 1` is in neither, and when the journal ends before
    /// `position`.
    package static func open(
        directory: String,
        configuration: JournalConfiguration,
        from position: RecordPosition = 0,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (store: LocalJournalStore, report: RecoveryReport) {
        let recovery = JournalRecovery(
            configuration: configuration,
            fileSystem: fileSystem,
            directory: JournalDirectory(directory),
            origin: position
        )
        return try open(recovery, replay)
    }

    static func open(
        _ recovery: JournalRecovery,
        _ replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (store: LocalJournalStore, report: RecoveryReport) {
        recovery.configuration.validate()
        let outcome: JournalRecovery.Outcome
        do throws(JournalProblem) {
            outcome = try recovery.run(replay)
        } catch {
            throw error.asJournalError
        }
        let report = outcome.report
        return (try LocalJournalStore(core: makeCore(outcome, recovery)), report)
    }

    private static func makeCore(_ outcome: JournalRecovery.Outcome, _ recovery: JournalRecovery) -> JournalCore {
        let end = outcome.writer.end
        let epoch = outcome.report.epoch
        let state = JournalState(
            pending: RecordArena(capacity: recovery.configuration.backlogBytes),
            lastPosition: end.position,
            durable: end,
            witnessedBatch: end.batch,
            checkpoint: outcome.checkpoints?.last,
            owners: OwnerTable(lastEpoch: epoch),
            epoch: epoch,
            segmentInUse: end.segment,
            prepared: outcome.prepared,
            segmentRoom: outcome.writer.roomBytes,
            endBytes: recovery.configuration.tenant == nil
                ? 0 : StreamRun.frameBytes(batchBytes: recovery.configuration.batchBytes),
            index: outcome.index,
            segments: outcome.segments,
            writer: outcome.writer,
            lockFile: outcome.lockFile
        )
        return JournalCore(
            configuration: recovery.configuration,
            fileSystem: recovery.fileSystem,
            directory: recovery.directory,
            state: state,
            witness: outcome.witness,
            checkpoints: outcome.checkpoints,
            cursors: outcome.cursors
        )
    }

    // MARK: JournalStore

    package var durablePosition: RecordPosition { core.monitor.withLock { $0.durable.position } }

    package func acquire(
        _ claim: JournalClaim,
        owner: any JournalOwner
    ) throws(JournalError) -> any JournalEngine {
        try own(claim, owner: owner)
    }

    /// As `acquire`.
    package func own(_ claim: JournalClaim, owner: any JournalOwner) throws(JournalError) -> LocalJournal {
        LocalJournal(store: self, epoch: try acquireEpoch(claim, owner))
    }

    func acquireEpoch(_ claim: JournalClaim, _ owner: any JournalOwner) throws(JournalError) -> UInt64 {
        let epoch = try core.grant(claim, owner)
        drive.waitForHandover(core)
        try core.checkOwner(epoch)
        return epoch
    }

    /// Runs the writer until `isOver` holds. Returns false where threads run the writer: then the
    /// caller has to wait.
    func run(until isOver: () -> Bool) -> Bool { drive.run(until: isOver) }

    /// Gives the journal up, if the epoch still has it; the owner is told nothing after this has
    /// returned.
    func release(epoch: UInt64) {
        _ = core.release(epoch: epoch)
        drive.waitForHandover(core)
    }

    package func feed(from position: RecordPosition) throws(JournalError) -> any JournalFeed {
        try core.feed(from: position)
    }

    package func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try core.createCursor(name, at: position)
    }

    package func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        try core.advanceCursor(name, to: position)
    }

    package func deleteCursor(_ name: JournalCursorName) throws(JournalError) { try core.deleteCursor(name) }

    package var cursors: [JournalCursor] { core.cursorList }

    /// Flushes what is pending, writes a last witness, stops the threads and gives the lock back.
    /// Blocks. The first call does this; later ones return at once.
    package func close() {
        drive.checkIsOutside()
        let isFirst = core.monitor.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        drive.stop(core)
        core.finish()
    }

    // MARK: The local engine's own

    /// Counters so far.
    package var statistics: JournalStatistics { core.statistics }

    /// The newest signed checkpoint; nil if there is none yet, or nothing is signed.
    package var newestCheckpoint: Checkpoint? { core.monitor.withLock { $0.checkpoint } }

    /// One step of the writer, which does at most one thing on the disk and calls the owner from
    /// inside. Only for a journal opened with `driving = .steps`, by one thread at a time.
    package func stepWriter() -> JournalStep { drive.steps.withLock { $0.stepWriter() } }

    /// One step of the keeper, likewise.
    package func stepKeeper() -> JournalStep { drive.steps.withLock { $0.stepKeeper() } }

    /// One step of the archiver, likewise; `waits` for ever when no archive is configured.
    package func stepArchiver() -> JournalStep { drive.steps.withLock { $0.stepArchiver() } }
}
