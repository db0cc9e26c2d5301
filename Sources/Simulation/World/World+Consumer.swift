import Journal

/// Somebody outside of the gateway who takes every record of the first shard by a feed, with a durable cursor. What it took it keeps,
/// whatever becomes of the gateway's process.
struct Consumer {
    static let cursor: JournalCursorName = {
        guard let name = JournalCursorName("consumer") else { preconditionFailure("a cursor's name") }
        return name
    }()

    /// Of record i + 1.
    var taken: [UInt64] = []
    var hasCursor = false
    /// The last position that the cursor was said to have; nil while there is none.
    private(set) var advanced: RecordPosition?
    /// The same for calls whose disk operations end in the future.
    private var advancing: [(position: RecordPosition, at: Int64)] = []
    /// The feed of the process that lives.
    var feed: (any JournalFeed)?

    mutating func willHaveAdvanced(to position: RecordPosition, at time: Int64) {
        advancing.append((position, time))
    }

    /// The process is gone: what had not ended by now was never said.
    mutating func processEnded(at now: Int64) {
        for (position, time) in advancing where time <= now { advanced = position }
        advancing = []
        feed = nil
    }
}

extension World {
    // MARK: A start

    /// After a crash the journal must still hold what was taken, and the cursor.
    func checkConsumer(_ replay: Replay, _ store: LocalJournalStore) {
        guard scenario.hasConsumer else { return }
        if RecordPosition(consumer.taken.count) > replay.count {
            fail("a consumer took record \(consumer.taken.count), and the journal ends with record \(replay.count)")
        }
        let cursor = store.cursors.first { $0.name == Consumer.cursor }
        consumer.hasCursor = cursor != nil
        guard let advanced = consumer.advanced else { return }
        guard let cursor else { return fail("the journal has lost a consumer's cursor") }
        if cursor.position < advanced {
            fail("a consumer's cursor was advanced to \(advanced), and is at \(cursor.position)")
        }
    }

    // MARK: Work

    func consume(_ process: GatewayProcess) {
        let pause = oldKeys != nil ? 3_600_000_000 : isCalm ? 60_000_000 : consumers.skewed(scenario.consumerPause)
        queue.schedule(.consume(boot: process.boot), at: now + pause)
        // The journal's steps run ahead of time; what is read now has happened.
        guard disk.idleAt(.writer) <= now else { return }
        disk.use(.reader, of: 0)
        let store = process.shards[0].hosts[0].store
        do throws(JournalError) {
            if !consumer.hasCursor {
                try store.createCursor(Consumer.cursor, at: 0)
                consumer.hasCursor = true
            }
            if !scenario.consumesAtTheEnd { try take(store) }
            try advance(store)
        } catch {
            consumerFailed(error)
        }
        settle(process)
    }

    private func advance(_ store: SimStore) throws(JournalError) {
        let position = RecordPosition(consumer.taken.count)
        do throws(JournalError) {
            try store.advanceCursor(Consumer.cursor, to: position)
        } catch {
            guard error.code == .notFound else { throw error }
            return fail("a consumer took record \(position), and its cursor cannot go there: \(error)")
        }
        consumer.willHaveAdvanced(to: position, at: disk.idleAt(.reader))
    }

    private func take(_ store: SimStore) throws(JournalError) {
        let feed: any JournalFeed
        if let open = consumer.feed {
            feed = open
        } else {
            feed = try store.feed(from: RecordPosition(consumer.taken.count) + 1)
            consumer.feed = feed
        }
        while let batch = try feed.read() {
            guard batch.firstPosition == RecordPosition(consumer.taken.count) + 1 else {
                return fail("a feed gives record \(batch.firstPosition) after \(consumer.taken.count)")
            }
            batch.forEach { _, bytes in consumer.taken.append(bytes.withUnsafeBytes { JournalLog.hash($0) }) }
        }
        trace.note(now, "taken", consumer.taken.count)
    }

    /// A disk that fails is tried again; records that are gone are not to be had.
    private func consumerFailed(_ error: JournalError) {
        trace.note(now, "consumer failed")
        consumer.feed?.close()
        consumer.feed = nil
        switch error.code {
        case .notFound: fail("a consumer's cursor did not keep the records behind it: \(error)")
        case .corrupt where damage == nil: fail("a consumer finds damage where there is none: \(error)")
        case .exists: consumer.hasCursor = true
        default: break
        }
    }

    // MARK: The end

    /// The consumer takes the rest; then it has every record, as it was appended.
    func finishConsumer(_ process: GatewayProcess) {
        guard scenario.hasConsumer, violation == nil else { return }
        disk.isWatched = true
        defer { disk.isWatched = false }
        do throws(JournalError) {
            try take(process.shards[0].hosts[0].store)
        } catch {
            return fail("a consumer's cursor did not keep the records behind it: \(error)")
        }
        consumer.feed?.close()
        consumer.feed = nil
        let log = logs[0]
        if consumer.taken != Array(log.hashes.prefix(Int(log.acknowledged))) {
            let count = consumer.taken.count
            let first = zip(consumer.taken, log.hashes).enumerated().first { $1.0 != $1.1 }?.offset ?? count
            fail("a consumer took \(count) of \(log.acknowledged) records, and others from \(first + 1) on")
        }
    }
}
