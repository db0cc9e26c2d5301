/// A feed of one stream: reads the log's batches and gives the stream's runs.
final class StreamFeed: JournalFeed {
    private let core: StreamCore
    private let journal: JournalCore
    private let index: Int
    private let id: FeedTable.ID
    private let reader: Monitor<StreamReader>

    /// The feed is in the stream's table already, so that what it needs is kept.
    init(
        _ core: StreamCore,
        on journal: JournalCore,
        index: Int,
        id: FeedTable.ID,
        from position: RecordPosition
    ) {
        self.core = core
        self.journal = journal
        self.index = index
        self.id = id
        reader = Monitor(StreamReader(stream: core.setups[index].number, from: position))
    }

    deinit { close() }

    var next: RecordPosition { reader.withLock { $0.next } }

    func read() throws(JournalError) -> JournalFeedBatch? {
        try reader.withLock { reader throws(JournalError) -> JournalFeedBatch? in
            let next = reader.next
            let isDurable = try core.monitor.withLock { state throws(JournalError) in
                try state.checkIsReadable(index)
                if !state.streams[index].feeds.isOpen(id) { throw JournalError(.fenced, "the feed is closed") }
                if next <= state.streams[index].durable.position { return true }
                if let failure = state.failure { throw failure }
                return false
            }
            guard isDurable else { return nil }
            let batch = try reader.read(journal) { position, cache throws(JournalError) in
                try core.find(position, of: index, on: journal, &cache)
            }
            core.monitor.withLock { $0.streams[index].feeds.advance(id, to: batch.lastPosition + 1) }
            return batch
        }
    }

    func whenMore(_ wake: @escaping @Sendable () -> Void) {
        let next = self.next
        let isReady = core.monitor.withLock { state in
            if next <= state.streams[index].durable.position || state.isClosed || state.streams[index].isClosed
                || state.failure != nil || !state.streams[index].feeds.isOpen(id)
            {
                return true
            }
            state.streams[index].feeds.wait(id, wake)
            return false
        }
        if isReady { wake() }
    }

    func close() { core.monitor.withLock { $0.streams[index].feeds.close(id) } }
}

/// Reads the runs of one stream from the log, one batch of the log after another. Used by one
/// thread at a time.
struct StreamReader {
    private let stream: StreamNumber
    private(set) var next: RecordPosition
    /// Never falls.
    private var epoch: UInt64 = 0
    /// The chain behind the run that was looked at last; nil where a run before the next one may
    /// have been skipped.
    private var chain: StreamChain?
    private var log: FeedReader?
    /// The batch of the log that was read last, and the first of its runs that was not looked at.
    private var batch: JournalFeedBatch?
    private var run = 0

    /// Batches of other streams that are read before the next run is looked up instead.
    private static let batchesPassed = 64

    init(stream: StreamNumber, from position: RecordPosition) {
        self.stream = stream
        next = position
    }

    /// The next records, the first of which is durable: as many as were written together under one
    /// epoch. After an error the reader stands where it was.
    /// - Parameter find: the position in the log of the run with a record.
    mutating func read(
        _ journal: JournalCore,
        find: (RecordPosition, inout JournalReadCache) throws(JournalError) -> RecordPosition
    ) throws(JournalError) -> JournalFeedBatch {
        var passed = 0
        var wasFound = false
        while true {
            if let found = try take() { return found }
            do throws(JournalError) {
                if log == nil || passed == Self.batchesPassed {
                    wasFound = true
                    passed = 0
                    var cache = JournalReadCache()
                    log = FeedReader(from: try find(next, &cache))
                    chain = nil
                }
                batch = try log?.read(journal)
                run = 0
                passed += 1
            } catch {
                log = nil
                // Batches of other streams before the next run may be gone while the run itself is
                // still kept.
                if wasFound { throw error }
            }
        }
    }

    /// The next records of the stream in the batch; nil if it has no more.
    private mutating func take() throws(JournalError) -> JournalFeedBatch? {
        guard let batch else { return nil }
        var records: [Range<Int>] = []
        var end = next
        var index = run
        var epoch = self.epoch
        var chain = self.chain
        while index < batch.records.count {
            let range = batch.records[batch.records.startIndex + index]
            guard let found = decode(batch, range) else { throw damaged("it is no run of a stream") }
            if found.stream == stream {
                // One batch of the feed is of one owner.
                if !records.isEmpty, found.epoch != epoch { break }
                try check(found, of: batch, range, after: &chain)
            }
            if found.stream == stream, found.count > 0, found.lastPosition >= end {
                guard found.firstPosition <= end, found.epoch >= epoch else {
                    throw damaged("a run from record \(found.firstPosition) on, epoch \(found.epoch), is out of order")
                }
                epoch = found.epoch
                try append(found, of: batch, range, from: end, to: &records)
                end = found.lastPosition + 1
            }
            index += 1
        }
        run = index
        self.chain = chain
        if run == batch.records.count { self.batch = nil }
        guard !records.isEmpty else { return nil }
        defer { next = end }
        self.epoch = epoch
        return JournalFeedBatch(firstPosition: next, epoch: epoch, payload: batch.payload, records: records[...])
    }

    private func decode(_ batch: JournalFeedBatch, _ range: Range<Int>) -> StreamRun? {
        batch.payload.withUnsafeBytes { StreamRun.decode(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A run must go on where the one before it ended. The first one is taken as it is.
    private func check(
        _ run: StreamRun,
        of batch: JournalFeedBatch,
        _ range: Range<Int>,
        after chain: inout StreamChain?
    ) throws(JournalError) {
        defer { chain = run.chain }
        guard let before = chain else { return }
        let computed = batch.payload.withUnsafeBytes { payload in
            run.chain(after: before, in: UnsafeRawBufferPointer(rebasing: payload[range]))
        }
        if run.chain != computed { throw damaged("a run says that its chain is \(run.chain), but it is \(computed)") }
    }

    private func append(
        _ run: StreamRun,
        of batch: JournalFeedBatch,
        _ range: Range<Int>,
        from first: RecordPosition,
        to records: inout [Range<Int>]
    ) throws(JournalError) {
        let isWhole = batch.payload.withUnsafeBytes { payload in
            run.forEachRecord(in: UnsafeRawBufferPointer(rebasing: payload[range])) { position, record in
                guard position >= first else { return }
                records.append(range.lowerBound + record.lowerBound..<range.lowerBound + record.upperBound)
            }
        }
        if !isWhole { throw damaged("the records' lengths do not fit the run") }
    }

    private func damaged(_ detail: String) -> JournalError {
        JournalError(.corrupt, "the log, at record \(next) of shard \(stream): \(detail)")
    }
}
