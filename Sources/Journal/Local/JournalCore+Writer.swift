/// The writer thread: takes what was appended, writes it in batches, tells the owner. All calls to the owner come from here,
/// in order, without the lock.
extension JournalCore {
    func runWriter() {
        let (taken, owner) = takeWriter()
        guard let writer = taken else { preconditionFailure("a journal has one writer thread") }
        var inFlight = RecordArena(capacity: configuration.backlogBytes)
        var pacer = FlushPacer(ceilingNanoseconds: configuration.floorNanoseconds)
        while awaitRecords(&inFlight, pacer) {
            do throws(JournalFileError) {
                try flush(&inFlight, writer, &pacer, owner)
            } catch {
                fail(error.asJournalError)
            }
        }
        if let failure = monitor.withLock({ $0.failure }) { owner?.journalFailed(failure) }
    }

    private func takeWriter() -> (BatchWriter?, (any JournalOwner)?) {
        monitor.withLock { state in
            let owner = state.owner
            state.owner = nil
            return (state.writer.take(), owner)
        }
    }

    /// Waits for records and for the floor, then takes them. False when the journal is closed and drained, or has failed.
    private func awaitRecords(_ inFlight: inout RecordArena, _ pacer: FlushPacer) -> Bool {
        precondition(inFlight.isEmpty || monitor.withLock { $0.failure != nil })
        return monitor.wait(.writer) { state in
            state.writerSleep = .awake
            if state.failure != nil { return .ready(false) }
            if state.pending.isEmpty {
                if state.isClosing { return .ready(false) }
                state.writerSleep = .forRecords
                return .wait
            }
            let now = monotonicNanoseconds()
            let start = pacer.earliestStart(now: now)
            if now < start, !state.isClosing, state.pending.byteCount < configuration.floorBytes {
                state.writerSleep = .untilFloor
                return .waitUntil(nanoseconds: start)
            }
            swap(&state.pending, &inFlight)
            return .ready(true)
        }
    }

    private func flush(
        _ inFlight: inout RecordArena,
        _ writer: BatchWriter,
        _ pacer: inout FlushPacer,
        _ owner: (any JournalOwner)?
    ) throws(JournalFileError) {
        precondition(inFlight.firstPosition == writer.end.position + 1)
        pacer.flushStarted(at: monotonicNanoseconds(), records: inFlight.recordCount)
        var offset = 0
        while offset < inFlight.byteCount {
            let chunk = inFlight.chunk(from: offset, limit: writer.payloadLimit)
            if !writer.fits(payloadBytes: chunk.bytes.count) {
                guard let prepared = awaitSegment() else { return }
                try begin(prepared, writer)
            }
            let written = try writer.write(chunk.bytes, count: chunk.count)
            noteDurable(written)
            owner?.journalDurable(upTo: written.header.lastPosition)
            offset += chunk.bytes.count
        }
        inFlight.removeAll()
    }

    private func noteDurable(_ written: BatchWriter.Written) {
        let wakeKeeper = monitor.withLock { state in
            state.wrote(written)
            defer { state.keeperNeedsWake = false }
            return state.keeperNeedsWake
        }
        if wakeKeeper { monitor.signal(.keeper) }
    }

    /// The next segment, which is nearly always there; nil if it cannot be made, and then the journal has failed.
    private func awaitSegment() -> PreparedSegment? {
        var isFirstLook = true
        return monitor.wait(.writer) { state in
            state.writerSleep = .awake
            if let prepared = state.prepared {
                state.prepared = nil
                state.isSegmentBeginning = true
                return .ready(prepared)
            }
            if state.failure != nil { return .ready(nil) }
            if isFirstLook { state.statistics.segmentWaits += 1 }
            isFirstLook = false
            state.writerSleep = .forSegment
            monitor.signal(.keeper)
            return .wait
        }
    }

    /// The header goes first, then a witness of it, then batches: a segment that the witness does not name holds none.
    private func begin(_ prepared: PreparedSegment, _ writer: BatchWriter) throws(JournalFileError) {
        try writer.begin(prepared)
        let slot = writer.end.slot(.segmentStarted, epoch: epoch)
        try witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        monitor.withLock { state in
            state.statistics.segmentsStarted += 1
            state.statistics.witnessWrites += 1
            state.witnessedBatch = max(state.witnessedBatch, slot.batch)
            state.segmentInUse = prepared.number
            state.isSegmentBeginning = false
        }
        monitor.signal(.keeper)
    }
}
