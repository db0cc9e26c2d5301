package import Journal
package import KeyRuns
package import Payments
package import ShardRecords
package import Time

/// The idempotency keys of a shard: those in memory, and the runs of those that left it.
///
/// Merchants' requests and providers' events have a table each, so that requests never keep out
/// the events that end their operations. A completed key is noted for the next run. It may leave
/// memory when a run holds it.
package struct KeyStore {
    /// The table that remembers a key.
    package enum Table: Sendable {
        /// Of merchants' and operators' requests.
        case requests
        /// Of providers' events. They end operations, so a full table of another kind must not keep
        /// them out.
        case events
    }

    private var requests: IdempotencyTable
    private var events: IdempotencyTable
    /// The keys completed since the last snapshot.
    private var completed = CompletedKeys()
    /// The completed keys that left memory.
    package private(set) var runs = KeyRunSet.empty
    /// The key that was looked up on the disk and not found, while its command is handled.
    package var absentKey: KeyDigest?

    /// - Parameters:
    ///   - requests: the most keys of requests in memory. A thirty-second of them is for operators.
    ///   - events: the most keys of events in memory.
    ///   - ttlSeconds: how long a completed key is remembered.
    package init(requests: Int, events: Int, ttlSeconds: UInt32) {
        self.requests = IdempotencyTable(
            capacity: requests,
            ttlSeconds: ttlSeconds,
            keptForOperators: requests / 32
        )
        self.events = IdempotencyTable(capacity: events, ttlSeconds: ttlSeconds)
    }

    // MARK: Look-up

    /// What is known in memory of a key.
    package func lookup(
        _ digest: KeyDigest,
        _ fingerprint: Fingerprint,
        in table: Table
    ) -> IdempotencyTable.Lookup {
        switch table {
        case .requests: requests.lookup(digest, fingerprint)
        case .events: events.lookup(digest, fingerprint)
        }
    }

    /// Whether a key that is not in memory has to be looked up on the disk.
    package func mayBeInRuns(_ digest: KeyDigest) -> Bool {
        absentKey != digest && runs.mayContain(StoredKeyDigest(digest))
    }

    // MARK: Room

    /// Whether no key more fits into the table, whosever it is.
    package func isFull(_ table: Table) -> Bool {
        switch table {
        case .requests: requests.isFull
        case .events: events.isFull
        }
    }

    /// Whether a new key of the merchant fits into the table, and into the merchant's share of it.
    /// - Parameter limit: the most keys that the table may hold now.
    package func hasRoom(for merchant: MerchantID, in table: Table, of limit: Int = .max) -> Bool {
        switch table {
        case .requests: requests.hasRoom(for: merchant, of: limit)
        case .events: events.hasRoom(for: merchant, of: limit)
        }
    }

    /// Makes room for the key of a replayed record. Replay may begin before what the runs hold:
    /// those keys need not be in the table.
    package mutating func makeRoom(in table: Table) throws(RecordDecodingError) {
        switch table {
        case .requests: try requests.makeRoom(covered: runs.covered)
        case .events: try events.makeRoom(covered: runs.covered)
        }
    }

    // MARK: Requests

    /// Reserves the key of a request for its operation.
    /// - Parameter operation: the token of the running operation.
    /// - Precondition: `hasRoom` was asked, or `makeRoom` on replay.
    package mutating func reserve(
        _ key: RequestKey,
        operation: UInt64,
        of merchant: MerchantID,
        at time: Timestamp
    ) {
        let isReserved = requests.reserve(
            key.digest,
            key.fingerprint,
            operation: operation,
            of: merchant,
            at: time
        )
        precondition(isReserved, "room in the idempotency table is checked before")
    }

    /// Reserves the key of an operation that a snapshot holds.
    /// - Throws: `invalidValue` for a second operation under the same key, `idempotencyTableFull`
    ///   where the configuration has less room than the snapshot needs.
    package mutating func restore(
        _ key: RequestKey,
        operation: UInt64,
        of merchant: MerchantID,
        at time: Timestamp
    ) throws(RecordDecodingError) {
        if requests.isReserved(key.digest) { throw .invalidValue }
        let isReserved = requests.reserve(
            key.digest,
            key.fingerprint,
            operation: operation,
            of: merchant,
            at: time
        )
        guard isReserved else { throw .idempotencyTableFull(capacity: requests.capacity) }
    }

    /// Points a reserved key at its operation again.
    package mutating func rebind(_ key: RequestKey, operation: UInt64) {
        requests.rebind(key.digest, operation: operation)
    }

    /// The operation of a reserved key has ended: the answer is in the record at `record`.
    package mutating func complete(_ key: RequestKey, record: RecordPosition, at time: Timestamp) {
        let expiresAt = requests.complete(key.digest, record: record, at: time)
        remember(key, record: record, expiresAt: expiresAt, at: time)
    }

    /// Remembers the key of what ended as it was decided: its one record is at `record`.
    /// - Precondition: as for `reserve`.
    package mutating func completeAtOnce(
        _ key: RequestKey,
        in table: Table,
        of merchant: MerchantID,
        record: RecordPosition,
        at time: Timestamp
    ) {
        let expiresAt =
            switch table {
            case .requests: requests.completeAtOnce(key, of: merchant, record: record, at: time)
            case .events: events.completeAtOnce(key, of: merchant, record: record, at: time)
            }
        remember(key, record: record, expiresAt: expiresAt, at: time)
    }

    /// Notes a completed key for the next run.
    /// - Parameter expiresAt: nil where the table has forgotten the key.
    private mutating func remember(
        _ key: RequestKey,
        record: RecordPosition,
        expiresAt: UInt32?,
        at time: Timestamp
    ) {
        // Replay may begin before what the runs hold.
        guard let expiresAt, record > runs.covered else { return }
        completed.append(StoredKey(key, record: record, expiresAt: expiresAt), at: time)
    }

    // MARK: Time and memory

    /// Forgets completed keys whose time has passed; bounded, for each tick.
    package mutating func expire(at time: Timestamp, limit: Int = IdempotencyTable.maximumExpiredPerCall) {
        requests.expire(at: time, limit: limit)
        events.expire(at: time, limit: limit)
    }

    /// The runs as they are now: more keys, or the same in fewer runs. Keys that they hold may
    /// leave memory.
    package mutating func use(_ runs: KeyRunSet) {
        precondition(runs.covered >= self.runs.covered, "runs never lose keys that are remembered")
        self.runs = runs
    }

    /// Forgets some of the keys that the runs hold, and those whose time has passed. Bounded work;
    /// called in each tick.
    /// - Returns: whether none is left.
    package mutating func release() -> Bool {
        let isDone = requests.release(upTo: runs.covered)
        return events.release(upTo: runs.covered) && isDone
    }

    // MARK: The next run

    /// Whether so many keys wait for a run that one should be written now. That is half of what
    /// fits into memory, of requests or of events.
    /// - Parameter isProcessShort: whether the keys of the whole process should leave memory.
    package func isRunDue(isProcessShort: Bool) -> Bool {
        if completed.count >= max(1, requests.capacity / 2) { return true }
        return completed.count > 0 && (isProcessShort || events.count >= max(1, events.capacity / 2))
    }

    /// Takes out the completed keys, for the code that writes the next run.
    package mutating func takeCompleted() -> CompletedKeys {
        defer { completed = CompletedKeys() }
        return completed
    }

    /// The keys that were taken did not get into a run: they come before those completed since.
    package mutating func putBack(_ keys: CompletedKeys) { completed.putBack(keys) }

    // MARK: Sizes

    /// Keys of requests in memory.
    package var requestCount: Int { requests.count }
    /// The most keys of requests in memory.
    package var requestCapacity: Int { requests.capacity }
    /// Keys of events in memory.
    package var eventCount: Int { events.count }
    /// Completed keys that no run holds.
    package var completedCount: Int { completed.count }
    /// The bytes of the two tables.
    package var reservedBytes: Int { requests.reservedBytes + events.reservedBytes }
}

extension IdempotencyTable {
    /// Reserves an absent key and stores its result.
    /// - Returns: when it will be forgotten, in seconds since 1970.
    fileprivate mutating func completeAtOnce(
        _ key: RequestKey,
        of merchant: MerchantID,
        record: RecordPosition,
        at time: Timestamp
    ) -> UInt32? {
        let isReserved = reserve(key.digest, key.fingerprint, operation: 0, of: merchant, at: time)
        precondition(isReserved, "room in the idempotency table is checked before")
        return complete(key.digest, record: record, at: time)
    }

    fileprivate mutating func makeRoom(covered: RecordPosition) throws(RecordDecodingError) {
        if isFull { _ = release(upTo: covered, limit: .max >> 8) }
        if isFull { throw .idempotencyTableFull(capacity: capacity) }
    }
}
