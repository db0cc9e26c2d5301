import Crypto

/// Reads files of the snapshot container. It checks a chunk's checksum before it hands the chunk
/// out. The digest over the whole file is known at the end only. So what a caller built from a file
/// is void when `read` throws.
package enum SnapshotReader {
    /// Where the first chunk of a file stands.
    package static let firstChunkOffset = SnapshotHeader.byteCount
    /// What stands before a chunk's bytes, and counts in the offsets of those after it.
    package static let chunkHeaderBytes = SnapshotChunkHeader.byteCount

    /// What a whole file said about itself.
    struct Found {
        var header: SnapshotHeader
        var trailer: SnapshotTrailer
        var bytes: UInt64
    }

    /// Reads all chunks in order. The bytes given to `body` are valid during the call.
    ///
    /// Throws `corrupt` for damage, and `format` for a file of a newer program. Throws `key` for an
    /// encrypted file whose key `ring` lacks, and `io` when the system refuses a call.
    @discardableResult
    package static func readAll(
        _ fileSystem: any JournalFileSystem,
        path: String,
        ring: MasterKeyRing? = nil,
        pace: @escaping SnapshotWriter.Pace = { _ in true },
        _ body: (UInt16, UnsafeRawBufferPointer) throws(JournalError) -> Void
    ) throws(JournalError) -> (header: SnapshotHeader, summary: SnapshotFileSummary) {
        let found = try read(fileSystem, path: path, ring: ring, pace: pace, body)
        let summary = SnapshotFileSummary(
            bytes: found.bytes,
            chunks: found.trailer.chunks,
            digest: found.trailer.digest.bytes
        )
        return (found.header, summary)
    }

    /// The header alone.
    package static func header(
        _ fileSystem: any JournalFileSystem,
        path: String
    ) throws(JournalError) -> SnapshotHeader {
        let file = try open(fileSystem, path)
        let block = AlignedBuffer(byteCount: SnapshotHeader.byteCount)
        try fill(block.bytes, from: file, at: 0, path)
        return try header(UnsafeRawBufferPointer(block.bytes), path)
    }

    /// One chunk of a complete file, by the offset at which it was written, for random access.
    package static func chunk(
        _ fileSystem: any JournalFileSystem,
        path: String,
        at offset: UInt64,
        ring: MasterKeyRing? = nil
    ) throws(JournalError) -> [UInt8] {
        try SnapshotChunkFile(fileSystem, path: path, ring: ring).chunk(at: offset).bytes
    }

    static func read(
        _ fileSystem: any JournalFileSystem,
        path: String,
        ring: MasterKeyRing? = nil,
        pace: @escaping SnapshotWriter.Pace = { _ in true },
        _ body: (UInt16, UnsafeRawBufferPointer) throws(JournalError) -> Void
    ) throws(JournalError) -> Found {
        let file = try open(fileSystem, path)
        let size: UInt64
        do { size = try file.byteCount } catch { throw error.asJournalError }
        guard size >= UInt64(SnapshotHeader.byteCount + SnapshotTrailer.byteCount), size % UInt64(blockBytes) == 0
        else { throw damaged(path, at: size, because: "the file is cut off") }
        var stream = SnapshotStream(file: file, path: path, end: size - UInt64(SnapshotTrailer.byteCount), pace: pace)
        let header = try header(try stream.take(SnapshotHeader.byteCount), path)
        let seed = header.salt.seed
        let block = AlignedBuffer(byteCount: SnapshotTrailer.byteCount)
        try fill(block.bytes, from: file, at: stream.end, path)
        guard let trailer = SnapshotTrailer(decoding: UnsafeRawBufferPointer(block.bytes), saltSeed: seed),
            trailer.end <= stream.end, stream.end - trailer.end < UInt64(blockBytes)
        else { throw damaged(path, at: stream.end, because: "the end is damaged") }
        var opener = try SnapshotOpener(header, at: path, keys: ring)
        try readChunks(&stream, trailer: trailer, seed: seed, opener: &opener, do: body)
        _ = try stream.take(Int(stream.end - trailer.end))
        guard ChainHash(digest: stream.hash.finalize()) == trailer.digest else {
            throw damaged(path, at: 0, because: "the digest over the whole file is wrong")
        }
        return Found(header: header, trailer: trailer, bytes: size)
    }

    private static func readChunks(
        _ stream: inout SnapshotStream,
        trailer: SnapshotTrailer,
        seed: UInt32,
        opener: inout SnapshotOpener,
        do body: (UInt16, UnsafeRawBufferPointer) throws(JournalError) -> Void
    ) throws(JournalError) {
        let path = opener.path
        var chunks: UInt64 = 0
        var contentBytes: UInt64 = 0
        while stream.offset < trailer.end {
            let offset = stream.offset
            let head = try stream.take(SnapshotChunkHeader.byteCount)
            guard let chunk = SnapshotChunkHeader(decoding: head, at: offset, saltSeed: seed) else {
                throw damaged(path, at: offset, because: "no chunk begins here")
            }
            let payload = try stream.take(Int(chunk.length))
            guard crc32c(payload) == chunk.payloadChecksum else {
                throw damaged(path, at: offset, because: "the chunk is damaged")
            }
            guard UInt64(chunk.number) == chunks else { throw damaged(path, at: offset, because: "chunks are missing") }
            chunks += 1
            let plain = try opener.open(chunk, payload)
            contentBytes += UInt64(plain.count)
            if !chunk.isLast { try body(chunk.section, plain) }
        }
        guard opener.isWhole else { throw damaged(path, at: stream.offset, because: "the file is cut off") }
        guard chunks == trailer.chunks, contentBytes == trailer.contentBytes, stream.offset == trailer.end else {
            throw damaged(path, at: stream.offset, because: "chunks are missing")
        }
    }

    static func open(
        _ fileSystem: any JournalFileSystem,
        _ path: String
    ) throws(JournalError) -> any JournalFile {
        do { return try fileSystem.open(path, .read) } catch { throw error.asJournalError }
    }

    static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from file: any JournalFile,
        at offset: UInt64,
        _ path: String
    ) throws(JournalError) {
        let count: Int
        do { count = try file.read(into: buffer, at: offset) } catch { throw error.asJournalError }
        guard count == buffer.count else { throw damaged(path, at: offset, because: "the file is cut off") }
    }

    static func header(
        _ block: UnsafeRawBufferPointer,
        _ path: String
    ) throws(JournalError) -> SnapshotHeader {
        do throws(SnapshotHeader.Refusal) {
            return try SnapshotHeader(decoding: block)
        } catch {
            switch error {
            case .damaged: throw damaged(path, at: 0, because: "the header is damaged")
            case .newer(let major): throw JournalError(.format, "\(path): format \(major) is newer than this program")
            case .unknownKind(let kind): throw JournalError(.format, "\(path): unknown kind of file \(kind)")
            }
        }
    }

    static func damaged(_ path: String, at offset: UInt64, because detail: String) -> JournalError {
        JournalError(.corrupt, "\(path), offset \(offset): \(detail)")
    }
}

/// Gives the content of chunks of one file, decrypted if need be.
private struct SnapshotOpener {
    let path: String
    private let opener: ChunkOpener?
    private let plain: AlignedBuffer?
    /// An encrypted file says where it ends.
    private(set) var isWhole: Bool

    init(_ header: SnapshotHeader, at path: String, keys ring: MasterKeyRing?) throws(JournalError) {
        self.path = path
        isWhole = header.wrappedKey.isNone
        if header.wrappedKey.isNone {
            opener = nil
            plain = nil
        } else {
            opener = try ChunkOpener(header.wrappedKey, of: header.sealedIdentity, path: path, ring)
            plain = AlignedBuffer(byteCount: SnapshotChunkHeader.maximumBytes)
        }
    }

    /// Valid until the next call.
    mutating func open(
        _ chunk: SnapshotChunkHeader,
        _ payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> UnsafeRawBufferPointer {
        guard chunk.isSealed == (opener != nil) else {
            throw SnapshotReader.damaged(path, at: chunk.offset, because: "a chunk is not encrypted as its file is")
        }
        guard let opener, let plain else { return payload }
        let number = UInt64(chunk.number)
        let count = try opener.open(payload, number: number, isLast: chunk.isLast, into: plain.bytes)
        if chunk.isLast { isWhole = true }
        return UnsafeRawBufferPointer(plain.part(0, count))
    }
}

/// Reads a file from its beginning through one buffer, hashing what passes.
private struct SnapshotStream {
    private static let bufferBytes = 2 << 20

    let file: any JournalFile
    let path: String
    /// Where the stream ends.
    let end: UInt64
    let pace: SnapshotWriter.Pace
    /// The offset of the next byte that `take` gives.
    private(set) var offset: UInt64 = 0
    var hash = SHA256()
    private let buffer: AlignedBuffer
    private var first = 0
    private var filled = 0
    private var loaded: UInt64 = 0

    init(file: any JournalFile, path: String, end: UInt64, pace: @escaping SnapshotWriter.Pace) {
        self.file = file
        self.path = path
        self.end = end
        self.pace = pace
        buffer = AlignedBuffer(byteCount: Int(min(UInt64(Self.bufferBytes), end)))
    }

    /// The next bytes, valid until the next call.
    mutating func take(_ count: Int) throws(JournalError) -> UnsafeRawBufferPointer {
        guard UInt64(count) <= end - offset else {
            throw SnapshotReader.damaged(path, at: offset, because: "the file is cut off")
        }
        if filled - first < count { try load(count) }
        let bytes = UnsafeRawBufferPointer(buffer.part(first, count))
        first += count
        offset += UInt64(count)
        return bytes
    }

    private mutating func load(_ wanted: Int) throws(JournalError) {
        let rest = filled - first
        if first > 0, rest > 0 {
            buffer.part(0, rest).copyMemory(from: UnsafeRawBufferPointer(buffer.part(first, rest)))
        }
        first = 0
        filled = rest
        while filled < wanted {
            let count = min(SnapshotWriter.pieceBytes, buffer.bytes.count - filled, Int(end - loaded))
            guard count > 0 else { throw SnapshotReader.damaged(path, at: loaded, because: "the file is cut off") }
            let part = buffer.part(filled, count)
            try SnapshotReader.fill(part, from: file, at: loaded, path)
            hash.update(bufferPointer: UnsafeRawBufferPointer(part))
            filled += count
            loaded += UInt64(count)
            guard pace(count) else { throw JournalError(.fenced, "\(path): the reading was ended") }
        }
    }
}
