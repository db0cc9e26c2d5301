import CMillrace

/// An archived segment, read as the segment file that it was. It expands chunks as they are needed,
/// and keeps one. Used by one thread at a time.
///
/// Proof that `@unchecked Sendable` holds: as every `JournalFile` it is used by one thread at a
/// time, and handed on as a whole.
final class ArchivedSegment: JournalFile, @unchecked Sendable {
    /// More than any segment: 4 GiB in chunks of 256 KiB are 16,384.
    static let maximumChunks = 1 << 16

    let header: ArchiveHeader
    let path: String
    private let file: any JournalFile
    private let chunks: [ArchiveHeader.Chunk]
    private let codec = ChunkCodec()
    private let stored: UnsafeMutableRawBufferPointer
    private let expanded: UnsafeMutableRawBufferPointer
    private var held: Int?

    /// Reads header and table. Throws damage as a `JournalFileError` that becomes `corrupt`.
    init(_ fileSystem: any JournalFileSystem, _ path: String) throws(JournalFileError) {
        self.path = path
        file = try fileSystem.open(path, .read)
        header = try Self.header(file, path)
        chunks = try Self.table(file, at: path, header: header)
        let longest = chunks.reduce(0) { max($0, Int($1.length)) }
        stored = .aligned(byteCount: max(longest, 1))
        expanded = .aligned(byteCount: Int(header.chunkBytes))
    }

    deinit {
        stored.deallocate()
        expanded.deallocate()
    }

    var byteCount: UInt64 { get throws(JournalFileError) { header.segmentBytes } }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalFileError) {
        preconditionFailure("an archived segment is only read")
    }

    func sync() throws(JournalFileError) { preconditionFailure("an archived segment is only read") }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(JournalFileError) -> Int {
        let end = min(offset + UInt64(buffer.count), header.segmentBytes)
        guard offset < end else { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(end - offset)])
        target.zero()
        var position = offset
        while position < min(end, header.usedBytes) {
            let index = Int(position / UInt64(header.chunkBytes))
            let chunk = try expand(index)
            let start = Int(position % UInt64(header.chunkBytes))
            let count = min(chunk.count - start, Int(end - position))
            UnsafeMutableRawBufferPointer(rebasing: target[Int(position - offset)..<Int(position - offset) + count])
                .copyMemory(from: chunk.part(start, count))
            position += UInt64(count)
        }
        return target.count
    }

    /// The bytes of one chunk; valid until the next call.
    func expand(_ index: Int) throws(JournalFileError) -> UnsafeRawBufferPointer {
        let start = UInt64(index) * UInt64(header.chunkBytes)
        let count = Int(min(UInt64(header.chunkBytes), header.usedBytes - start))
        let target = UnsafeMutableRawBufferPointer(rebasing: expanded[..<count])
        if held == index { return UnsafeRawBufferPointer(target) }
        held = nil
        let chunk = chunks[index]
        let source = UnsafeMutableRawBufferPointer(rebasing: stored[..<Int(chunk.length)])
        guard try file.read(into: source, at: chunk.offset) == source.count,
            crc32c(UnsafeRawBufferPointer(source)) == chunk.storedChecksum
        else {
            throw .damaged(path, "chunk \(index) at offset \(chunk.offset) is damaged")
        }
        switch header.method {
        case .plain:
            guard source.count == count else { throw .damaged(path, "chunk \(index) has another size") }
            target.copyMemory(from: UnsafeRawBufferPointer(source))
        case .zstd:
            guard codec.expand(UnsafeRawBufferPointer(source), into: target) else {
                throw .damaged(path, "chunk \(index) does not expand")
            }
        }
        guard crc32c(UnsafeRawBufferPointer(target)) == chunk.checksum else {
            throw .damaged(path, "chunk \(index) expands to something else")
        }
        held = index
        return UnsafeRawBufferPointer(target)
    }

    var chunkCount: Int { chunks.count }

    /// Whether a record is in it.
    func holds(_ position: RecordPosition) -> Bool {
        position >= header.firstPosition && position <= header.lastPosition
    }

    /// Where to begin looking for a record: a batch at or before it, at most a chunk away.
    func start(for position: RecordPosition) -> UInt64 {
        let index = chunks.lastIndex { $0.firstPosition > 0 && $0.firstPosition <= position }
        guard let index else { return UInt64(SegmentHeader.byteCount) }
        return UInt64(index) * UInt64(header.chunkBytes) + UInt64(chunks[index].firstFrame) * UInt64(blockBytes)
    }

    private static func header(_ file: any JournalFile, _ path: String) throws(JournalFileError) -> ArchiveHeader {
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: ArchiveHeader.byteCount)
        defer { block.deallocate() }
        guard try file.read(into: block, at: 0) == block.count else { throw .damaged(path, "it is too short") }
        let header: ArchiveHeader
        do throws(ArchiveDamage) {
            header = try ArchiveHeader.decode(UnsafeRawBufferPointer(block))
        } catch {
            throw .damaged(path, error.detail)
        }
        let chunks = (header.usedBytes + UInt64(header.chunkBytes) - 1) / UInt64(max(header.chunkBytes, 1))
        guard header.chunkBytes > 0, header.chunkBytes <= 1 << 20, header.chunkCount <= UInt32(maximumChunks),
            UInt64(header.chunkCount) == chunks, header.usedBytes <= header.segmentBytes,
            try file.byteCount == header.fileBytes
        else {
            throw .damaged(path, "sizes do not fit")
        }
        return header
    }

    private static func table(
        _ file: any JournalFile,
        at path: String,
        header: ArchiveHeader
    ) throws(JournalFileError) -> [ArchiveHeader.Chunk] {
        let bytes = UnsafeMutableRawBufferPointer.aligned(
            byteCount: max(1, Int(header.chunkCount) * ArchiveHeader.Chunk.byteCount)
        )
        defer { bytes.deallocate() }
        let used = UnsafeMutableRawBufferPointer(
            rebasing: bytes[..<(Int(header.chunkCount) * ArchiveHeader.Chunk.byteCount)]
        )
        guard try file.read(into: used, at: header.tableOffset) == used.count,
            crc32c(UnsafeRawBufferPointer(used)) == header.tableChecksum
        else {
            throw .damaged(path, "the table of chunks is damaged")
        }
        return (0..<Int(header.chunkCount)).map {
            ArchiveHeader.Chunk(UnsafeRawBufferPointer(used), at: $0 * ArchiveHeader.Chunk.byteCount)
        }
    }
}

extension JournalFileError {
    static func damaged(_ path: String, _ detail: String) -> JournalFileError {
        var error = JournalFileError(code: 0, operation: "read", path: path)
        error.damage = detail
        return error
    }

    var isNotFound: Bool { code == millrace_error_not_found }
}
