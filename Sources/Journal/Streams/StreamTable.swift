/// What the owners' threads, the writer and readers of a log's streams share; only ever touched
/// under the log's monitor.
struct StreamTable: ~Copyable {
    /// One stream.
    struct Stream {
        /// A change of owner under way.
        enum Handover {
            /// From now on the former owner is told nothing but that it lost the stream.
            case acquire(epoch: UInt64, owner: any JournalOwner)
            case release
        }

        /// As appended: its last record, and the largest epoch.
        var mark: StreamMark
        var durable: StreamMark
        /// Bytes of its records that wait for the disk, and of their runs' headers.
        var unflushedBytes = 0
        var unflushedHeaderBytes = 0
        var owners: OwnerTable
        var owner: (any JournalOwner)?
        var handover: Handover?
        /// The epoch of the owner that acquires is durable.
        var isHandoverDurable = false
        var feeds = FeedTable()
        /// From the stream's positions to the log's.
        var index: SparseIndex<RecordPosition>
        /// Records up to here are not needed for a start any more.
        var retired: RecordPosition = 0
        /// Bytes of frames that have left the backlog in this flush.
        var flushedFrameBytes = 0
        /// Records became durable that its owner was not told of.
        var isUnreported = false
        var isClosing = false
        var isClosed = false
        var statistics = StreamStatistics()

        init(_ setup: StreamSetup, indexEntries: Int) {
            mark = StreamMark(number: setup.number)
            durable = mark
            owners = OwnerTable(lastEpoch: 0)
            index = SparseIndex(limit: indexEntries)
        }

        var isAcquired: Bool {
            guard case .acquire = handover else { return false }
            return true
        }
    }

    /// In the order of the setups.
    var streams: [Stream]
    var ring = RunRing(after: 0)
    /// The last record of the log that is durable, as the streams know it.
    var logDurable: RecordPosition = 0
    /// The log's journal while it is open.
    var journal: LocalJournal?
    var failure: JournalError?
    var isClosing = false
    var isClosed = false
    /// No owner is called any more.
    var hasEnded = false
    /// What `append` parts its records into; used again.
    var runs: [StreamRun] = []
    /// Owners that were replaced, until the writer or the closer lets them go. Releasing the last
    /// reference to an owner may call the journal. So no owner is released under the lock.
    var formerOwners: [(any JournalOwner)?] = []
    /// What is to be told; used again.
    var reports = StreamReports()
    /// The writer is telling it.
    var isReporting = false
    /// Changes of owner under way.
    var handovers = 0
    var lockFiles: [any JournalFile] = []

    init(_ streams: [Stream]) { self.streams = streams }

    /// Throws the first failure, or `fenced` when the log or the stream is closed.
    func checkIsOpen(_ index: Int) throws(JournalError) {
        if let failure { throw failure }
        if isClosing || streams[index].isClosing { throw JournalError(.fenced, "the journal is closed") }
    }

    func checkIsReadable(_ index: Int) throws(JournalError) {
        if isClosed || streams[index].isClosed { throw JournalError(.fenced, "the journal is closed") }
    }

    /// The owners that are not needed any more, for the caller to let go after the lock.
    mutating func takeFormerOwners() -> [(any JournalOwner)?] {
        defer { formerOwners.removeAll() }
        return formerOwners
    }

    /// No change of the stream's owner is under way, and no former owner is called any more.
    func isHandoverOver(_ index: Int) -> Bool { hasEnded || streams[index].handover == nil }
}

// MARK: - Appending

extension StreamTable {
    /// What a run takes beside its records.
    static let headerBytes = 4 + StreamRun.headerBytes

    /// Parts framed records of a stream's owner into runs and appends them.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        to index: Int,
        limits: StreamCore.Limits
    ) throws(JournalError) {
        runs.removeAll(keepingCapacity: true)
        StreamRun.part(bytes, count: count, of: streams[index].mark, limit: limits.payloadBytes, into: &runs)
        let waiting = streams[index].unflushedBytes
        let headers = streams[index].unflushedHeaderBytes + runs.count * Self.headerBytes
        guard waiting + bytes.count <= limits.shareBytes, headers <= limits.headerBytes else {
            streams[index].statistics.backlogRefusals += 1
            throw JournalError(
                .backlog,
                "\(waiting) bytes of \(limits.shareBytes), and \(headers) of \(limits.headerBytes) of headers, wait for the disk"
            )
        }
        try appendRuns(of: bytes, to: index, isHurried: false)
    }

    /// Appends a new owner's epoch. The share of the backlog does not count for it.
    mutating func appendOwner(epoch: UInt64, to index: Int) throws(JournalError) {
        runs.removeAll(keepingCapacity: true)
        runs.append(.owner(epoch: epoch, after: streams[index].mark))
        try appendRuns(of: UnsafeRawBufferPointer(start: nil, count: 0), to: index, isHurried: true)
    }

    private mutating func appendRuns(
        of bytes: UnsafeRawBufferPointer,
        to index: Int,
        isHurried: Bool
    ) throws(JournalError) {
        guard let journal else { throw JournalError(.fenced, "the journal is closed") }
        let last = try journal.core.append(runs, of: bytes, epoch: journal.epoch, isHurried: isHurried)
        precondition(ring.firstPosition + UInt64(ring.count + runs.count) == last + 1)
        for run in runs {
            ring.append(
                .init(
                    stream: index,
                    isOwner: run.kind == .owner,
                    firstPosition: run.firstPosition,
                    count: run.count,
                    bytes: UInt32(run.range.count),
                    chain: run.chain
                )
            )
            streams[index].unflushedBytes += run.range.count
            streams[index].unflushedHeaderBytes += Self.headerBytes
            streams[index].mark.pass(run)
        }
    }
}

// MARK: - What became durable

extension StreamTable {
    /// Notes that the log is durable up to a position, and what is to be told of it.
    mutating func noteDurable(upTo position: RecordPosition, _ signals: [StreamSignals], _ totals: StreamTotals) {
        while let entry = ring.take(upTo: position) {
            noteDurable(entry, at: ring.firstPosition - 1)
            let bytes = Self.headerBytes + Int(entry.bytes)
            streams[entry.stream].flushedFrameBytes += JournalRoom.frameBytes(records: bytes)
        }
        noteFlushed(signals, totals)
        logDurable = position
        isReporting = true
        for index in streams.indices where streams[index].isUnreported {
            streams[index].isUnreported = false
            let durable = streams[index].durable.position
            if let owner = streams[index].owner, !streams[index].isAcquired {
                reports.owners.append(.durable(owner, upTo: durable))
            }
            reports.wakes += streams[index].feeds.takeWakes(durable: durable)
        }
    }

    /// Takes what was flushed off each stream, and then off all of them; see
    /// `StreamSignals.keptBytesOfOthers`. Once a flush, because these lines of memory move between
    /// the cores of the writer and of the owners.
    private mutating func noteFlushed(_ signals: [StreamSignals], _ totals: StreamTotals) {
        var all = 0
        for index in streams.indices where streams[index].flushedFrameBytes > 0 {
            signals[index].flushed(frameBytes: streams[index].flushedFrameBytes)
            all += streams[index].flushedFrameBytes
            streams[index].flushedFrameBytes = 0
        }
        if all > 0 { totals.flushed(frameBytes: all) }
    }

    private mutating func noteDurable(_ entry: RunRing.Entry, at position: RecordPosition) {
        streams[entry.stream].unflushedBytes -= Int(entry.bytes)
        streams[entry.stream].unflushedHeaderBytes -= Self.headerBytes
        streams[entry.stream].durable.chain = entry.chain
        if entry.isOwner { return noteOwner(entry) }
        precondition(entry.firstPosition == streams[entry.stream].durable.position + 1)
        streams[entry.stream].index.add(.init(firstPosition: entry.firstPosition, place: position))
        streams[entry.stream].durable.position = entry.lastPosition
        streams[entry.stream].isUnreported = true
        streams[entry.stream].statistics.records += UInt64(entry.count)
        streams[entry.stream].statistics.bytes += UInt64(entry.bytes)
    }

    private mutating func noteOwner(_ entry: RunRing.Entry) {
        guard case .acquire(let epoch, _) = streams[entry.stream].handover else {
            preconditionFailure("an epoch that nobody acquires")
        }
        streams[entry.stream].durable.epoch = epoch
        streams[entry.stream].isHandoverDurable = true
        guard let former = streams[entry.stream].owner else { return }
        let error = JournalError(.fenced, "another owner has the journal, with epoch \(epoch)")
        reports.owners.append(.lost(former, error))
    }

    /// Everything was told. Changes of owner that waited for it are done.
    mutating func noteReported(_ signals: [StreamSignals]) {
        isReporting = false
        guard handovers > 0 else { return }
        for index in streams.indices { finishHandover(of: index, signals) }
    }

    /// Ends a change of owner if everything that it waits for is durable and told.
    mutating func finishHandover(of index: Int, _ signals: [StreamSignals]) {
        guard !isReporting else { return }
        switch streams[index].handover {
        case nil: return
        case .acquire(_, let owner):
            guard streams[index].isHandoverDurable else { return }
            formerOwners.append(streams[index].owner)
            streams[index].owner = owner
            streams[index].owners.take()
            signals[index].publishOwner(streams[index])
            streams[index].statistics.acquisitions += 1
        case .release:
            guard streams[index].durable.position == streams[index].mark.position else { return }
            formerOwners.append(streams[index].owner)
            streams[index].owner = nil
            streams[index].owners.released()
        }
        streams[index].handover = nil
        streams[index].isHandoverDurable = false
        handovers -= 1
    }

    /// The log failed or is closed: no change of owner will be done, and no owner is called.
    mutating func end() {
        hasEnded = true
        isReporting = false
        handovers = 0
        for index in streams.indices {
            formerOwners.append(streams[index].owner)
            streams[index].owner = nil
            // A new owner that waits is given up, and does not wait for what never comes.
            streams[index].handover = nil
        }
    }
}

/// What the writer's thread tells owners and readers, without the lock. Its memory is used again.
struct StreamReports {
    enum Report {
        case durable(any JournalOwner, upTo: RecordPosition)
        case lost(any JournalOwner, JournalError)
        case failed(any JournalOwner, JournalError)
    }

    var owners: [Report] = []
    var wakes: [FeedTable.Wake] = []

    func tell() {
        for report in owners {
            switch report {
            case .durable(let owner, let position): owner.journalDurable(upTo: position)
            case .lost(let owner, let error): owner.journalLost(error)
            case .failed(let owner, let error): owner.journalFailed(error)
            }
        }
        for wake in wakes { wake() }
    }

    mutating func removeAll() {
        owners.removeAll(keepingCapacity: true)
        wakes.removeAll(keepingCapacity: true)
    }
}
