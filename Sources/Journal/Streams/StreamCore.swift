/// The streams of a log: who owns each, how far each is, and how a stream's positions map to the
/// log's. It owns the log's journal, which writes the runs. The journal's writer tells it what is
/// durable.
///
/// Locks: a stream's calls take the log's monitor first, then the journal's; the writer calls with
/// neither.
final class StreamCore: Sendable {
    /// What one stream may have of the log, so that no stream takes another's share.
    struct Limits {
        /// Bytes of a stream's records that may wait for the disk.
        let shareBytes: Int
        /// Bytes of records that a run can carry.
        let payloadBytes: Int

        init(_ journal: JournalConfiguration, streams: Int) {
            shareBytes = min(journal.backlogBytes, StreamLimits.shareBytes(streams: streams))
            payloadBytes = journal.maximumRecordBytes - StreamRun.headerBytes
        }

        /// Bytes of the headers of a stream's runs that may wait for the disk.
        var headerBytes: Int { shareBytes / 4 }

        /// The backlog of the log's journal: all shares together.
        func backlogBytes(streams: Int) -> Int { streams * (shareBytes + headerBytes + StreamLimits.ownerBytes) }

        /// Bytes of the largest record of a stream.
        var recordBytes: Int { payloadBytes - 4 }
    }

    let setups: [StreamSetup]
    let limits: Limits
    let cursorAlarmBytes: UInt64
    let monitor: Monitor<StreamTable>
    let books: [CursorBook]
    let signals: [StreamSignals]
    private let totals: StreamTotals
    private let recovery: Monitor<StreamRecovery>

    init(
        _ setups: [StreamSetup],
        _ configuration: JournalConfiguration,
        books: [CursorBook],
        replay: @escaping StreamRecovery.Replay
    ) {
        self.setups = setups
        self.books = books
        limits = Limits(configuration, streams: setups.count)
        cursorAlarmBytes = configuration.cursorAlarmBytes
        let totals = StreamTotals()
        self.totals = totals
        signals = setups.map { _ in StreamSignals(totals) }
        let entries = max(2, configuration.indexEntries / setups.count)
        monitor = Monitor(StreamTable(setups.map { .init($0, indexEntries: entries) }))
        recovery = Monitor(StreamRecovery(setups, indexEntries: entries, replay))
    }

    // MARK: Owners

    func append(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        to index: Int,
        expecting: RecordPosition,
        epoch: UInt64
    ) throws(JournalError) {
        try monitor.withLock { state throws(JournalError) in
            try state.checkIsOpen(index)
            if epoch != state.streams[index].owners.epoch {
                throw Self.notOwner(epoch, state.streams[index].owners.epoch)
            }
            let last = state.streams[index].mark.position
            if expecting != last {
                throw JournalError(.fenced, "appending after record \(expecting), but the last is \(last)")
            }
            if count == 0 { return }
            try state.append(bytes, count: count, to: index, limits: limits)
            signals[index].appended(frameBytes: state.runs.reduce(0) { $0 + $1.frameBytes })
        }
    }

    private static func notOwner(_ epoch: UInt64, _ owner: UInt64?) -> JournalError {
        let owner = owner.map { "the owner's is \($0)" } ?? "nobody owns the journal"
        return JournalError(.fenced, "epoch \(epoch) may not append: \(owner)")
    }

    /// Makes the caller the owner of a stream. Blocks until its epoch is durable, and with it all
    /// that the former owner appended.
    func acquire(
        _ claim: JournalClaim,
        _ index: Int,
        owner: any JournalOwner
    ) throws(JournalError) -> UInt64 {
        let epoch = try monitor.withLock { state throws(JournalError) -> UInt64 in
            try state.checkIsOpen(index)
            let result = state.streams[index].owners.claim(claim)
            guard case .granted(let epoch) = result else {
                throw OwnerTable.refusal(result) ?? JournalError(.fenced, "the claim was not granted")
            }
            try state.appendOwner(epoch: epoch, to: index)
            signals[index].publishOwner(state.streams[index])
            signals[index].appended(frameBytes: JournalRoom.frameBytes(records: StreamLimits.ownerBytes))
            state.streams[index].handover = .acquire(epoch: epoch, owner: owner)
            state.handovers += 1
            return epoch
        }
        waitForHandover(of: index)
        try monitor.withLock { state throws(JournalError) in
            if state.streams[index].owners.epoch == epoch, !state.hasEnded { return }
            try state.checkIsOpen(index)
            throw JournalError(.fenced, "epoch \(epoch) has lost the journal")
        }
        return epoch
    }

    /// Begins to give a stream up. False if another owner has it, or nobody.
    func beginRelease(_ index: Int, epoch: UInt64) -> Bool {
        let released = monitor.withLock { state -> (journal: LocalJournal?, former: [(any JournalOwner)?])? in
            guard !state.hasEnded, state.streams[index].owners.release(epoch: epoch) else { return nil }
            state.streams[index].handover = .release
            state.handovers += 1
            state.finishHandover(of: index, signals)
            return (state.journal, state.takeFormerOwners())
        }
        released?.journal?.core.hurry()
        withExtendedLifetime(released) {}
        return released != nil
    }

    /// Gives a stream up, if the epoch still has it; its owner is told nothing after this has
    /// returned.
    func release(_ index: Int, epoch: UInt64) {
        _ = beginRelease(index, epoch: epoch)
        waitForHandover(of: index)
    }

    private func waitForHandover(of index: Int) {
        let journal = monitor.withLock { $0.journal }
        let isOver = { self.monitor.withLock { state in state.isHandoverOver(index) } }
        if let journal, journal.store.run(until: isOver) { return }
        monitor.wait(.owner) { state in state.isHandoverOver(index) ? .ready(()) : .wait }
    }

    func renew(_ index: Int, epoch: UInt64, at now: UInt64) throws(JournalError) -> UInt64 {
        try monitor.withLock { state throws(JournalError) in
            try state.checkIsOpen(index)
            switch state.streams[index].owners.renew(epoch: epoch, at: now) {
            case .renewed(let end): return end
            case .lost:
                throw JournalError(.fenced, "epoch \(epoch) has no lease: another owner has the journal, or nobody")
            }
        }
    }

    func confirm(_ index: Int, epoch: UInt64) throws(JournalError) {
        try monitor.withLock { state throws(JournalError) in
            try state.checkIsOpen(index)
            if state.streams[index].owners.epoch == epoch { return }
            throw JournalError(.fenced, "epoch \(epoch) has lost the journal")
        }
    }

    /// The room of the log, less what is kept for the other streams.
    func roomBytes(of index: Int, _ journal: JournalCore) -> Int {
        max(0, journal.roomBytes - signals[index].keptBytesOfOthers)
    }

    /// The next segment is prepared as soon as the room is less than all owners want together.
    func wantRoom(bytes: Int, of index: Int, _ journal: JournalCore) {
        signals[index].want(bytes: bytes)
        journal.wantRoom(bytes: totals.wantedBytes)
    }

    /// Notes that records of a stream are not needed for a start any more. Segments that no stream
    /// needs go to the archive.
    func retire(_ index: Int, upTo position: RecordPosition, epoch: UInt64) {
        let (journal, retired) = monitor.withLock { state -> (LocalJournal?, [StreamMark]) in
            guard state.streams[index].owners.epoch == epoch else { return (nil, []) }
            let durable = state.streams[index].durable.position
            state.streams[index].retired = max(state.streams[index].retired, min(position, durable))
            return (
                state.journal,
                state.streams.map { StreamMark(number: $0.mark.number, position: $0.retired) }
            )
        }
        journal?.core.retire { marks in
            marks.allSatisfy { $0.position <= retired.position(of: $0.number) }
        }
    }

    // MARK: The end

    /// Closes a stream: it takes no owner any more, and its present owner is as after `release`.
    func close(_ index: Int) {
        monitor.withLock { $0.streams[index].isClosing = true }
        waitForHandover(of: index)
        if let epoch = monitor.withLock({ $0.streams[index].owners.epoch }) { release(index, epoch: epoch) }
        let wakes = monitor.withLock { state in
            state.streams[index].isClosed = true
            return state.streams[index].feeds.takeWakes(durable: .max)
        }
        for wake in wakes { wake() }
    }

    /// Flushes what is pending, tells it, and closes the journal.
    func close() {
        let journal = monitor.withLock { state in
            defer { state.isClosing = true }
            return state.isClosing ? nil : state.journal
        }
        guard let journal else { return }
        journal.store.close()
        let (wakes, former) = monitor.withLock { state in
            state.end()
            state.isClosed = true
            state.journal = nil
            state.lockFiles = []
            let wakes = state.streams.indices.flatMap { state.streams[$0].feeds.takeWakes(durable: .max) }
            return (wakes, state.takeFormerOwners())
        }
        // Without this the optimizer would release them where they are used last: under the lock.
        withExtendedLifetime(former) {}
        monitor.signalAll(.owner)
        for wake in wakes { wake() }
    }
}

extension StreamRun {
    /// What it takes at most, in a batch of its own.
    var frameBytes: Int { JournalRoom.frameBytes(records: 4 + byteCount) }

    /// The same for a run of as many records as are taken together.
    static func frameBytes(batchBytes: Int) -> Int {
        min(batchBytes, JournalRoom.frameBytes(records: 4 + headerBytes + StreamLimits.runBytes))
    }
}

// MARK: - What the journal's writer tells

extension StreamCore: JournalOwner {
    func journalDurable(upTo position: RecordPosition) {
        var reports = monitor.withLock { state in
            state.noteDurable(upTo: position, signals, totals)
            return exchange(&state.reports, with: StreamReports())
        }
        reports.tell()
        reports.removeAll()
        let (isAnyoneWaiting, former) = monitor.withLock { state in
            state.reports = reports
            let isAnyoneWaiting = state.handovers > 0
            state.noteReported(signals)
            return (isAnyoneWaiting, state.takeFormerOwners())
        }
        withExtendedLifetime(former) {}
        if isAnyoneWaiting { monitor.signalAll(.owner) }
    }

    func journalFailed(_ error: JournalError) {
        let reports = monitor.withLock { state in
            state.failure = error
            var reports = StreamReports()
            for index in state.streams.indices {
                if let owner = state.streams[index].owner { reports.owners.append(.failed(owner, error)) }
                reports.wakes += state.streams[index].feeds.takeWakes(durable: .max)
            }
            return reports
        }
        reports.tell()
        let former = monitor.withLock { state in
            state.end()
            return state.takeFormerOwners()
        }
        withExtendedLifetime(former) {}
        monitor.signalAll(.owner)
    }
}

private func exchange<Value>(_ value: inout Value, with new: consuming Value) -> Value {
    let old = value
    value = new
    return old
}

// MARK: - What the journal asks

extension StreamCore: JournalTenant {
    func began(_ segment: SegmentHeader) throws(JournalProblem) {
        try recovery.withLock { recovery throws(JournalProblem) in try recovery.began(segment) }
    }

    func marks() -> [StreamMark] { monitor.withLock { state in state.streams.map(\.durable) } }

    func needs(before marks: [StreamMark]) -> Bool {
        let feeds = monitor.withLock { state in state.streams.map { $0.feeds.floor ?? .max } }
        return setups.indices.contains { index in
            min(feeds[index], books[index].floor ?? .max) <= marks.position(of: setups[index].number)
        }
    }

    var hasCursors: Bool { books.contains { !$0.isEmpty } }

    func followCursorRequests() {
        guard let journal = monitor.withLock({ $0.journal }) else { return }
        for index in setups.indices where !books[index].isEmpty {
            let host = StreamHost(core: self, index: index, journal: journal.core)
            let followed = books[index].followRequests(in: host)
            monitor.withLock { state in
                state.streams[index].statistics.cursorsDropped += followed.dropped
                state.streams[index].statistics.cursorRequestsFailed += followed.failed
            }
        }
    }

    // MARK: Recovery

    /// A run that recovery read.
    func replay(_ bytes: Span<UInt8>, at position: RecordPosition) {
        recovery.withLock { $0.replay(bytes, at: position) }
    }

    /// Nothing is replayed any more.
    func recoveryIsOver() { recovery.withLock { $0.end() } }

    /// Recovery has read everything: the streams go on from there.
    func recovered(_ journal: LocalJournal) throws(JournalProblem) -> [StreamReport] {
        let found = try recovery.withLock { recovery throws(JournalProblem) in try recovery.finish() }
        monitor.withLock { state in
            state.journal = journal
            state.logDurable = journal.lastPosition
            state.ring = RunRing(after: journal.lastPosition)
            for index in state.streams.indices { state.streams[index].recovered(found[index]) }
        }
        var reports = found.map(\.report)
        for index in reports.indices {
            reports[index].cursorsAhead = try books[index].moveBack(to: reports[index].lastPosition)
        }
        return reports
    }
}

extension StreamTable.Stream {
    fileprivate mutating func recovered(_ found: StreamRecovery.Stream) {
        mark = found.mark
        durable = found.mark
        owners = OwnerTable(lastEpoch: found.mark.epoch)
        index = found.index
    }
}
