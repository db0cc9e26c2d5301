/// The keeper writes witness slots and checkpoints and prepares the next segment, so that no commit
/// waits for these. One thread runs its steps one after another.
struct KeeperTask: ~Copyable {
    /// One step of work.
    enum Work {
        case witness(WitnessSlot)
        case noteWitness(WitnessSlot)
        case checkpoint(DurablePoint)
        case noteCheckpoint(Checkpoint)
        case prepare(UInt64)
        case recycle
        case notePrepared(PreparedSegment)
        case cursorRequests
        case end
    }

    /// Pauses between two chunks of a new segment, so that flushes find the disk free. The keeper
    /// takes the short one while the new segment lags. It lags while its ready share is less than
    /// twice the full share of the segment in use. So the keeper writes at twice the journal's own
    /// rate, spread over time. The new segment is ready when the segment in use is half full.
    private static let shortPauseNanoseconds: UInt64 = 1_000_000
    private static let longPauseNanoseconds: UInt64 = 50_000_000
    /// Pause after the disk was full.
    private static let retryNanoseconds: UInt64 = 1_000_000_000
    /// Pause after a shortage of descriptors or memory.
    private static let shortageNanoseconds: UInt64 = 50_000_000

    private let core: JournalCore
    private var preparer: SegmentPreparer
    private var recycler: SegmentRecycler?
    /// When a witness may be written, and a chunk of the next segment.
    private var witnessTime: UInt64 = 0
    private var prepareTime: UInt64 = 0
    /// Until when no segment is prepared, not even for a writer that waits: there is a shortage.
    private var shortageEnds: UInt64 = 0
    /// When operators' requests about cursors are looked for.
    private var requestTime: UInt64 = 0
    /// When a checkpoint may be signed.
    private var checkpointTime: UInt64 = 0
    /// Work that needs nothing of anybody; without it `decide` says what is next.
    private(set) var ready: Work?
    private(set) var hasEnded = false

    init(_ core: JournalCore) {
        self.core = core
        preparer = SegmentPreparer(
            fileSystem: core.fileSystem,
            directory: core.directory,
            segmentBytes: core.configuration.segmentBytes
        )
    }

    /// What is next; under the lock.
    mutating func decide(_ state: inout JournalState) -> Monitor<JournalState>.Step<Work> {
        state.keeperNeedsWake = false
        if state.keeperStops { return .ready(.end) }
        if state.failure != nil { return .wait }
        let now = core.configuration.clock()
        var deadline = UInt64.max
        if state.durable.batch > state.witnessedBatch {
            if now >= witnessTime { return .ready(.witness(state.durable.slot(.running, epoch: state.epoch))) }
            deadline = witnessTime
        } else {
            state.keeperNeedsWake = true
        }
        if core.checkpoints != nil, state.durable.batch > state.checkpoint?.batch ?? 0 {
            if now >= checkpointTime { return .ready(.checkpoint(state.durable)) }
            deadline = min(deadline, checkpointTime)
        }
        if state.prepared == nil, !state.isSegmentBeginning {
            let isWaitedFor = state.writerSleep == .forSegment || state.writerSleep == .forRotation
            let isWanted = isWaitedFor && now >= shortageEnds
            if recycler != nil { return .ready(.recycle) }
            if isWanted || now >= prepareTime, findSpare(&state) { return .ready(.recycle) }
            if isWanted || now >= prepareTime { return .ready(.prepare(state.segmentInUse + 1)) }
            deadline = min(deadline, prepareTime)
        }
        if !core.cursorBook.isEmpty || core.configuration.tenant?.hasCursors == true {
            if now >= requestTime { return .ready(.cursorRequests) }
            deadline = min(deadline, requestTime)
        }
        return deadline == .max ? .wait : .waitUntil(nanoseconds: deadline)
    }

    /// The work; without the lock.
    mutating func perform(_ work: Work) {
        ready = nil
        switch work {
        case .witness(let slot): write(slot)
        case .noteWitness(let slot): note(slot)
        case .checkpoint(let point): sign(point)
        case .noteCheckpoint(let checkpoint): core.note(checkpoint)
        case .prepare(let number): prepare(number)
        case .recycle: recycle()
        case .notePrepared(let segment):
            core.monitor.withLock { state in
                state.prepared = segment
                state.isDiskFull = false
                core.publishRoom(state)
            }
            core.monitor.signal(.writer)
        case .cursorRequests:
            core.followCursorRequests()
            core.configuration.tenant?.followCursorRequests()
            requestTime = core.configuration.clock() + CursorRequests.intervalNanoseconds
        case .end: hasEnded = true
        }
    }

    private mutating func write(_ slot: WitnessSlot) {
        witnessTime = core.configuration.clock() + core.configuration.witnessNanoseconds
        do throws(JournalFileError) {
            try core.witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        } catch {
            return core.fail(error.asJournalError)
        }
        ready = .noteWitness(slot)
    }

    private func note(_ slot: WitnessSlot) {
        core.monitor.withLock { state in
            state.witnessedBatch = max(state.witnessedBatch, slot.batch)
            state.statistics.witnessWrites += 1
        }
    }

    /// A disk that is full may have room at the next interval; the journal does not depend on this
    /// file.
    private mutating func sign(_ point: DurablePoint) {
        checkpointTime = core.configuration.clock() + (core.configuration.checkpoints?.intervalNanoseconds ?? 0)
        do throws(JournalFileError) {
            ready = try core.sign(point).map { .noteCheckpoint($0) }
        } catch {
            let error = error.asJournalError
            guard error.code == .diskFull else { return core.fail(error) }
            checkpointTime = max(checkpointTime, core.configuration.clock() + Self.retryNanoseconds)
            core.monitor.withLock { $0.statistics.checkpointsRefused += 1 }
        }
    }

    private mutating func prepare(_ number: UInt64) {
        prepareTime = core.configuration.clock() + core.monitor.withLock { state in pause(state) }
        do throws(JournalFileError) {
            guard let segment = try preparer.step(number: number) else { return }
            ready = .notePrepared(segment)
        } catch {
            preparer.removeRemains(number: number)
            refusePreparation(error)
        }
    }

    /// Takes an archived segment's file for the next segment, unless one is being filled with zeros
    /// already.
    private mutating func findSpare(_ state: inout JournalState) -> Bool {
        guard core.archive != nil, preparer.progress == 0 else { return false }
        guard let spare = state.segments.takeSpare(bytes: UInt64(core.configuration.segmentBytes)) else { return false }
        recycler = SegmentRecycler(
            fileSystem: core.fileSystem,
            directory: core.directory,
            journalID: core.configuration.journalID,
            spare: spare,
            number: state.segmentInUse + 1
        )
        return true
    }

    private mutating func recycle() {
        do throws(JournalFileError) {
            guard let segment = try recycler?.step() else { return }
            recycler = nil
            core.monitor.withLock { state in
                state.segments.spareIsGone()
                state.archive.recycled += 1
            }
            ready = .notePrepared(segment)
        } catch {
            let failed = recycler.take()
            core.monitor.withLock { state in
                if let failed, !failed.isSpareGone {
                    state.segments.giveBack(failed.spare)
                } else {
                    state.segments.spareIsGone()
                }
            }
            preparer.removeRemains(number: core.monitor.withLock { $0.segmentInUse + 1 })
            refusePreparation(error)
        }
    }

    /// The pause between two chunks, in which flushes have the disk to themselves. There is none
    /// when the segment in use is more than seven eighths full. The pause is short when its room is
    /// less than the owner wants: the owner may refuse new work then.
    private func pause(_ state: borrowing JournalState) -> UInt64 {
        let share = 1 - Double(state.segmentRoom) / Double(core.configuration.segmentBytes)
        if share > 0.875 { return 0 }
        if state.segmentRoom < core.wantedRoomBytes { return Self.shortPauseNanoseconds }
        return preparer.progress < 2 * share ? Self.shortPauseNanoseconds : Self.longPauseNanoseconds
    }

    /// A shortage passes, so the writer waits for it to end. A full disk may have room again before
    /// the segment in use is full; any other error, or a writer that waits, ends the journal.
    private mutating func refusePreparation(_ fileError: JournalFileError) {
        let now = core.configuration.clock()
        if fileError.isShortage {
            shortageEnds = now + Self.shortageNanoseconds
            prepareTime = shortageEnds
            return core.monitor.withLock { $0.statistics.segmentPreparationsRefused += 1 }
        }
        prepareTime = now + Self.retryNanoseconds
        let error = fileError.asJournalError
        let mayWait = core.monitor.withLock { state in
            state.statistics.segmentPreparationsRefused += 1
            state.isDiskFull = error.code == .diskFull
            return state.isDiskFull && state.writerSleep != .forSegment
        }
        if mayWait { core.monitor.signal(.writer) } else { core.fail(error) }
    }
}
