/// A feed of the local journal.
final class LocalFeed: JournalFeed {
    private let core: JournalCore
    private let id: FeedTable.ID
    private let reader: Monitor<FeedReader>

    /// The feed is in the journal's table already, so that what it needs is kept.
    init(_ core: JournalCore, _ id: FeedTable.ID, from position: RecordPosition) {
        self.core = core
        self.id = id
        reader = Monitor(FeedReader(from: position))
    }

    deinit { close() }

    var next: RecordPosition { reader.withLock { $0.next } }

    func read() throws(JournalError) -> JournalFeedBatch? {
        try reader.withLock { reader throws(JournalError) -> JournalFeedBatch? in
            let next = reader.next
            let isDurable = try core.monitor.withLock { state throws(JournalError) in
                try check(state)
                if next <= state.durable.position { return true }
                if let failure = state.failure { throw failure }
                return false
            }
            guard isDurable else { return nil }
            let batch = try reader.read(core)
            core.monitor.withLock { $0.feeds.advance(id, to: batch.lastPosition + 1) }
            return batch
        }
    }

    func whenMore(_ wake: @escaping @Sendable () -> Void) {
        let next = self.next
        let isReady = core.monitor.withLock { state in
            if next <= state.durable.position || state.isClosed || state.failure != nil || !state.feeds.isOpen(id) {
                return true
            }
            state.feeds.wait(id, wake)
            return false
        }
        if isReady { wake() }
    }

    func close() { core.monitor.withLock { $0.feeds.close(id) } }

    private func check(_ state: borrowing JournalState) throws(JournalError) {
        if state.isClosed { throw JournalError(.fenced, "the journal is closed") }
        if !state.feeds.isOpen(id) { throw JournalError(.fenced, "the feed is closed") }
    }
}

extension JournalCore {
    /// Opens a feed. It enters the feed in the table first and then checks that the record is kept.
    /// So the record cannot go away in between.
    func feed(from position: RecordPosition) throws(JournalError) -> LocalFeed {
        guard position > 0 else { throw JournalError(.notFound, "records are numbered from 1") }
        let id = try monitor.withLock { state throws(JournalError) -> FeedTable.ID in
            try state.checkIsReadable()
            guard let id = state.feeds.open(at: position) else {
                throw JournalError(.limit, "\(JournalLimits.feeds) feeds are open; close one")
            }
            return id
        }
        let feed = LocalFeed(self, id, from: position)
        try checkIsKept(position)
        return feed
    }

    /// Throws `notFound` for a record that was durable and is not kept any more.
    func checkIsKept(_ position: RecordPosition) throws(JournalError) {
        let isInArchive = monitor.withLock { state in
            position <= state.durable.position && state.segments.segment(holding: position) == nil
        }
        guard isInArchive else { return }
        let isKept: Bool
        do { isKept = try archive?.holds(position) ?? false } catch { throw error.asJournalError }
        if !isKept { throw JournalProblem.gone(position).asJournalError }
    }
}

extension JournalState {
    func checkIsReadable() throws(JournalError) {
        if isClosed { throw JournalError(.fenced, "the journal is closed") }
    }
}
