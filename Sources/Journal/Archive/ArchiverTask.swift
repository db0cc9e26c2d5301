/// The archiver copies retired segments into the archive and applies retention. It also removes
/// spare segment files beyond those that can be used again. One thread runs its steps one after
/// another. No commit waits for it. A failure of it does not stop the journal: the segment stays
/// where it is, and the archiver tries again.
struct ArchiverTask: ~Copyable {
    /// One step of work.
    enum Work {
        /// Looks at what is archived already.
        case survey
        case begin(SegmentTable.Segment, ArchiveWriter.Expected)
        case copy
        case remove(SegmentTable.Segment)
        case retain
        case end
    }

    private static let retryNanoseconds: UInt64 = 60_000_000_000
    /// Pause between two looks for expired segments, and between two deletions.
    private static let retentionNanoseconds: UInt64 = 60_000_000_000

    private let core: JournalCore
    private let archive: ArchiveStore
    private let configuration: JournalArchiveConfiguration
    private var writer: ArchiveWriter?
    private var isSurveyed = false
    private var stepTime: UInt64 = 0
    private var retentionTime: UInt64 = 0
    private(set) var hasEnded = false

    init(_ core: JournalCore, _ archive: ArchiveStore) {
        self.core = core
        self.archive = archive
        configuration = archive.configuration
    }

    /// What is next; under the lock.
    mutating func decide(_ state: inout JournalState) -> Monitor<JournalState>.Step<Work> {
        if state.archiverStops { return .ready(.end) }
        if state.failure != nil { return .wait }
        let now = core.configuration.clock()
        if now < stepTime { return .waitUntil(nanoseconds: stepTime) }
        if !isSurveyed { return .ready(.survey) }
        if writer != nil { return .ready(.copy) }
        if let segment = state.segments.nextToArchive, let expected = state.segments.end(of: segment) {
            return .ready(.begin(segment, expected))
        }
        if state.segments.spares > configuration.spareSegments, let spare = state.segments.takeSpare() {
            return .ready(.remove(spare))
        }
        guard configuration.keepMilliseconds != nil else { return .wait }
        return now >= retentionTime ? .ready(.retain) : .waitUntil(nanoseconds: retentionTime)
    }

    /// The work; without the lock.
    mutating func perform(_ work: Work) {
        do throws(JournalFileError) {
            switch work {
            case .survey: try survey()
            case .begin(let segment, let expected): try begin(segment, expected)
            case .copy: try copy()
            case .remove(let segment): try remove(segment)
            case .retain: try retain()
            case .end: end()
            }
        } catch {
            fail(error)
        }
    }

    /// One step without a thread, if there is anything to do.
    // Swift 6.3.1's optimizer crashes when it inlines this function into `JournalTasks.drain`.
    @inline(never)
    mutating func step() -> JournalStep {
        if hasEnded { return .ended }
        switch core.monitor.withLock({ state in decide(&state) }) {
        case .ready(let work):
            perform(work)
            return .did
        case .wait: return .waits
        case .waitUntil(let time): return .waitsUntil(nanoseconds: time)
        }
    }

    private mutating func survey() throws(JournalFileError) {
        stepTime = core.configuration.clock()
        let present = core.monitor.withLock { $0.segments.segments }
        let archived = try archive.survey(present)
        isSurveyed = true
        core.monitor.withLock { $0.segments.noteArchived(archived) }
        if archived > 0 { core.monitor.signal(.keeper) }
    }

    private mutating func begin(
        _ segment: SegmentTable.Segment,
        _ expected: ArchiveWriter.Expected
    ) throws(JournalFileError) {
        writer = try archive.writer(segment.number, expected)
        pause()
    }

    private mutating func copy() throws(JournalFileError) {
        guard let writer else { preconditionFailure("a step of no copy") }
        pause()
        guard let archived = try writer.step() else { return }
        self.writer = nil
        archive.add(archived.entry)
        core.monitor.withLock { state in
            state.segments.noteArchived(archived.entry.number)
            state.archive.archived += 1
            state.archive.bytesBefore += archived.header.usedBytes
            state.archive.bytesAfter += archived.header.fileBytes
            state.archive.failure = nil
        }
        core.monitor.signal(.keeper)
    }

    private mutating func remove(_ segment: SegmentTable.Segment) throws(JournalFileError) {
        pause()
        do throws(JournalFileError) {
            try core.fileSystem.remove(core.directory.file(JournalDirectory.segmentName(segment.number)))
        } catch {
            core.monitor.withLock { $0.segments.giveBack(segment) }
            throw error
        }
        core.monitor.withLock { state in
            state.segments.spareIsGone()
            state.archive.removed += 1
        }
        try core.fileSystem.syncDirectory(core.directory.path)
    }

    private mutating func retain() throws(JournalFileError) {
        retentionTime = core.configuration.clock() + Self.retentionNanoseconds
        guard let keep = configuration.keepMilliseconds else { return }
        let expiry = try archive.removeOldest(
            ifOlderThan: keep,
            wallClock: core.configuration.wallClock,
            isNeeded: { [core] oldest, next in core.needs(oldest, before: next) }
        )
        core.monitor.withLock { state in
            switch expiry {
            case .nothing: break
            case .removed: state.archive.expired += 1
            case .heldBack: state.statistics.expiryHeldBack += 1
            }
        }
    }

    private mutating func pause() {
        let waiting = core.monitor.withLock { $0.segments.waiting }
        let share: UInt64 = waiting > max(configuration.spareSegments, 1) ? 4 : 1
        stepTime = core.configuration.clock() + configuration.pauseNanoseconds / share
    }

    /// The segment is still where it was.
    private mutating func fail(_ error: JournalFileError) {
        writer?.removeRemains()
        writer = nil
        stepTime = core.configuration.clock() + Self.retryNanoseconds
        core.monitor.withLock { state in
            state.archive.failures += 1
            state.archive.failure = error.asJournalError.description
        }
    }

    private mutating func end() {
        writer?.removeRemains()
        writer = nil
        hasEnded = true
    }
}

extension JournalCore {
    /// The archiver thread.
    func runArchiver(_ archive: ArchiveStore) {
        var task = ArchiverTask(self, archive)
        while !task.hasEnded {
            let work = monitor.wait(.archiver) { state in task.decide(&state) }
            task.perform(work)
        }
    }
}
