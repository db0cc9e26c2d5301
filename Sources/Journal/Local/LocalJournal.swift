/// A local journal as one owner has it, from an acquisition on. When another owner acquires the
/// journal, appends, renewals and confirmations are refused as `fenced`; reads go on.
///
/// Threads. One thread at a time, the owner's, calls `append`. An event loop may call it: it copies
/// the bytes under a mutex that is held for microseconds, signals, and never waits for the disk.
/// Any thread may call `lastPosition`, `statistics` and `read`; `read` blocks on the disk. All
/// calls to the owner come from the writer thread, one at a time, in order, and never after `close`
/// has returned. They delay the next flush, so an owner only hands the position on. `close` blocks
/// and must not be called from the owner's callbacks. The journal holds its owner until `close`.
package final class LocalJournal: JournalEngine, Sendable {
    /// Larger than every epoch that wrote to this directory before.
    package let epoch: UInt64
    /// The journal without its owner: for feeds, cursors and other owners.
    package let store: LocalJournalStore
    /// The owner opened the store for itself, and closes it.
    private let closesStore: Bool

    var core: JournalCore { store.core }

    init(store: LocalJournalStore, epoch: UInt64, closesStore: Bool = false) {
        self.store = store
        self.epoch = epoch
        self.closesStore = closesStore
    }

    /// The last reference may go on the writer's thread, which cannot wait for itself.
    deinit { if closesStore { store.close() } else { _ = core.release(epoch: epoch) } }

    /// Opens a journal for an owner of its own, which has it until `close`:
    /// `LocalJournalStore.open`, then `acquire`. Its errors are those of both.
    package static func open(
        directory: String,
        configuration: JournalConfiguration,
        owner: any JournalOwner,
        from position: RecordPosition = 0,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (journal: LocalJournal, report: RecoveryReport) {
        let opened = try LocalJournalStore.open(
            directory: directory,
            configuration: configuration,
            from: position,
            fileSystem: fileSystem,
            replay: replay
        )
        var report = opened.report
        let claim = JournalClaim(holder: "the owner that opened it", now: configuration.clock(), nanoseconds: .max)
        let epoch = try opened.store.acquireEpoch(claim, owner)
        report.epoch = epoch
        return (LocalJournal(store: opened.store, epoch: epoch, closesStore: true), report)
    }

    package var lastPosition: RecordPosition { core.monitor.withLock { $0.lastPosition } }

    package var isOwner: Bool { core.isOwner(epoch) }

    package var roomBytes: Int { core.roomBytes }

    package var largestAppendBytes: Int { core.configuration.backlogBytes }

    package func wantRoom(bytes: Int) { core.wantRoom(bytes: bytes) }

    /// Counters so far.
    package var statistics: JournalStatistics { core.statistics }

    /// The newest signed checkpoint; nil if there is none yet, or nothing is signed. Publish its
    /// line of text where this machine's operators cannot change it.
    package var newestCheckpoint: Checkpoint? { core.monitor.withLock { $0.checkpoint } }

    /// Bytes of the largest record that `append` takes; a larger one is a mistake of the program
    /// and traps.
    package var maximumRecordBytes: Int { core.configuration.maximumRecordBytes }

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

    @discardableResult
    package func renew(at now: UInt64) throws(JournalError) -> UInt64 { try core.renew(epoch: epoch, at: now) }

    package func confirm() throws(JournalError) { try core.checkOwner(epoch) }

    /// Any thread that may block. Throws `notFound` for a position that is 0, not durable yet, or
    /// in a segment that is neither here nor in the archive any more.
    package func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        try core.read(at: position)
    }

    /// The same; a reader of several records gives the same cache to each call.
    package func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        try core.read(at: position, &cache)
    }

    /// Notes that records up to a position are no longer needed for a start or for repeated
    /// answers: a snapshot holds them. Segments that hold no later record go to the archive, and
    /// their files are used again. Any thread; cheap. Does nothing without an archive, or when
    /// another owner has the journal. A position that goes back is ignored. A position beyond the
    /// durable ones counts as the last durable one.
    package func retire(upTo position: RecordPosition) { core.retire(upTo: position, epoch: epoch) }

    /// Flushes what is pending and gives the journal up. An owner that opened it for itself also
    /// stops its threads and gives the lock back. Blocks. The first call does this; later ones
    /// return at once.
    package func close() {
        if closesStore { store.close() } else { store.release(epoch: epoch) }
    }

    package func stepWriter() -> JournalStep { store.stepWriter() }
    package func stepKeeper() -> JournalStep { store.stepKeeper() }
    package func stepArchiver() -> JournalStep { store.stepArchiver() }
}
