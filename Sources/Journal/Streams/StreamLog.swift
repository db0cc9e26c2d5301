/// One stream of a log when the log is opened.
package struct StreamSetup: Sendable {
    package var number: StreamNumber
    /// Where the stream's cursors are. Locked while the log is open; made if it is missing, its
    /// parent must exist.
    package var directory: String
    /// The last record that the owner has already, from a snapshot; 0 for none.
    package var origin: RecordPosition

    package init(number: StreamNumber, directory: String, origin: RecordPosition = 0) {
        self.number = number
        self.directory = directory
        self.origin = origin
    }
}

/// A log that several shards share: each is a stream of it, with positions, owners, feeds and
/// cursors of its own. Segments, batches, flushes, the chain, checkpoints and the archive are the
/// log's. The log uses one local journal. Each record of that journal is a run: records of one
/// stream.
package final class StreamLog: Sendable {
    let core: StreamCore
    private let store: LocalJournalStore
    package let report: Report

    /// What opening found.
    package struct Report: Sendable {
        /// What opening the log's journal found; positions and records are those of its runs.
        package let log: RecoveryReport
        /// In the order of the setups.
        package let streams: [StreamReport]
    }

    /// The journal that the log uses.
    var journal: JournalCore { store.core }

    private init(_ core: StreamCore, on store: LocalJournalStore, report: Report) {
        self.core = core
        self.store = store
        self.report = report
    }

    deinit { close() }

    /// Opens the log of `directory`, which is made if it is missing; its parent must exist. Gives
    /// every durable record behind the setups' origins to `replay`, those of one stream in order.
    /// Nobody owns a stream until `acquire`. Blocks. When it throws, whatever was replayed is void.
    /// Its errors are those of `LocalJournalStore.open`. It also throws `format` when the log holds
    /// records of a stream that is none of `streams`. It also throws `corrupt` when a stream ends
    /// before its origin.
    ///
    /// The log is read from the last segment that no record behind an origin precedes. Its segments
    /// may be in the archive.
    ///
    /// - Parameters:
    ///   - configuration: of the log. `backlogBytes` is what each stream may have waiting for the
    ///     disk.
    ///   - streams: all streams of the log, at most `StreamLimits.streams`.
    package static func open(
        directory: String,
        configuration: JournalConfiguration,
        streams: [StreamSetup],
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        replay: (StreamNumber, RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> StreamLog {
        precondition((1...StreamLimits.streams).contains(streams.count))
        let beside = try StreamFiles(streams, fileSystem)
        return try withoutActuallyEscaping(replay) { replay throws(JournalError) in
            let core = StreamCore(streams, configuration, books: beside.books, replay: replay)
            defer { core.recoveryIsOver() }
            let recovery = recovery(core, directory: directory, configuration: configuration, fileSystem: fileSystem)
            return try open(core, beside, recovery: recovery)
        }
    }

    private static func open(
        _ core: StreamCore,
        _ beside: StreamFiles,
        recovery: JournalRecovery
    ) throws(JournalError) -> StreamLog {
        let opened = try LocalJournalStore.open(recovery) { position, bytes in core.replay(bytes, at: position) }
        do throws(JournalError) {
            let now = recovery.configuration.clock()
            let claim = JournalClaim(holder: "the log's streams", now: now, nanoseconds: .max)
            var reports = try recover(core, try opened.store.own(claim, owner: core))
            for index in reports.indices { reports[index].add(beside.found[index]) }
            core.monitor.withLock { $0.lockFiles = beside.locks }
            return StreamLog(core, on: opened.store, report: Report(log: opened.report, streams: reports))
        } catch {
            opened.store.close()
            throw error
        }
    }

    private static func recover(_ core: StreamCore, _ journal: LocalJournal) throws(JournalError) -> [StreamReport] {
        do throws(JournalProblem) { return try core.recovered(journal) } catch { throw error.asJournalError }
    }

    /// The log's recovery: its journal has room for what all streams may have waiting.
    private static func recovery(
        _ core: StreamCore,
        directory: String,
        configuration: JournalConfiguration,
        fileSystem: any JournalFileSystem
    ) -> JournalRecovery {
        var configuration = configuration
        configuration.backlogBytes = core.limits.backlogBytes(streams: core.setups.count)
        configuration.tenant = core
        return JournalRecovery(
            configuration: configuration,
            fileSystem: fileSystem,
            directory: JournalDirectory(directory),
            streams: core.setups.map { StreamMark(number: $0.number, position: $0.origin) }
        )
    }

    /// A stream of the log by its number; it must be one of the setups.
    package func store(of number: StreamNumber) -> StreamStore {
        guard let index = core.setups.firstIndex(where: { $0.number == number }) else {
            preconditionFailure("shard \(number) is no stream of this log")
        }
        return StreamStore(self, index)
    }

    /// Flushes what is pending, tells it, writes a last witness, stops the threads and gives the
    /// locks back. Blocks. The first call does this; later ones return at once.
    package func close() { core.close() }

    /// Counters of the log so far; positions and records are those of its runs.
    package var statistics: JournalStatistics { store.statistics }

    /// The newest signed checkpoint; nil if there is none yet, or nothing is signed.
    package var newestCheckpoint: Checkpoint? { store.newestCheckpoint }

    /// One step of the writer, the keeper or the archiver, as those of `LocalJournalStore`.
    package func stepWriter() -> JournalStep { store.stepWriter() }
    package func stepKeeper() -> JournalStep { store.stepKeeper() }
    package func stepArchiver() -> JournalStep { store.stepArchiver() }
}

/// The files of streams that are not the log's: locks and cursors.
private struct StreamFiles {
    var locks: [any JournalFile] = []
    var found: [CursorFile.Found] = []
    var books: [CursorBook] = []

    init(_ streams: [StreamSetup], _ fileSystem: any JournalFileSystem) throws(JournalError) {
        do throws(JournalProblem) {
            for stream in streams { try add(stream, fileSystem) }
        } catch {
            throw error.asJournalError
        }
    }

    private mutating func add(
        _ stream: StreamSetup,
        _ fileSystem: any JournalFileSystem
    ) throws(JournalProblem) {
        let place = JournalDirectory(stream.directory)
        do throws(JournalFileError) {
            try fileSystem.makeDurableDirectory(place.path)
        } catch {
            throw JournalProblem(error)
        }
        locks.append(try JournalRecovery.takeLock(fileSystem, place))
        let cursors = try CursorFile.open(fileSystem, place, journalID: UInt64(stream.number))
        found.append(cursors)
        books.append(CursorBook(fileSystem, place, journalID: UInt64(stream.number), found: cursors))
    }
}

extension StreamReport {
    fileprivate mutating func add(_ found: CursorFile.Found) {
        cursors = found.table.cursors.count
        cursorsDamaged = found.damaged
        isCursorFileDamaged = found.isSetAside
    }
}
