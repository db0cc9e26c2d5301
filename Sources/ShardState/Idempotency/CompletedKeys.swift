package import ShardRecords

/// A key with its result, as key runs hold it: 48 bytes.
package struct CompletedKey {
    package static let byteCount = 48

    package var digest: KeyDigest
    package var fingerprint: Fingerprint
    /// The position of the record that holds the stored answer.
    package var record: UInt64
    /// Seconds since 1970.
    package var expiresAt: UInt32

    package func store(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: digest.high.littleEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: digest.low.littleEndian, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: fingerprint.high.littleEndian, toByteOffset: 16, as: UInt64.self)
        bytes.storeBytes(of: fingerprint.low.littleEndian, toByteOffset: 24, as: UInt64.self)
        bytes.storeBytes(of: record.littleEndian, toByteOffset: 32, as: UInt64.self)
        bytes.storeBytes(of: expiresAt.littleEndian, toByteOffset: 40, as: UInt32.self)
        bytes.storeBytes(of: 0, toByteOffset: 44, as: UInt32.self)
    }

    package init(digest: KeyDigest, fingerprint: Fingerprint, record: UInt64, expiresAt: UInt32) {
        self.digest = digest
        self.fingerprint = fingerprint
        self.record = record
        self.expiresAt = expiresAt
    }

    /// - Precondition: the bytes are as many as an entry has.
    package init(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount)
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        digest = KeyDigest(high: word(0), low: word(8))
        fingerprint = Fingerprint(high: word(16), low: word(24))
        record = word(32)
        expiresAt = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 40, as: UInt32.self))
    }
}

/// The keys completed since the last snapshot, in the order of their completion: what the next key run is written from.
///
/// Bounded by the snapshot's trigger. When no snapshot succeeds, keys whose time has passed leave at the front, so that it
/// never holds more than the idempotency table does.
package struct CompletedKeys: Sendable {
    private static let chunkCount = 1_024

    package private(set) var chunks: [ContiguousArray<CompletedKey>] = []

    package init() {}

    package var count: Int { max(0, chunks.count - 1) * Self.chunkCount + (chunks.last?.count ?? 0) }

    package mutating func append(_ key: CompletedKey, at milliseconds: Int64) {
        if chunks.last.map({ $0.count == Self.chunkCount }) ?? true {
            dropExpired(at: milliseconds)
            var chunk = ContiguousArray<CompletedKey>()
            chunk.reserveCapacity(Self.chunkCount)
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(key)
    }

    /// Puts the keys of a snapshot that could not be written before those completed since.
    package mutating func putBack(_ older: CompletedKeys) {
        var all = older
        for chunk in chunks { for key in chunk { all.append(key, at: 0) } }
        self = all
    }

    private mutating func dropExpired(at milliseconds: Int64) {
        let now = UInt32(clamping: milliseconds / 1000)
        let expired = chunks.prefix { $0.last.map { $0.expiresAt < now } ?? true }.count
        chunks.removeFirst(expired)
    }
}
