/// Who runs a journal's writer, keeper and archiver.
enum JournalDrive {
    case threads(writer: JournalThread, keeper: JournalThread, archiver: JournalThread?)
    case steps(Monitor<JournalTasks>)

    private static let noThread = JournalError(.io, "the system gives no thread")

    init(_ core: JournalCore) throws(JournalError) {
        switch core.configuration.driving {
        case .threads: self = try Self.threads(core)
        case .steps: self = .steps(Monitor(JournalTasks(core)))
        }
    }

    private static func threads(_ core: JournalCore) throws(JournalError) -> JournalDrive {
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
            stop(core, writer: writer, keeper: keeper, archiver: nil)
            throw noThread
        }
        return .threads(writer: writer, keeper: keeper, archiver: archiver)
    }

    /// Blocks until the change of owner that was asked for is done, or can never be.
    func waitForHandover(_ core: JournalCore) {
        checkIsOutside()
        switch self {
        case .threads: core.monitor.wait(.owner) { state in state.isHandoverOver ? .ready(()) : .wait }
        case .steps(let tasks): tasks.withLock { $0.handOver() }
        }
    }

    /// Runs the writer until `isOver` holds. Returns false where threads run the writer: then the
    /// caller has to wait.
    func run(until isOver: () -> Bool) -> Bool {
        checkIsOutside()
        guard case .steps(let tasks) = self else { return false }
        tasks.withLock { $0.run(until: isOver) }
        return true
    }

    /// Writes what is pending and ends writer, keeper and archiver. The journal is closing.
    func stop(_ core: JournalCore) {
        switch self {
        case .threads(let writer, let keeper, let archiver):
            Self.stop(core, writer: writer, keeper: keeper, archiver: archiver)
        case .steps(let tasks): tasks.withLock { $0.drain() }
        }
    }

    private static func stop(
        _ core: JournalCore,
        writer: JournalThread,
        keeper: JournalThread,
        archiver: JournalThread?
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

    /// A call that waits for the writer from one of its own callbacks would wait for ever.
    func checkIsOutside() {
        guard case .threads(let writer, let keeper, _) = self else { return }
        precondition(
            !writer.isCurrent && !keeper.isCurrent,
            "a journal is acquired and closed from its owner's own thread"
        )
    }

    var steps: Monitor<JournalTasks> {
        guard case .steps(let tasks) = self else { preconditionFailure("threads run this journal") }
        return tasks
    }
}
