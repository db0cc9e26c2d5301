import ShardModel

@testable import Journal
@testable import KeyRuns

/// A directory of runs on a disk in memory, and seeded keys.
struct KeyBench {
    static let directory = "/d/keys"
    static let ttl: UInt32 = 86_400

    var disk = MemoryDisk()
    var ring: MasterKeyRing?
    var policy = KeyRunPolicy(ttlSeconds: ttl)
    private(set) var store: KeyRunStore

    init(isEncrypted: Bool = false, policy: KeyRunPolicy = KeyRunPolicy(ttlSeconds: ttl)) throws {
        ring = isEncrypted ? try Self.testRing() : nil
        self.policy = policy
        store = Self.store(disk, ring: ring, policy: policy)
        _ = try store.open()
    }

    /// Key 1 is 32 bytes of 9.
    static func testRing() throws(KeyTextError) -> MasterKeyRing {
        let text = "active: 1\n1: \(Base64.encode([UInt8](repeating: 9, count: 32)))\n"
        return try MasterKeyRing(text: Array(text.utf8), source: "keys")
    }

    static func store(_ disk: MemoryDisk, ring: MasterKeyRing?, policy: KeyRunPolicy) -> KeyRunStore {
        KeyRunStore(
            directory: directory,
            journalID: 7,
            keys: ring.map { JournalKeys($0) },
            fileSystem: disk,
            policy: policy
        )
    }

    /// What the next process finds on `disk`; throws as its start does.
    mutating func restart(on disk: MemoryDisk, requiring covered: RecordPosition = 0) throws(JournalError) {
        self.disk = disk
        store = Self.store(disk, ring: ring, policy: policy)
        _ = try store.open(requiring: covered)
    }

    /// Files that are on the disk, without the directory.
    var files: [String] { disk.names.map { String($0.dropFirst(Self.directory.count + 1)) } }

    static func path(_ name: String) -> String { directory + "/" + name }
}

/// A small seeded generator of numbers and keys.
struct KeyRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func digest() -> StoredKeyDigest { StoredKeyDigest(high: next(), low: next()) }

    mutating func key(record: RecordPosition, expiresAt: UInt32) -> StoredKey {
        StoredKey(
            digest: digest(),
            fingerprintHigh: next(),
            fingerprintLow: next(),
            record: record,
            expiresAt: expiresAt
        )
    }

    /// Keys completed by the records of `records`, all forgotten at `expiresAt`.
    mutating func keys(_ records: ClosedRange<RecordPosition>, expiresAt: UInt32) -> [StoredKey] {
        records.map { key(record: $0, expiresAt: expiresAt) }
    }
}
