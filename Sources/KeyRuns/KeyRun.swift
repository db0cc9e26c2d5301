import Journal
import Synchronization

/// One run, open for look-ups. Its filter and its index are in memory, its keys are on the disk.
/// Immutable.
final class KeyRun: Sendable {
    /// The filter of one partition, and where its blocks and its slots begin.
    struct Partition: Sendable {
        var first: StoredKeyDigest
        var filter: FuseFilter
        var firstSlot: Int
        var firstBlock: Int
        var blockCount: Int
    }

    let summary: KeyRunSummary
    let digests: KeyRunFileDigests
    private let partitions: [Partition]
    private let fingerprints: [UInt16]
    /// The upper halves of the first digests of all blocks.
    private let blockFirsts: [UInt64]
    /// One thread at a time reads.
    private let file: Mutex<SnapshotChunkFile>
    private let isSealed: Bool
    let files: KeyRunFiles
    let fileBytes: UInt64

    /// Bytes of memory.
    var memoryBytes: Int {
        fingerprints.count * 2 + blockFirsts.count * 8 + partitions.count * MemoryLayout<Partition>.stride
    }

    /// Opens the run that the catalogue names. Reads and checks all of the filter's file, and the
    /// beginning and the end of the file of keys. Throws `corrupt` with the file's name if a file
    /// is damaged or is not the run's.
    init(_ files: KeyRunFiles, summary: KeyRunSummary, digests: KeyRunFileDigests) throws(JournalError) {
        self.files = files
        self.summary = summary
        self.digests = digests
        var loader = FilterLoader(keyCount: Int(summary.count))
        let filterPath = files.path(summary.number, KeyRunFormat.filterSuffix)
        let (header, found) = try SnapshotReader.readAll(files.fileSystem, path: filterPath, ring: files.ring) {
            section,
            bytes throws(JournalError) in
            guard loader.take(section, bytes) else {
                throw files.damaged(filterPath, "the filters cannot be understood")
            }
        }
        try files.check(header, kind: .keyFilter, number: summary.number, path: filterPath)
        guard loader.summary == summary, found.digest == digests.filter, loader.keyCount == summary.count else {
            throw files.damaged(filterPath, "is not the file that the catalogue names")
        }
        partitions = loader.partitions
        fingerprints = loader.fingerprints
        blockFirsts = loader.blockFirsts

        let keysPath = files.path(summary.number, KeyRunFormat.keysSuffix)
        let file = try SnapshotChunkFile(files.fileSystem, path: keysPath, ring: files.ring)
        try files.check(file.header, kind: .keyRun, number: summary.number, path: keysPath)
        let end = try file.summary()
        guard end.digest == digests.keys else {
            throw files.damaged(keysPath, "is not the file that the catalogue names")
        }
        isSealed = file.header.isSealed
        fileBytes = end.bytes + found.bytes
        self.file = Mutex(file)
    }

    /// Whether the key may be in the run; `false` is certain. Never reads the disk.
    func mayContain(_ digest: StoredKeyDigest) -> Bool {
        guard let partition = partition(of: digest) else { return false }
        return partition.filter.mayContain(digest, fingerprints, base: partition.firstSlot)
    }

    private func partition(of digest: StoredKeyDigest) -> Partition? {
        var low = 0
        var high = partitions.count
        while low < high {
            let middle = (low + high) / 2
            if partitions[middle].first <= digest { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : partitions[low - 1]
    }

    /// Reads the key, expired or not; nil if the run does not hold it. Blocks on the disk.
    /// - Parameter reads: is raised by the number of blocks read.
    func find(_ digest: StoredKeyDigest, reads: inout Int) throws(JournalError) -> StoredKey? {
        guard let partition = partition(of: digest) else { return nil }
        // The last block that begins at or below the digest's upper half.
        var low = partition.firstBlock
        var high = partition.firstBlock + partition.blockCount
        while low < high {
            let middle = (low + high) / 2
            if blockFirsts[middle] <= digest.high { low = middle + 1 } else { high = middle }
        }
        var block = low - 1
        while block >= partition.firstBlock {
            reads += 1
            let keys = try self.block(block)
            if let first = keys.first, first.digest <= digest { return keys.first(where: { $0.digest == digest }) }
            // The upper halves are equal and the lower is smaller: the key can only be in the block
            // before.
            block -= 1
        }
        return nil
    }

    var blockCount: Int { blockFirsts.count }

    /// The keys of a block, in order.
    func block(_ number: Int) throws(JournalError) -> [StoredKey] {
        let offset = KeyRunFormat.offset(ofBlock: number, isSealed: isSealed)
        let chunk = try file.withLock { file throws(JournalError) in
            try file.chunk(at: offset, expectedBytes: KeyRunFormat.blockBytes)
        }
        let expected = min(KeyRunFormat.keysPerBlock, Int(summary.count) - number * KeyRunFormat.keysPerBlock)
        guard chunk.section == KeyRunSection.keys.rawValue, chunk.bytes.count == expected * StoredKey.byteCount else {
            let path = files.path(summary.number, KeyRunFormat.keysSuffix)
            throw files.damaged(path, "block \(number) is not a block of \(expected) keys")
        }
        return chunk.bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: StoredKey.byteCount).map {
                StoredKey(UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + StoredKey.byteCount]))
            }
        }
    }

    /// Reads everything and checks that the keys ascend, are as many as the catalogue says, and
    /// that the filters let all of them through. Returns their number.
    func verify(pace: @escaping SnapshotWriter.Pace) throws(JournalError) -> UInt64 {
        let path = files.path(summary.number, KeyRunFormat.keysSuffix)
        let (_, whole) = try SnapshotReader.readAll(files.fileSystem, path: path, ring: files.ring, pace: pace) {
            _,
            _ in
        }
        guard whole.digest == digests.keys else {
            throw files.damaged(path, "is not the file that the catalogue names")
        }
        var found = KeyRunSummary(number: summary.number)
        var last: StoredKeyDigest?
        for number in 0..<blockCount {
            for key in try block(number) {
                guard last.map({ $0 < key.digest }) ?? true else { throw files.damaged(path, "the keys do not ascend") }
                guard mayContain(key.digest) else { throw files.damaged(path, "the filter denies a key of the run") }
                last = key.digest
                found.add(key)
            }
        }
        guard found == summary else { throw files.damaged(path, "the keys are not those that the catalogue names") }
        return found.count
    }
}
