/// One stream of a log, opened without owning it.
package final class StreamStore: JournalStore, Sendable {
    /// The log is open for as long as anybody has one of its streams, or until it is closed.
    package let log: StreamLog
    let index: Int

    init(_ log: StreamLog, _ index: Int) {
        self.log = log
        self.index = index
    }

    private var core: StreamCore { log.core }
    private var host: StreamHost { StreamHost(core: core, index: index, journal: log.journal) }

    package var number: StreamNumber { core.setups[index].number }

    package var durablePosition: RecordPosition { host.durablePosition }

    package func acquire(
        _ claim: JournalClaim,
        owner: any JournalOwner
    ) throws(JournalError) -> any JournalEngine {
        try own(claim, owner: owner)
    }

    /// As `acquire`.
    package func own(_ claim: JournalClaim, owner: any JournalOwner) throws(JournalError) -> StreamJournal {
        StreamJournal(log, index, epoch: try core.acquire(claim, index, owner: owner))
    }

    package func feed(from position: RecordPosition) throws(JournalError) -> any JournalFeed {
        guard position > 0 else { throw JournalError(.notFound, "records are numbered from 1") }
        let index = self.index
        let id = try core.monitor.withLock { state throws(JournalError) -> FeedTable.ID in
            try state.checkIsReadable(index)
            guard let id = state.streams[index].feeds.open(at: position) else {
                throw JournalError(.limit, "\(JournalLimits.feeds) feeds are open; close one")
            }
            return id
        }
        // The feed is in the table first, and then this checks that the record is kept. So the
        // record cannot go away in between.
        let feed = StreamFeed(core, on: log.journal, index: index, id: id, from: position)
        try host.checkIsKept(position)
        return feed
    }

    // MARK: Cursors

    package func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try core.books[index].create(name, at: position, in: host)
        // The keeper looks for requests of operators while there are cursors.
        log.journal.monitor.signal(.keeper)
    }

    package func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        try core.books[index].advance(name, to: position, in: host)
    }

    package func deleteCursor(_ name: JournalCursorName) throws(JournalError) {
        try core.books[index].delete(name, in: host)
    }

    package var cursors: [JournalCursor] {
        core.books[index].cursors.map { core.describe($0, of: index, log.journal) }
    }

    /// Flushes what its owner has appended, and ends owner and feeds. The log stays open for its
    /// other streams.
    package func close() { core.close(index) }

    /// Counters so far. May block: how far a cursor lags that is behind the oldest segment is read
    /// from the archive.
    package var statistics: StreamStatistics { core.statistics(of: index, log.journal) }
}

/// A stream as its cursors see it.
struct StreamHost: CursorHost {
    let core: StreamCore
    let index: Int
    let journal: JournalCore

    var durablePosition: RecordPosition { core.monitor.withLock { $0.streams[index].durable.position } }

    func checkIsOpen() throws(JournalError) {
        try core.monitor.withLock { state throws(JournalError) in try state.checkIsOpen(index) }
    }

    func checkIsKept(_ position: RecordPosition) throws(JournalError) {
        try core.checkIsKept(position, of: index, journal)
    }
}
