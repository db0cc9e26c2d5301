import Synchronization

/// What the threads of a local journal share. The loops are in `JournalCore+Writer` and
/// `JournalCore+Keeper`.
final class JournalCore: Sendable {
    let configuration: JournalConfiguration
    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    let monitor: Monitor<JournalState>
    /// A monitor of its own: it is held while the disk writes, which must not stop an append.
    let witness: Monitor<WitnessRing>
    /// Likewise; nil if nothing is signed.
    let checkpoints: Monitor<CheckpointLog>?
    let archive: ArchiveStore?
    let cursorBook: CursorBook
    /// `JournalEngine.roomBytes`, as the writer and the keeper last knew it.
    private let room: Atomic<Int>
    /// What the owner would like it to be.
    private let wantedRoom = Atomic(0)

    /// The epoch that was granted the journal last; 0 while a claim is being carried out. An owner
    /// that gives the journal up keeps it here until somebody else is granted it: what it had
    /// appended is reported to it meanwhile. Changed under the lock.
    private let appendingEpoch = Atomic<UInt64>(0)

    func isOwner(_ epoch: UInt64) -> Bool { appendingEpoch.load(ordering: .acquiring) == epoch }

    func publishOwner(_ state: borrowing JournalState) {
        appendingEpoch.store(state.owners.epoch ?? 0, ordering: .releasing)
    }

    var roomBytes: Int { room.load(ordering: .relaxed) }

    var wantedRoomBytes: Int { wantedRoom.load(ordering: .relaxed) }

    func wantRoom(bytes: Int) { wantedRoom.store(bytes, ordering: .relaxed) }

    /// Under the lock, so that of two changes the later one stays.
    func publishRoom(_ state: borrowing JournalState) { room.store(state.roomBytes, ordering: .relaxed) }

    init(
        configuration: JournalConfiguration,
        fileSystem: any JournalFileSystem,
        directory: JournalDirectory,
        state: consuming JournalState,
        witness: WitnessRing,
        checkpoints: CheckpointLog?,
        cursors: CursorFile.Found
    ) {
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.directory = directory
        room = Atomic(state.roomBytes)
        monitor = Monitor(state)
        self.witness = Monitor(witness)
        self.checkpoints = checkpoints.map { Monitor($0) }
        cursorBook = CursorBook(fileSystem, directory, journalID: configuration.journalID, found: cursors)
        archive = configuration.archive.map { ArchiveStore($0, on: fileSystem, of: directory) }
    }

    func append(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        expecting: RecordPosition,
        epoch: UInt64
    ) throws(JournalError) {
        let wake = try monitor.withLock { state throws(JournalError) -> Bool in
            try state.checkIsOpen()
            if epoch != state.owners.epoch { throw Self.notOwner(epoch, state.owners.epoch) }
            if expecting != state.lastPosition {
                throw JournalError(
                    .fenced,
                    "appending after record \(expecting), but the last is \(state.lastPosition)"
                )
            }
            if count == 0 { return false }
            try state.append(bytes, count: count, backlogLimit: configuration.backlogBytes)
            return takeWriterWake(&state)
        }
        if wake { monitor.signal(.writer) }
    }

    /// Appends runs of a stream for the log that owns the journal. Each run is one record.
    /// - Parameter isHurried: a caller waits for the runs. So the writer flushes them without
    ///   waiting for more.
    /// - Returns: the position of the last one.
    func append(
        _ runs: [StreamRun],
        of bytes: UnsafeRawBufferPointer,
        epoch: UInt64,
        isHurried: Bool
    ) throws(JournalError) -> RecordPosition {
        let (wake, last) = try monitor.withLock { state throws(JournalError) -> (Bool, RecordPosition) in
            try state.checkIsOpen()
            if epoch != state.owners.epoch { throw Self.notOwner(epoch, state.owners.epoch) }
            try state.append(runs, of: bytes, backlogLimit: configuration.backlogBytes)
            if isHurried { state.isHurried = true }
            return (takeWriterWake(&state), state.lastPosition)
        }
        if wake { monitor.signal(.writer) }
        return last
    }

    /// Flushes what is pending without waiting for more.
    func hurry() {
        let wake = monitor.withLock { state in
            guard !state.pending.isEmpty else { return false }
            state.isHurried = true
            return takeWriterWake(&state)
        }
        if wake { monitor.signal(.writer) }
    }

    private static func notOwner(_ epoch: UInt64, _ owner: UInt64?) -> JournalError {
        let owner = owner.map { "the owner's is \($0)" } ?? "nobody owns the journal"
        return JournalError(.fenced, "epoch \(epoch) may not append: \(owner)")
    }

    /// Whether the appended records are what the writer sleeps for. It is told once.
    private func takeWriterWake(_ state: inout JournalState) -> Bool {
        switch state.writerSleep {
        case .forRecords: break
        case .untilFloor:
            if state.pending.byteCount < configuration.floorBytes, !state.isHurried { return false }
        case .awake, .forSegment, .forRotation: return false
        }
        state.writerSleep = .awake
        return true
    }

    /// Fences the journal; the first error counts. The writer tells the owner.
    func fail(_ error: JournalError) {
        let wakes = monitor.withLock { state in
            if state.failure == nil { state.failure = error }
            return state.feeds.takeWakes(durable: .max)
        }
        for wake in wakes { wake() }
        monitor.signal(.writer)
        monitor.signal(.keeper)
        monitor.signal(.archiver)
    }

    /// Notes that records up to a position are not needed for a start any more.
    func retire(upTo position: RecordPosition, epoch: UInt64) {
        let isWork = monitor.withLock { state in
            guard state.owners.epoch == epoch else { return false }
            state.segments.retire(upTo: min(position, state.durable.position))
            return state.segments.nextToArchive != nil
        }
        if isWork { monitor.signal(.archiver) }
    }

    /// Likewise, for a log of streams: `SegmentTable.retire(before:)`.
    func retire(before isEnough: ([StreamMark]) -> Bool) {
        let isWork = monitor.withLock { state in
            state.segments.retire(before: isEnough)
            return state.segments.nextToArchive != nil
        }
        if isWork { monitor.signal(.archiver) }
    }

    var statistics: JournalStatistics {
        let cursors = cursorList
        return monitor.withLock { state in
            var copy = state.statistics
            copy.backlogBytes = state.unflushedBytes
            copy.durablePosition = state.durable.position
            copy.lastPosition = state.lastPosition
            copy.archive = state.archive
            copy.feeds = state.feeds.count
            copy.cursors = cursors
            copy.archive.waiting = archive == nil ? 0 : state.segments.waiting
            return copy
        }
    }
}
