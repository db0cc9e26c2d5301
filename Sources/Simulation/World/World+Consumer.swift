import Journal

/// A program outside of the gateway that takes every record of a shard by a feed, with a durable
/// cursor. It keeps what it took, whatever happens to the gateway's process.
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

    /// The process is gone: calls that had not ended by now never returned.
    mutating func processEnded(at now: Int64) {
        for (position, time) in advancing where time <= now { advanced = position }
        advancing = []
        feed = nil
    }
}

extension World {
    // MARK: A start

    /// After a crash the journal must still hold what was taken, and the cursor.
    func checkConsumer(_ recovery: ShardRecovery, _ stream: StreamStore) {
        guard scenario.hasConsumer else { return }
        let taken = RecordPosition(shardConsumers[recovery.shard].taken.count)
        if taken > recovery.replay.count {
            fail("a consumer took record \(taken), and the journal ends with record \(recovery.replay.count)")
        }
        let cursor = stream.cursors.first { $0.name == Consumer.cursor }
        shardConsumers[recovery.shard].hasCursor = cursor != nil
        guard let advanced = shardConsumers[recovery.shard].advanced else { return }
        guard let cursor else { return fail("the journal has lost a consumer's cursor") }
        if cursor.position < advanced {
            fail("a consumer's cursor was advanced to \(advanced), and is at \(cursor.position)")
        }
    }

    // MARK: Work

    func consume(_ process: GatewayProcess) {
        let pause = oldKeys != nil ? 3_600_000_000 : isCalm ? 60_000_000 : consumers.skewed(scenario.consumerPause)
        queue.schedule(.consume(boot: process.boot), at: now + pause)
        for shard in process.shards { consume(shard) }
        settle(process)
    }

    private func consume(_ shard: SimShard) {
        // The log's steps run ahead of time; what is read now has happened.
        guard disk.idleAt(.writer(log: shard.log.number)) <= now else { return }
        disk.use(.reader(shard: shard.number))
        let store = shard.hosts[0].store
        do throws(JournalError) {
            if !shardConsumers[shard.number].hasCursor {
                try store.createCursor(Consumer.cursor, at: 0)
                shardConsumers[shard.number].hasCursor = true
            }
            // With the planted bug of archives no cursor holds anything back.
            if !scenario.consumesAtTheEnd || scenario.planted == .neighbourRetired { try take(store, of: shard.number) }
            try advance(store, of: shard.number)
        } catch {
            consumerFailed(error, at: shard.number)
        }
    }

    private func advance(_ store: SimStore, of shard: Int) throws(JournalError) {
        let position = RecordPosition(shardConsumers[shard].taken.count)
        do throws(JournalError) {
            try store.advanceCursor(Consumer.cursor, to: position)
        } catch {
            guard error.code == .notFound else { throw error }
            return fail("a consumer took record \(position), and its cursor cannot go there: \(error)")
        }
        shardConsumers[shard].willHaveAdvanced(to: position, at: disk.idleAt(.reader(shard: shard)))
    }

    private func take(_ store: SimStore, of shard: Int) throws(JournalError) {
        let taken = shardConsumers[shard].taken.count
        let feed: any JournalFeed
        if let open = shardConsumers[shard].feed {
            feed = open
        } else {
            feed = try store.feed(from: RecordPosition(taken) + 1)
            shardConsumers[shard].feed = feed
        }
        while let batch = try feed.read() {
            let expected = RecordPosition(shardConsumers[shard].taken.count) + 1
            guard batch.firstPosition == expected else {
                return fail("a feed gives record \(batch.firstPosition) after \(expected - 1)")
            }
            batch.forEach { _, bytes in
                shardConsumers[shard].taken.append(bytes.withUnsafeBytes { JournalLog.hash($0) })
            }
        }
        let more = shardConsumers[shard].taken.count
        if more > taken { trace.note("taken", at: now, of: more, with: shard) }
    }

    /// Tries again after an error of the disk. Records that are gone cannot be read again.
    private func consumerFailed(_ error: JournalError, at shard: Int) {
        trace.note("consumer failed", at: now, of: shard)
        shardConsumers[shard].feed?.close()
        shardConsumers[shard].feed = nil
        switch error.code {
        case .notFound: fail("a consumer's cursor did not keep the records behind it: \(error)")
        case .corrupt where damage == nil: fail("a consumer finds damage where there is none: \(error)")
        case .exists: shardConsumers[shard].hasCursor = true
        default: break
        }
    }

    // MARK: The end

    /// The consumers take the rest; then they have every record, as it was appended.
    func finishConsumers(_ process: GatewayProcess) {
        disk.isWatched = true
        defer { disk.isWatched = false }
        for shard in process.shards where scenario.hasConsumer && violation == nil { finishConsumer(of: shard) }
    }

    private func finishConsumer(of shard: SimShard) {
        do throws(JournalError) {
            try take(shard.hosts[0].store, of: shard.number)
        } catch {
            return fail("a consumer's cursor did not keep the records behind it: \(error)")
        }
        shardConsumers[shard.number].feed?.close()
        shardConsumers[shard.number].feed = nil
        let taken = shardConsumers[shard.number].taken
        let journalLog = shard.journalLog
        guard taken != Array(journalLog.hashes.prefix(Int(journalLog.acknowledged))) else { return }
        let first = zip(taken, journalLog.hashes).enumerated().first { $1.0 != $1.1 }?.offset ?? taken.count
        fail("a consumer took \(taken.count) of \(journalLog.acknowledged) records, and others from \(first + 1) on")
    }
}
