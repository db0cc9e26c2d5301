import Journal

/// Where the runs of one shard are, and how their files are written.
struct KeyRunFiles: Sendable {
    let fileSystem: any JournalFileSystem
    let directory: String
    var journalID: UInt64
    let keys: JournalKeys?

    var ring: MasterKeyRing? { keys?.ring }

    func path(_ number: UInt64, _ suffix: String) -> String { path(KeyRunFormat.name(number, suffix)) }

    func path(_ name: String) -> String { directory + "/" + name }

    func header(_ kind: SnapshotKind, number: UInt64, position: RecordPosition) -> SnapshotHeader {
        SnapshotHeader(
            kind: kind,
            journalID: journalID,
            position: position,
            epoch: 0,
            wallMilliseconds: 0,
            contentVersion: KeyRunFormat.contentVersion,
            number: number
        )
    }

    /// Refuses a file that is another than its name says.
    func check(_ header: SnapshotHeader, kind: SnapshotKind, number: UInt64, path: String) throws(JournalError) {
        guard header.journalID == journalID else {
            throw JournalError(.format, "\(path): belongs to journal \(header.journalID), not to \(journalID)")
        }
        guard header.contentVersion <= KeyRunFormat.contentVersion else {
            throw JournalError(
                .format,
                "\(path): content of version \(header.contentVersion) is newer than this program"
            )
        }
        guard header.kind == kind, header.number == number else { throw damaged(path, "is not what its name says") }
    }

    func damaged(_ path: String, _ detail: String) -> JournalError { JournalError(.corrupt, "\(path): \(detail)") }

    /// Removes both files of a run, complete or begun, as far as they are there.
    func remove(_ number: UInt64) throws(JournalFileError) {
        let prefix = KeyRunFormat.name(number, ".")
        for name in try fileSystem.list(directory: directory) where name.hasPrefix(prefix) {
            try fileSystem.remove(path(name))
        }
    }
}

/// Writes one run from keys in the order of their digests: the file of keys, and beside it the file
/// of filters. Both are complete and durable when `finish` returns, the filters last. Blocks; one
/// thread.
struct KeyRunWriter: ~Copyable {
    private let files: KeyRunFiles
    /// Both are there until `finish`.
    private var keyFile: SnapshotWriter?
    private var filterFile: SnapshotWriter?
    private var builder = FuseFilterBuilder()
    private(set) var summary: KeyRunSummary
    private var last: StoredKeyDigest?
    /// The block that is being filled.
    private var block = [UInt8](repeating: 0, count: KeyRunFormat.blockBytes)
    private var blockKeys = 0
    /// The partition that is being filled.
    private var digests: [StoredKeyDigest] = []
    private var blockFirsts: [UInt64] = []
    private var fingerprints: [UInt16] = []

    init(
        _ files: KeyRunFiles,
        number: UInt64,
        position: RecordPosition,
        pace: @escaping SnapshotWriter.Pace
    ) throws(JournalError) {
        self.files = files
        summary = KeyRunSummary(number: number)
        keyFile = try SnapshotWriter(
            files.fileSystem,
            directory: files.directory,
            name: KeyRunFormat.name(number, KeyRunFormat.keysSuffix),
            header: files.header(.keyRun, number: number, position: position),
            ring: files.ring,
            pace: pace
        )
        filterFile = try SnapshotWriter(
            files.fileSystem,
            directory: files.directory,
            name: KeyRunFormat.name(number, KeyRunFormat.filterSuffix),
            header: files.header(.keyFilter, number: number, position: position),
            ring: files.ring,
            pace: pace
        )
    }

    /// - Precondition: the digest is larger than that of the key before.
    mutating func append(_ key: StoredKey) throws(JournalError) {
        if let last { precondition(last < key.digest, "the keys of a run ascend") }
        last = key.digest
        if blockKeys == 0 { blockFirsts.append(key.digest.high) }
        let offset = blockKeys * StoredKey.byteCount
        block.withUnsafeMutableBytes { key.store(into: $0.from(offset)) }
        blockKeys += 1
        digests.append(key.digest)
        summary.add(key)
        if blockKeys == KeyRunFormat.keysPerBlock { try writeBlock() }
        if digests.count == KeyRunFormat.keysPerPartition { try writePartition() }
    }

    /// Completes both files.
    /// - Precondition: there is a key. Of no keys there is no run, and the caller discards what was
    ///   begun.
    mutating func finish() throws(JournalError) -> (summary: KeyRunSummary, files: KeyRunFileDigests) {
        precondition(summary.count > 0, "a run holds a key")
        if blockKeys > 0 { try writeBlock() }
        if !digests.isEmpty { try writePartition() }
        let summary = self.summary
        var bytes = [UInt8](repeating: 0, count: KeyRunSummary.byteCount)
        bytes.withUnsafeMutableBytes { summary.store(into: $0) }
        try Self.write(bytes[...], .summary, to: &filterFile)
        guard let keyFile = keyFile.take(), let filterFile = filterFile.take() else {
            preconditionFailure("a run is finished once")
        }
        // The filters last: a run with filters has its keys.
        let keys = try keyFile.finish()
        let filter = try filterFile.finish()
        return (summary, KeyRunFileDigests(keys: keys.digest, filter: filter.digest))
    }

    private mutating func writeBlock() throws(JournalError) {
        let count = blockKeys * StoredKey.byteCount
        blockKeys = 0
        try Self.write(block[..<count], .keys, to: &keyFile)
    }

    private mutating func writePartition() throws(JournalError) {
        fingerprints.removeAll(keepingCapacity: true)
        let filter = builder.build(digests, appendingTo: &fingerprints)
        let head = PartitionHead(
            keyCount: digests.count,
            blockCount: blockFirsts.count,
            first: digests[0],
            filter: filter
        )
        var bytes = [UInt8](repeating: 0, count: head.chunkBytes)
        bytes.withUnsafeMutableBytes { room in
            head.store(into: room)
            var offset = PartitionHead.byteCount
            for first in blockFirsts {
                room.store(first, at: offset)
                offset += 8
            }
            for fingerprint in fingerprints {
                room.store(fingerprint, at: offset)
                offset += 2
            }
        }
        digests.removeAll(keepingCapacity: true)
        blockFirsts.removeAll(keepingCapacity: true)
        try Self.write(bytes[...], .partition, to: &filterFile)
    }

    private static func write(
        _ bytes: ArraySlice<UInt8>,
        _ section: KeyRunSection,
        to writer: inout SnapshotWriter?
    ) throws(JournalError) {
        var failure: JournalError?
        bytes.withUnsafeBytes { raw in
            do throws(JournalError) {
                try writer?.write(section: section.rawValue, raw)
            } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// SHA-256 of a run's two files without their last blocks, so that the catalogue can tell them from
/// any others.
struct KeyRunFileDigests: Sendable, Equatable {
    static let byteCount = 64

    var keys: SIMD32<UInt8>
    var filter: SIMD32<UInt8>
}
