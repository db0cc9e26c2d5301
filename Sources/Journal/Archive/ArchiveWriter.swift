import Crypto

/// Puts one segment into the archive, in small steps. It copies the segment chunk by chunk and
/// checks every frame and link. It makes the copy durable under a temporary name, reads the copy
/// back, and renames it. It does not change the segment itself.
final class ArchiveWriter {
    static let chunkBytes = 256 << 10
    /// What a flush of the journal may have to wait for.
    static let pieceBytes = 128 << 10

    /// What the segment after this one says about its end.
    struct Expected: Equatable {
        var nextBatch: UInt64
        var nextPosition: RecordPosition
        var hash: ChainHash
    }

    private enum Phase {
        case copying
        case finishing
        case verifying(ArchivedSegment, chunk: Int, SHA256)
        case publishing
        case published
    }

    private let fileSystem: any JournalFileSystem
    private let archive: ArchiveDirectory
    private let expected: Expected
    private let segment: SegmentHeader
    private let saltSeed: UInt32
    private var reader: SegmentReader
    private let target: any JournalFile
    private let temporary: String
    private let method: ArchiveHeader.Method
    private let codec = ChunkCodec()
    private var phase = Phase.copying

    private let chunk = UnsafeMutableRawBufferPointer.aligned(byteCount: chunkBytes)
    private var chunkCount = 0
    private var chunkFirst: (frame: UInt32, position: RecordPosition) = (0, 0)
    private let pending: UnsafeMutableRawBufferPointer
    private var pendingCount = 0
    private var written = UInt64(ArchiveHeader.byteCount)
    private var table: [ArchiveHeader.Chunk] = []
    private var digest = SHA256()
    private var offset = UInt64(SegmentHeader.byteCount)
    private var at: Expected
    private var lastMilliseconds: Int64
    private var header: ArchiveHeader?

    /// Opens the segment and a temporary file. Throws damage of the segment, and what the file
    /// system refuses.
    init(
        _ fileSystem: any JournalFileSystem,
        of directory: JournalDirectory,
        into archive: ArchiveDirectory,
        number: UInt64,
        expected: Expected
    ) throws(JournalFileError) {
        let name = JournalDirectory.segmentName(number)
        let path = directory.file(name)
        let file = try fileSystem.open(path, .read)
        let window = SegmentReader.Window(byteCount: 1 << 20)
        let (segment, reader) = try Self.open(file, at: path, named: name, window: window)
        guard segment.number == number else { throw .damaged(path, "the header is of segment \(segment.number)") }
        self.fileSystem = fileSystem
        self.archive = archive
        self.expected = expected
        self.segment = segment
        self.reader = reader
        saltSeed = segment.salt.seed
        // Ciphertext does not get smaller.
        method = segment.keyID == 0 ? .zstd : .plain
        at = Expected(nextBatch: segment.firstBatch, nextPosition: segment.firstPosition, hash: segment.previousHash)
        lastMilliseconds = segment.createdMilliseconds
        pending = .aligned(byteCount: paddedToBlock(Self.pieceBytes + ChunkCodec.bound(Self.chunkBytes)))
        temporary = archive.file(name + JournalDirectory.temporarySuffix)
        target = try fileSystem.open(temporary, .prepare)
        try take(try bytes(at: 0, count: SegmentHeader.byteCount))
    }

    deinit {
        chunk.deallocate()
        pending.deallocate()
    }

    private static func open(
        _ file: any JournalFile,
        at path: String,
        named name: String,
        window: SegmentReader.Window
    ) throws(JournalFileError) -> (SegmentHeader, SegmentReader) {
        do throws(JournalProblem) {
            var reader = try SegmentReader(name: name, file: file, window: window)
            guard case .header(let header) = try reader.header(), header.segmentBytes == reader.byteCount else {
                throw JournalProblem(.corrupt, file: name, "the segment header is damaged")
            }
            return (header, reader)
        } catch {
            throw .damaged(path, error.detail)
        }
    }

    /// One step: about a chunk's work. Returns what was archived once it is there under its name.
    func step() throws(JournalFileError) -> Archived? {
        switch phase {
        case .copying: try copy()
        case .finishing: try finish()
        case .verifying(let file, let index, let digest): try verify(file, chunk: index, has: digest)
        case .publishing: return try publish()
        case .published: preconditionFailure("the segment is archived")
        }
        return nil
    }

    struct Archived {
        let entry: ArchiveDirectory.Entry
        let header: ArchiveHeader
    }

    /// Removes what an attempt left. The error that matters was reported already.
    func removeRemains() {
        do { try fileSystem.remove(temporary) } catch { return }
    }
}

// MARK: Copying

extension ArchiveWriter {
    /// Frames until a chunk is full.
    private func copy() throws(JournalFileError) {
        let chunks = table.count
        while table.count == chunks {
            guard try copyFrame() else { return try endCopy() }
        }
    }

    /// False at the segment's end.
    private func copyFrame() throws(JournalFileError) -> Bool {
        guard offset + UInt64(blockBytes) <= segment.segmentBytes else { return false }
        let block = try bytes(at: offset, count: blockBytes)
        guard let header = BatchHeader.decode(block, saltSeed: saltSeed) else { return false }
        guard header.segment == segment.number, header.offset == offset, header.batch == at.nextBatch,
            header.firstPosition == at.nextPosition, header.previousHash == at.hash, header.recordCount > 0,
            header.frameBytes <= Int(segment.batchBytes)
        else {
            throw damage("batch \(header.batch) stands where batch \(at.nextBatch) belongs")
        }
        let frame = try bytes(at: offset, count: header.frameBytes)
        guard BatchHeader.payloadIsIntact(frame, length: Int(header.length)) else {
            throw damage("batch \(header.batch) is damaged")
        }
        if chunkFirst.position == 0 { chunkFirst = (UInt32(chunkCount / blockBytes), header.firstPosition) }
        at.hash = BatchHeader.hash(frame, length: Int(header.length))
        at.nextBatch += 1
        at.nextPosition += UInt64(header.recordCount)
        lastMilliseconds = header.wallMilliseconds
        offset += UInt64(header.frameBytes)
        try take(frame)
        return true
    }

    private func endCopy() throws(JournalFileError) {
        guard at == expected else { throw damage("batch \(at.nextBatch) is missing or damaged") }
        if chunkCount > 0 { try endChunk() }
        phase = .finishing
    }

    private func bytes(at offset: UInt64, count: Int) throws(JournalFileError) -> UnsafeRawBufferPointer {
        do throws(JournalProblem) {
            guard let bytes = try reader.bytes(at: offset, count: count) else {
                throw JournalProblem(.corrupt, file: reader.name, "the file is too short")
            }
            return bytes
        } catch {
            throw damage(error.detail)
        }
    }

    private func damage(_ detail: String) -> JournalFileError {
        .damaged(reader.name, "offset \(offset), record \(at.nextPosition): \(detail)")
    }

    private func take(_ bytes: UnsafeRawBufferPointer) throws(JournalFileError) {
        digest.update(bufferPointer: bytes)
        var taken = 0
        while taken < bytes.count {
            let count = min(bytes.count - taken, chunk.count - chunkCount)
            UnsafeMutableRawBufferPointer(rebasing: chunk[chunkCount..<chunkCount + count])
                .copyMemory(from: bytes.part(taken, count))
            chunkCount += count
            taken += count
            if chunkCount == chunk.count { try endChunk() }
        }
    }

    private func endChunk() throws(JournalFileError) {
        let source = UnsafeRawBufferPointer(chunk).part(0, chunkCount)
        let room = UnsafeMutableRawBufferPointer(rebasing: pending[pendingCount...])
        let count: Int
        switch method {
        case .zstd: count = codec.compress(source, into: room)
        case .plain:
            room.copyMemory(from: source)
            count = source.count
        }
        table.append(
            .init(
                offset: written + UInt64(pendingCount),
                length: UInt32(count),
                storedChecksum: crc32c(UnsafeRawBufferPointer(pending).part(pendingCount, count)),
                checksum: crc32c(source),
                firstFrame: chunkFirst.frame,
                firstPosition: chunkFirst.position
            )
        )
        pendingCount += count
        chunkCount = 0
        chunkFirst = (0, 0)
        try flush(leaving: Self.pieceBytes)
    }

    /// Writes whole pieces until fewer bytes than that are left.
    private func flush(leaving limit: Int) throws(JournalFileError) {
        var start = 0
        while pendingCount - start >= limit, pendingCount - start > 0 {
            let count = min(Self.pieceBytes, pendingCount - start)
            precondition(count % blockBytes == 0)
            try target.write(UnsafeRawBufferPointer(pending).part(start, count), at: written)
            written += UInt64(count)
            start += count
        }
        let rest = pendingCount - start
        UnsafeMutableRawBufferPointer(rebasing: pending[..<rest])
            .copyMemory(from: UnsafeRawBufferPointer(pending).part(start, rest))
        pendingCount = rest
    }
}

// MARK: Finishing

extension ArchiveWriter {
    /// The table behind the chunks, then the header, which makes the file complete; then all of it
    /// durable.
    private func finish() throws(JournalFileError) {
        let tableOffset = written + UInt64(pendingCount)
        let bytes = UnsafeMutableRawBufferPointer.aligned(
            byteCount: max(1, table.count * ArchiveHeader.Chunk.byteCount)
        )
        defer { bytes.deallocate() }
        for (index, chunk) in table.enumerated() {
            chunk.encode(into: bytes, at: index * ArchiveHeader.Chunk.byteCount)
        }
        let used = UnsafeRawBufferPointer(bytes).part(0, table.count * ArchiveHeader.Chunk.byteCount)
        try append(used)
        UnsafeMutableRawBufferPointer(rebasing: pending[pendingCount..<paddedToBlock(pendingCount)]).zero()
        pendingCount = paddedToBlock(pendingCount)
        try flush(leaving: 0)
        let header = makeHeader(tableOffset: tableOffset, tableChecksum: crc32c(used))
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: ArchiveHeader.byteCount)
        defer { block.deallocate() }
        header.encode(into: block)
        try target.write(UnsafeRawBufferPointer(block), at: 0)
        try target.sync()
        self.header = header
        let copy = try ArchivedSegment(fileSystem, temporary)
        guard copy.header == header else { throw .damaged(temporary, "the header reads back as another one") }
        phase = .verifying(copy, chunk: 0, SHA256())
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws(JournalFileError) {
        var taken = 0
        while taken < bytes.count {
            let count = min(bytes.count - taken, pending.count - pendingCount)
            UnsafeMutableRawBufferPointer(rebasing: pending[pendingCount..<pendingCount + count])
                .copyMemory(from: bytes.part(taken, count))
            pendingCount += count
            taken += count
            try flush(leaving: Self.pieceBytes)
        }
    }

    private func makeHeader(tableOffset: UInt64, tableChecksum: UInt32) -> ArchiveHeader {
        ArchiveHeader(
            method: method,
            journalID: segment.journalID,
            number: segment.number,
            segmentBytes: segment.segmentBytes,
            usedBytes: offset,
            firstBatch: segment.firstBatch,
            lastBatch: at.nextBatch - 1,
            firstPosition: segment.firstPosition,
            lastPosition: at.nextPosition - 1,
            lastMilliseconds: lastMilliseconds,
            salt: segment.salt,
            previousHash: segment.previousHash,
            lastHash: at.hash,
            digest: ChainHash(finishing: digest),
            chunkBytes: UInt32(Self.chunkBytes),
            chunkCount: UInt32(table.count),
            tableOffset: tableOffset,
            tableChecksum: tableChecksum,
            fileBytes: written
        )
    }

    /// One chunk of the copy, from the disk: it was written past the page cache.
    private func verify(_ copy: ArchivedSegment, chunk index: Int, has digest: SHA256) throws(JournalFileError) {
        var digest = digest
        if index < copy.chunkCount {
            digest.update(bufferPointer: try copy.expand(index))
            phase = .verifying(copy, chunk: index + 1, digest)
            return
        }
        guard let header, ChainHash(finishing: digest) == header.digest else {
            throw .damaged(temporary, "it reads back as something else")
        }
        phase = .publishing
    }

    private func publish() throws(JournalFileError) -> Archived? {
        guard let header else { preconditionFailure("an archive file without header") }
        let entry = ArchiveDirectory.Entry(
            number: header.number,
            firstPosition: header.firstPosition,
            lastPosition: header.lastPosition
        )
        try fileSystem.rename(temporary, to: archive.file(entry.name))
        try fileSystem.syncDirectory(archive.path)
        phase = .published
        return Archived(entry: entry, header: header)
    }
}

extension ChainHash {
    init(finishing hash: SHA256) {
        self.init(bytes: hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) })
    }
}
