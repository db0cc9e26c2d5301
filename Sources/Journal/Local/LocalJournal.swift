/// The journal on a local disk: a directory of pre-written segments, one writer thread, group commit.
///
/// Threads. `append` is called by one thread at a time, the owner's (an event loop may: it copies the bytes under a mutex that is
/// held for microseconds, signals, and never waits for the disk). `lastPosition`, `statistics` and `read` may be called by any
/// thread; `read` blocks on the disk. All calls to the owner come from the writer thread, one at a time, in order, never after
/// `close` has returned; they delay the next flush, so an owner only hands the position on. `close` blocks and must not be
/// called from the owner's callbacks. The journal holds its owner until `close`.
package final class LocalJournal: JournalEngine, Sendable {
    /// Larger than every epoch that wrote to this directory before.
    package var epoch: UInt64 { core.epoch }

    let core: JournalCore
    private let drive: Drive

    /// Who runs the writer and the keeper.
    private enum Drive {
        case threads(writer: JournalThread, keeper: JournalThread, archiver: JournalThread?)
        case steps(Monitor<JournalTasks>)
    }

    private init(core: JournalCore) throws(JournalError) {
        self.core = core
        switch core.configuration.driving {
        case .threads: drive = try Self.threads(core)
        case .steps: drive = .steps(Monitor(JournalTasks(core)))
        }
    }

    private static func threads(_ core: JournalCore) throws(JournalError) -> Drive {
        let name = "jrnl-\(core.configuration.journalID)"
        guard let writer = JournalThread(name: name, { core.runWriter() }) else { throw noThread }
        guard let keeper = JournalThread(name: name + "-keep", { core.runKeeper() }) else {
            core.monitor.withLock { $0.isClosing = true }
            core.monitor.signal(.writer)
            writer.join()
            throw noThread
        }
        guard let archive = core.archive else { return .threads(writer: writer, keeper: keeper, archiver: nil) }
        guard let archiver = JournalThread(name: name + "-arch", { core.runArchiver(archive) }) else {
            stop(core, writer, keeper, nil)
            throw noThread
        }
        return .threads(writer: writer, keeper: keeper, archiver: archiver)
    }

    private static func stop(
        _ core: JournalCore,
        _ writer: JournalThread,
        _ keeper: JournalThread,
        _ archiver: JournalThread?
    ) {
        core.monitor.withLock { state in
            state.isClosing = true
            state.archiverStops = true
        }
        core.monitor.signal(.writer)
        core.monitor.signal(.archiver)
        writer.join()
        core.monitor.withLock { $0.keeperStops = true }
        core.monitor.signal(.keeper)
        keeper.join()
        archiver?.join()
    }

    deinit { close() }

    private static let noThread = JournalError(.io, "the system gives no thread")

    package var lastPosition: RecordPosition { core.monitor.withLock { $0.lastPosition } }

    package var roomBytes: Int { core.roomBytes }

    package func wantRoom(bytes: Int) { core.wantRoom(bytes: bytes) }

    /// Counters so far.
    package var statistics: JournalStatistics { core.statistics }

    /// The newest signed checkpoint, as a line of text to be published where this machine's operators cannot change it; nil if
    /// there is none yet, or nothing is signed.
    package var newestCheckpoint: Checkpoint? { core.monitor.withLock { $0.checkpoint } }

    /// Bytes of the largest record that `append` takes; a larger one is a mistake of the program and traps.
    package var maximumRecordBytes: Int { core.configuration.maximumRecordBytes }

    /// Opens the journal of `directory` (made if it is missing; its parent must exist), gives every durable record in order to
    /// `replay`, and starts the writer. Blocks. When it throws, whatever was replayed is void: `fenced` another process has the
    /// journal, `corrupt` acknowledged records are damaged, `format` it is another journal's, encrypted or of a newer program,
    /// `io` and `diskFull` as the words say. A span given to `replay` is valid during the call.
    ///
    /// `position` is the last record that the owner has already, from a snapshot; 0 for none. Then only later records are
    /// replayed, and only the segments from the one on that holds record `position + 1` (or the end) are read and checked. Older
    /// ones may be missing: they were retired; those that are needed after all are read from the archive. It throws `corrupt` when
    /// record `position + 1` is in neither, and when
    /// the journal ends before `position`.
    package static func open(
        directory: String,
        configuration: JournalConfiguration,
        owner: any JournalOwner,
        from position: RecordPosition = 0,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (journal: LocalJournal, report: RecoveryReport) {
        configuration.validate()
        let place = JournalDirectory(directory)
        let recovery = JournalRecovery(
            configuration: configuration,
            fileSystem: fileSystem,
            directory: place,
            origin: position
        )
        do throws(JournalProblem) {
            let outcome = try recovery.run(replay)
            let report = outcome.report
            let core = makeCore(outcome, recovery, owner)
            return (try LocalJournal.started(core), report)
        } catch {
            throw error.asJournalError
        }
    }

    private static func started(_ core: JournalCore) throws(JournalProblem) -> LocalJournal {
        do throws(JournalError) {
            return try LocalJournal(core: core)
        } catch {
            throw JournalProblem(error.code, file: core.directory.path, error.description)
        }
    }

    private static func makeCore(
        _ outcome: JournalRecovery.Outcome,
        _ recovery: JournalRecovery,
        _ owner: any JournalOwner
    ) -> JournalCore {
        let end = outcome.writer.end
        let report = outcome.report
        let witness = outcome.witness
        let state = JournalState(
            pending: RecordArena(capacity: recovery.configuration.backlogBytes),
            lastPosition: end.position,
            durable: end,
            witnessedBatch: end.batch,
            checkpoint: outcome.checkpoints?.last,
            segmentInUse: end.segment,
            prepared: outcome.prepared,
            segmentRoom: outcome.writer.roomBytes,
            index: outcome.index,
            segments: outcome.segments,
            writer: outcome.writer,
            owner: owner,
            lockFile: outcome.lockFile
        )
        return JournalCore(
            configuration: recovery.configuration,
            fileSystem: recovery.fileSystem,
            directory: recovery.directory,
            epoch: report.epoch,
            state: state,
            witness: witness,
            checkpoints: outcome.checkpoints
        )
    }

    package func append(
        records: borrowing [UInt8],
        count: Int,
        expecting: RecordPosition,
        epoch: UInt64
    ) throws(JournalError) {
        let core = core
        let result = records.withUnsafeBytes { bytes -> JournalError? in
            RecordArena.checkFraming(bytes, count: count, maximumRecordBytes: core.configuration.maximumRecordBytes)
            do throws(JournalError) {
                try core.append(bytes, count: count, expecting: expecting, epoch: epoch)
                return nil
            } catch {
                return error
            }
        }
        if let result { throw result }
    }

    /// Any thread that may block. Throws `notFound` for a position that is 0, not durable yet, or in a segment that is neither
    /// here nor in the archive any more.
    package func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        try core.read(at: position)
    }

    /// The same; a reader of several records gives the same cache to each call.
    package func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        try core.read(at: position, &cache)
    }

    /// Notes that records up to a position are no longer needed for a start or for answers that may be asked for again: a snapshot
    /// holds them. Segments that hold no later one go to the archive, and their files are used again. Any thread; cheap; does
    /// nothing without an archive. A position that goes back is ignored, one beyond the durable ones counts as the last of those.
    package func retire(upTo position: RecordPosition) { core.retire(upTo: position) }

    /// Flushes what is pending, writes a last witness, stops both threads and gives the lock back. Blocks. The first call does
    /// this; later ones return at once.
    package func close() {
        if case .threads(let writer, let keeper, _) = drive {
            precondition(!writer.isCurrent && !keeper.isCurrent, "a journal's owner closes it from its own thread")
        }
        let isFirst = core.monitor.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        switch drive {
        case .threads(let writer, let keeper, let archiver): Self.stop(core, writer, keeper, archiver)
        case .steps(let tasks): tasks.withLock { $0.drain() }
        }
        core.finish()
    }

    /// One step of the writer, which does at most one thing on the disk and calls the owner from inside. Only for a journal
    /// opened with `driving = .steps`, by one thread at a time.
    package func stepWriter() -> JournalStep { steps.withLock { $0.stepWriter() } }

    /// One step of the keeper, likewise.
    package func stepKeeper() -> JournalStep { steps.withLock { $0.stepKeeper() } }

    /// One step of the archiver, likewise; `waits` for ever when no archive is configured.
    package func stepArchiver() -> JournalStep { steps.withLock { $0.stepArchiver() } }

    private var steps: Monitor<JournalTasks> {
        guard case .steps(let tasks) = drive else { preconditionFailure("threads run this journal") }
        return tasks
    }
}
