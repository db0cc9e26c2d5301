/// The keeper thread: writes witness slots and prepares the next segment, so that neither is on the way of a commit.
extension JournalCore {
    private enum Task {
        case witness(WitnessSlot)
        case prepare(UInt64)
        case stop
    }

    /// When the keeper may do what next; only its own thread knows this.
    private struct Timetable {
        /// Pauses between two chunks of a new segment, so that flushes find the disk free: the short one while less of it is
        /// ready than twice the share of the segment in use that is full. So it takes twice the journal's own rate, thinly
        /// spread, and is ready when the other is half full.
        static let shortPauseNanoseconds: UInt64 = 1_000_000
        static let longPauseNanoseconds: UInt64 = 50_000_000
        /// Pause after the disk was full.
        static let retryNanoseconds: UInt64 = 1_000_000_000

        var witness: UInt64 = 0
        var prepare: UInt64 = 0
    }

    func runKeeper() {
        var preparer = SegmentPreparer(
            fileSystem: fileSystem,
            directory: directory,
            segmentBytes: configuration.segmentBytes
        )
        var timetable = Timetable()
        while true {
            switch nextTask(timetable) {
            case .stop: return
            case .witness(let slot):
                timetable.witness = monotonicNanoseconds() + configuration.witnessNanoseconds
                writeWitness(slot)
            case .prepare(let number): prepare(number, &preparer, &timetable)
            }
        }
    }

    private func nextTask(_ timetable: Timetable) -> Task {
        monitor.wait(.keeper) { state in
            state.keeperNeedsWake = false
            if state.keeperStops { return .ready(.stop) }
            if state.failure != nil { return .wait }
            let now = monotonicNanoseconds()
            var deadline = UInt64.max
            if state.durable.batch > state.witnessedBatch {
                if now >= timetable.witness { return .ready(.witness(state.durable.slot(.running, epoch: epoch))) }
                deadline = timetable.witness
            } else {
                state.keeperNeedsWake = true
            }
            if state.prepared == nil, !state.isSegmentBeginning {
                let isWanted = state.writerSleep == .forSegment
                if isWanted || now >= timetable.prepare { return .ready(.prepare(state.segmentInUse + 1)) }
                deadline = min(deadline, timetable.prepare)
            }
            return deadline == .max ? .wait : .waitUntil(nanoseconds: deadline)
        }
    }

    private func writeWitness(_ slot: WitnessSlot) {
        do throws(JournalFileError) {
            try witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        } catch {
            return fail(error.asJournalError)
        }
        monitor.withLock { state in
            state.witnessedBatch = max(state.witnessedBatch, slot.batch)
            state.statistics.witnessWrites += 1
        }
    }

    private func prepare(_ number: UInt64, _ preparer: inout SegmentPreparer, _ timetable: inout Timetable) {
        let isLate = preparer.progress < 2 * monitor.withLock { state in shareInUse(state) }
        let pause = isLate ? Timetable.shortPauseNanoseconds : Timetable.longPauseNanoseconds
        timetable.prepare = monotonicNanoseconds() + pause
        do throws(JournalFileError) {
            guard let segment = try preparer.step(number: number) else { return }
            monitor.withLock { $0.prepared = segment }
            monitor.signal(.writer)
        } catch {
            preparer.removeRemains(number: number)
            timetable.prepare = monotonicNanoseconds() + Timetable.retryNanoseconds
            refusePreparation(error.asJournalError)
        }
    }

    /// How much of the segment in use is full, from 0 to 1.
    private func shareInUse(_ state: borrowing JournalState) -> Double {
        Double(state.durable.offset) / Double(configuration.segmentBytes)
    }

    /// A full disk may have room again before the segment in use is full; any other error, or a writer that waits, ends the journal.
    private func refusePreparation(_ error: JournalError) {
        let mayWait = monitor.withLock { state in
            state.statistics.segmentPreparationsRefused += 1
            return error.code == .diskFull && state.writerSleep != .forSegment
        }
        if !mayWait { fail(error) }
    }
}
