/// The result of one step of a journal's writer or keeper, where its owner runs them.
package enum JournalStep: Sendable, Equatable {
    /// Something was done; there may be more.
    case did
    /// Nothing can be done before something else happens: an append, a step of the other, `close`.
    case waits
    /// Nor before this time of the journal's clock.
    case waitsUntil(nanoseconds: UInt64)
    /// Closed and drained, or failed: nothing will be done any more.
    case ended
}

/// A journal's writer and keeper, when no threads run them.
struct JournalTasks: ~Copyable {
    private let core: JournalCore
    private var writer: WriterTask
    private var keeper: KeeperTask
    private var archiver: ArchiverTask?

    init(_ core: JournalCore) {
        self.core = core
        writer = WriterTask(core)
        keeper = KeeperTask(core)
        archiver = core.archive.map { ArchiverTask(core, $0) }
    }

    mutating func stepWriter() -> JournalStep { writer.step(core) }
    mutating func stepKeeper() -> JournalStep { keeper.step(core) }
    mutating func stepArchiver() -> JournalStep { archiver?.step() ?? .waits }

    /// Runs the writer to its end, with the keeper's help if it needs a segment, then the others,
    /// which end what they have begun. The journal is closing.
    mutating func drain() {
        drainWriter()
        core.monitor.withLock { state in
            state.keeperStops = true
            state.archiverStops = true
        }
        while keeper.step(core) != .ended {}
        guard core.archive != nil else { return }
        while stepArchiver() != .ended {}
    }

    /// Runs the writer, with the keeper's help if it needs a segment, until the change of owner is
    /// over. When both wait for a full disk, it returns before that. Then a later step carries the
    /// change out, and a claim is refused meanwhile.
    mutating func handOver() {
        let core = self.core
        run(until: { core.monitor.withLock { state in state.isHandoverOver } })
    }

    /// Likewise, until `isOver` holds.
    mutating func run(until isOver: () -> Bool) {
        while !isOver() {
            guard writer.step(core) == .did || keeper.step(core) == .did else { return }
        }
    }

    private mutating func drainWriter() {
        while true {
            switch writer.step(core) {
            case .did: continue
            case .ended: return
            case .waits, .waitsUntil:
                guard keeper.step(core) == .did else { preconditionFailure("a closing journal waits for nothing") }
            }
        }
    }
}
