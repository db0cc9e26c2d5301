package import Journal

// The layouts of docs/key-runs.md. A run is two files in the snapshot container (docs/journal.md):
// the keys, and what a shard keeps in memory to find them.

/// The sections of the files; the raw value is written.
enum KeyRunSection: UInt16 {
    /// One block of keys.
    case keys = 1
    /// The filter and the index of `KeyRunFormat.blocksPerPartition` blocks.
    case partition = 2
    /// What the run is, in the last chunk of the filter's file and in the catalogue.
    case summary = 3
    /// The head of a catalogue.
    case catalogue = 4
}

enum KeyRunFormat {
    static let contentVersion: UInt32 = 1
    /// A block's chunk, encrypted, fills 4 KiB of the file: 32 bytes of header, 92 keys, 16 bytes
    /// of tag.
    static let keysPerBlock = 92
    static let blockBytes = keysPerBlock * StoredKey.byteCount
    /// One filter is for at most 376,832 keys, so that its chunk stays below 1 MiB and building it
    /// takes 10 MB.
    static let blocksPerPartition = 4_096
    static let keysPerPartition = blocksPerPartition * keysPerBlock

    /// The folder of the runs in the journal's directory.
    static let directoryName = "keys"
    static let keysSuffix = ".keys"
    static let filterSuffix = ".filter"
    static let catalogueName = "catalogue"

    static func name(_ number: UInt64, _ suffix: String) -> String {
        let decimal = String(number)
        return String(repeating: "0", count: max(0, 12 - decimal.utf8.count)) + decimal + suffix
    }

    /// Where block `block` of a run begins.
    static func offset(ofBlock block: Int, isSealed: Bool) -> UInt64 {
        let chunkBytes = SnapshotReader.chunkHeaderBytes + blockBytes + (isSealed ? ChunkSealer.overhead : 0)
        return UInt64(SnapshotReader.firstChunkOffset + block * chunkBytes)
    }

    static func blockCount(keys: UInt64) -> Int { (Int(keys) + keysPerBlock - 1) / keysPerBlock }
}

/// What a run is. The catalogue holds one for each run, and the filter's file holds the same.
package struct KeyRunSummary: Sendable, Equatable {
    static let byteCount = 48

    /// Names the files. Numbers are never used twice in a directory.
    package var number: UInt64
    /// Keys in the run.
    package var count: UInt64
    /// The records that its keys answer with.
    package var firstRecord: RecordPosition
    package var lastRecord: RecordPosition
    /// When the first and the last of its keys are forgotten, in seconds since 1970.
    package var firstExpiry: UInt32
    package var lastExpiry: UInt32

    /// Of a run without keys.
    init(number: UInt64) {
        self.init(number: number, count: 0, firstRecord: .max, lastRecord: 0, firstExpiry: .max, lastExpiry: 0)
    }

    package init(
        number: UInt64,
        count: UInt64,
        firstRecord: RecordPosition,
        lastRecord: RecordPosition,
        firstExpiry: UInt32,
        lastExpiry: UInt32
    ) {
        self.number = number
        self.count = count
        self.firstRecord = firstRecord
        self.lastRecord = lastRecord
        self.firstExpiry = firstExpiry
        self.lastExpiry = lastExpiry
    }

    mutating func add(_ key: StoredKey) {
        count += 1
        firstRecord = min(firstRecord, key.record)
        lastRecord = max(lastRecord, key.record)
        firstExpiry = min(firstExpiry, key.expiresAt)
        lastExpiry = max(lastExpiry, key.expiresAt)
    }

    /// Whether all its keys are forgotten at `second`.
    func isForgotten(at second: UInt32) -> Bool { lastExpiry <= second }

    func store(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(number, at: 0)
        bytes.store(count, at: 8)
        bytes.store(firstRecord, at: 16)
        bytes.store(lastRecord, at: 24)
        bytes.store(firstExpiry, at: 32)
        bytes.store(lastExpiry, at: 36)
        bytes.store(UInt64(0), at: 40)
    }

    /// nil for what no writer writes.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        self.init(
            number: bytes.integer(at: 0),
            count: bytes.integer(at: 8),
            firstRecord: bytes.integer(at: 16),
            lastRecord: bytes.integer(at: 24),
            firstExpiry: bytes.integer(at: 32),
            lastExpiry: bytes.integer(at: 36)
        )
        guard count > 0, count <= 1 << 40, number > 0, firstRecord <= lastRecord, firstExpiry <= lastExpiry else {
            return nil
        }
    }
}

/// The beginning of a partition's chunk. The first digests of its blocks (8 bytes each) and the
/// filter's slots (2 bytes each) follow.
struct PartitionHead: Equatable {
    static let byteCount = 48

    var keyCount: UInt32
    var blockCount: UInt32
    var first: StoredKeyDigest
    var filter: FuseFilter

    /// Bytes of the whole chunk.
    var chunkBytes: Int { Self.byteCount + Int(blockCount) * 8 + filter.slotCount * 2 }

    func store(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(keyCount, at: 0)
        bytes.store(blockCount, at: 4)
        bytes.store(first.high, at: 8)
        bytes.store(first.low, at: 16)
        bytes.store(filter.seed, at: 24)
        bytes.store(filter.segmentLength, at: 32)
        bytes.store(filter.segmentCount, at: 36)
        bytes.store(UInt64(0), at: 40)
    }

    init(keyCount: Int, blockCount: Int, first: StoredKeyDigest, filter: FuseFilter) {
        self.keyCount = UInt32(keyCount)
        self.blockCount = UInt32(blockCount)
        self.first = first
        self.filter = filter
    }

    /// nil for anything but the beginning of a chunk of this size.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        keyCount = bytes.integer(at: 0)
        blockCount = bytes.integer(at: 4)
        first = StoredKeyDigest(high: bytes.integer(at: 8), low: bytes.integer(at: 16))
        filter = FuseFilter(
            segmentLength: bytes.integer(at: 32),
            segmentCount: bytes.integer(at: 36),
            seed: bytes.integer(at: 24)
        )
        let length = filter.segmentLength
        guard keyCount > 0, keyCount <= KeyRunFormat.keysPerPartition,
            Int(blockCount) == KeyRunFormat.blockCount(keys: UInt64(keyCount)),
            length >= 4, length <= 1 << 18, length & (length - 1) == 0, filter.segmentCount <= 1 << 18,
            bytes.count == chunkBytes
        else { return nil }
    }
}
