/// The writer takes the appended records, writes them in batches, and tells the owner. One thread
/// runs its steps one after another. All calls to the owner come from here, in order, without the
/// lock.
struct WriterTask: ~Copyable {
    /// One step of work. At most one file operation is in it, or two that belong together.
    enum Work {
        /// Writes the next batch of what was taken.
        case write
        /// Makes a batch that is on the disk known.
        case note(BatchWriter.Written, bytes: Int)
        case begin(PreparedSegment)
        case noteBegun(WitnessSlot)
        /// Everything appended is durable, and the owner changes.
        case handOver(JournalHandover)
        /// Closed and drained, or failed.
        case end
    }

    /// What is to be waited for.
    private enum Phase {
        case records
        /// A rotation needs it only when there is room for it.
        case segment(isFirstLook: Bool, isRotation: Bool)
    }

    private let core: JournalCore
    private let writer: BatchWriter
    private var owner: (any JournalOwner)?
    private var inFlight: RecordArena
    private var pacer: FlushPacer
    private var offset = 0
    private var phase = Phase.records
    /// Work that needs nothing of anybody; without it `decide` says what is next.
    private(set) var ready: Work?
    private(set) var hasEnded = false

    init(_ core: JournalCore) {
        guard let taken = core.monitor.withLock({ state in state.writer.take() }) else {
            preconditionFailure("a journal has one writer")
        }
        self.core = core
        writer = taken
        inFlight = RecordArena(capacity: core.configuration.backlogBytes)
        pacer = FlushPacer(ceilingNanoseconds: core.configuration.floorNanoseconds)
    }

    // MARK: What is next; under the lock

    mutating func decide(_ state: inout JournalState) -> Monitor<JournalState>.Step<Work> {
        state.writerSleep = .awake
        switch phase {
        case .records: return awaitRecords(&state)
        case .segment(let isFirstLook, let isRotation):
            return awaitSegment(&state, isFirstLook: isFirstLook, isRotation: isRotation)
        }
    }

    /// Waits for records and for the floor, then takes them.
    private mutating func awaitRecords(_ state: inout JournalState) -> Monitor<JournalState>.Step<Work> {
        if state.failure != nil { return .ready(.end) }
        precondition(inFlight.isEmpty)
        let now = core.configuration.clock()
        let start = pacer.earliestStart(now: now)
        if state.pending.isEmpty {
            if let handover = state.handover { return .ready(.handOver(handover)) }
            if state.isClosing { return .ready(.end) }
            // Records will be there when the floor ends. So nobody has to wake the writer before.
            if now < start, pacer.expectsRecords(now: now) {
                state.writerSleep = .untilFloor
                return .waitUntil(nanoseconds: start)
            }
            state.writerSleep = .forRecords
            return .wait
        }
        let isHurried = state.isClosing || state.handover != nil || state.isHurried
        if now < start, !isHurried, state.pending.byteCount < core.configuration.floorBytes {
            state.writerSleep = .untilFloor
            return .waitUntil(nanoseconds: start)
        }
        state.isHurried = false
        swap(&state.pending, &inFlight)
        precondition(inFlight.firstPosition == writer.end.position + 1)
        pacer.flushStarted(at: now, records: inFlight.load)
        return .ready(.write)
    }

    /// The next segment, which is nearly always there.
    private mutating func awaitSegment(
        _ state: inout JournalState,
        isFirstLook: Bool,
        isRotation: Bool
    ) -> Monitor<JournalState>.Step<Work> {
        if let prepared = state.prepared {
            state.prepared = nil
            state.isSegmentBeginning = true
            return .ready(.begin(prepared))
        }
        if state.failure != nil { return .ready(.end) }
        if isRotation, state.isDiskFull {
            phase = .records
            return .ready(.write)
        }
        if isFirstLook { state.statistics.segmentWaits += 1 }
        phase = .segment(isFirstLook: false, isRotation: isRotation)
        state.writerSleep = isRotation ? .forRotation : .forSegment
        core.monitor.signal(.keeper)
        return .wait
    }

    // MARK: The work; without the lock

    mutating func perform(_ work: Work) {
        ready = nil
        do throws(JournalFileError) {
            switch work {
            case .write: try write()
            case .note(let written, let bytes): note(written, bytes)
            case .begin(let prepared): try begin(prepared)
            case .noteBegun(let slot): noteBegun(slot)
            case .handOver(let handover): try handOver(handover)
            case .end: end()
            }
        } catch {
            core.fail(error.asJournalError)
            phase = .records
        }
    }

    private mutating func write() throws(JournalFileError) {
        // A rotation begins a segment early, unless the disk is full.
        if writer.isKeyRetired, !core.monitor.withLock({ $0.isDiskFull }) {
            phase = .segment(isFirstLook: true, isRotation: writer.payloadRoom > 0)
            return
        }
        let chunk = inFlight.chunk(from: offset, limit: writer.payloadRoom)
        guard chunk.count > 0 else {
            precondition(writer.payloadRoom < writer.payloadLimit, "a record larger than a batch was let in")
            phase = .segment(isFirstLook: true, isRotation: false)
            return
        }
        let written = try writer.write(chunk.bytes, count: chunk.count)
        ready = .note(written, bytes: chunk.bytes.count)
    }

    private mutating func note(_ written: BatchWriter.Written, _ bytes: Int) {
        let position = written.header.lastPosition
        let (wakeKeeper, isMuted, wakes) = core.monitor.withLock { state in
            state.wrote(written)
            state.segmentRoom = writer.roomBytes
            core.publishRoom(state)
            defer { state.keeperNeedsWake = false }
            let isMuted = state.handover?.mutesOwner ?? false
            return (state.keeperNeedsWake, isMuted, state.feeds.takeWakes(durable: position))
        }
        if wakeKeeper { core.monitor.signal(.keeper) }
        if !isMuted { owner?.journalDurable(upTo: position) }
        for wake in wakes { wake() }
        offset += bytes
        if offset < inFlight.byteCount {
            ready = .write
        } else {
            inFlight.removeAll()
            offset = 0
        }
    }

    /// The header goes first, then a witness of it, then batches: a segment that the witness does
    /// not name holds none.
    private mutating func begin(_ prepared: PreparedSegment) throws(JournalFileError) {
        try writer.begin(prepared, streams: core.configuration.tenant?.marks() ?? [])
        let slot = writer.end.slot(.segmentStarted, epoch: writer.epoch)
        try core.witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        ready = .noteBegun(slot)
    }

    private mutating func noteBegun(_ slot: WitnessSlot) {
        core.monitor.withLock { state in
            state.statistics.segmentsStarted += 1
            state.statistics.witnessWrites += 1
            state.witnessedBatch = max(state.witnessedBatch, slot.batch)
            state.segmentInUse = slot.segment
            state.segments.add(.init(writer.segment))
            state.segmentRoom = writer.roomBytes
            core.publishRoom(state)
            state.isSegmentBeginning = false
        }
        core.monitor.signal(.keeper)
        phase = .records
        ready = .write
    }

    /// A new owner's epoch becomes durable before it may append; the former owner hears of it
    /// before that.
    private mutating func handOver(_ handover: JournalHandover) throws(JournalFileError) {
        switch handover {
        case .acquire(let epoch, let next):
            let slot = writer.end.slot(.opened, epoch: epoch)
            try core.witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
            core.checkpoints?.withLock { $0.epoch = epoch }
            writer.take(epoch: epoch)
            owner?.journalLost(JournalError(.fenced, "another owner has the journal, with epoch \(epoch)"))
            owner = next
        case .release: owner = nil
        }
        core.monitor.withLock { state in
            state.handover = nil
            state.epoch = writer.epoch
            switch handover {
            case .acquire:
                state.owners.take()
                core.publishOwner(state)
                state.statistics.acquisitions += 1
            case .release: state.owners.released()
            }
        }
        core.monitor.signalAll(.owner)
    }

    private mutating func end() {
        hasEnded = true
        if let failure = core.monitor.withLock({ $0.failure }) { owner?.journalFailed(failure) }
        owner = nil
        core.monitor.withLock { state in
            // The change of owner is given up, so that a new owner that waits for it stops waiting.
            state.handover = nil
            state.hasWriterEnded = true
        }
        core.monitor.signalAll(.owner)
    }
}
