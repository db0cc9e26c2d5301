package import Journal
package import KeyRuns
package import ShardRecords
package import Time

extension StoredKeyDigest {
    package init(_ digest: KeyDigest) { self.init(high: digest.high, low: digest.low) }
}

extension StoredKey {
    package init(_ key: RequestKey, record: RecordPosition, expiresAt: UInt32) {
        self.init(
            digest: StoredKeyDigest(key.digest),
            fingerprintHigh: key.fingerprint.high,
            fingerprintLow: key.fingerprint.low,
            record: record,
            expiresAt: expiresAt
        )
    }

    package var fingerprint: Fingerprint { Fingerprint(high: fingerprintHigh, low: fingerprintLow) }
}

/// The keys completed since the last snapshot, in the order of their completion: what the next run
/// is written from.
///
/// Bounded by the snapshot's trigger. When no snapshot succeeds, keys whose time has passed leave
/// at the front, so that it never holds more than the idempotency table does.
package struct CompletedKeys: Sendable {
    private static let chunkCount = 1_024

    private var chunks: [ContiguousArray<StoredKey>] = []

    package init() {}

    package var count: Int { max(0, chunks.count - 1) * Self.chunkCount + (chunks.last?.count ?? 0) }

    package mutating func append(_ key: StoredKey, at time: Timestamp) {
        if chunks.last.map({ $0.count == Self.chunkCount }) ?? true {
            dropExpired(at: time)
            var chunk = ContiguousArray<StoredKey>()
            chunk.reserveCapacity(Self.chunkCount)
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(key)
    }

    /// All of them, for the thread that writes them.
    package var all: [StoredKey] {
        var keys: [StoredKey] = []
        keys.reserveCapacity(count)
        for chunk in chunks { keys.append(contentsOf: chunk) }
        return keys
    }

    /// Puts the keys of a snapshot that could not be written before those completed since.
    package mutating func putBack(_ older: CompletedKeys) {
        var all = older
        for chunk in chunks { for key in chunk { all.append(key, at: .none) } }
        self = all
    }

    private mutating func dropExpired(at time: Timestamp) {
        let now = time.seconds
        let expired = chunks.prefix { $0.last.map { $0.expiresAt < now } ?? true }.count
        chunks.removeFirst(expired)
    }
}
