/// The keeper thread: writes witness slots and prepares the next segment, so that neither is on the way of a commit.
extension JournalCore {
    private enum Task {
        case witness(WitnessSlot)
        case prepare(UInt64)
        case stop
    }

    /// When the keeper may do what next; only its own thread knows this.
    private struct Timetable {
        /// Pause between two chunks of a new segment, so that flushes find the disk free.
        static let chunkPauseNanoseconds: UInt64 = 2_000_000
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
        timetable.prepare = monotonicNanoseconds() + Timetable.chunkPauseNanoseconds
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

    /// A full disk may have room again before the segment in use is full; any other error, or a writer that waits, ends the journal.
    private func refusePreparation(_ error: JournalError) {
        let mayWait = monitor.withLock { state in
            state.statistics.segmentPreparationsRefused += 1
            return error.code == .diskFull && state.writerSleep != .forSegment
        }
        if !mayWait { fail(error) }
    }
}
