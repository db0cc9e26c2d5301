import Crypto

/// What was written into a file, and how long that took.
package struct SnapshotFileSummary: Sendable, Equatable {
    /// Size of the file.
    package var bytes: UInt64
    package var chunks: UInt64
    /// SHA-256 of everything before the trailer.
    package var digest: SIMD32<UInt8>
}

/// Writes one file of the snapshot container: opaque chunks, each in a numbered section, under
/// checksums and one digest.
///
/// It writes the file beside its name as `*.tmp`, in pieces of 128 KiB past the page cache. Then it
/// syncs the file, reads it back, verifies it and renames it. It syncs the directory last. A file
/// that has its name is complete. Blocks; one thread.
package struct SnapshotWriter: ~Copyable {
    /// Bytes of the largest chunk.
    package static let maximumChunkBytes = SnapshotChunkHeader.maximumBytes - ChunkSealer.overhead
    /// Bytes of one write: a flush of a journal on the same disk may have to wait for it.
    static let pieceBytes = 128 << 10

    /// Called after each piece with its size; may sleep so that the disk has time for others. False
    /// ends the writing.
    package typealias Pace = (Int) -> Bool

    private let fileSystem: any JournalFileSystem
    private let directory: String
    private let name: String
    private let header: SnapshotHeader
    private let ring: MasterKeyRing?
    private var sealer: ChunkSealer?
    private let sealed: AlignedBuffer?
    private let file: any JournalFile
    private let saltSeed: UInt32
    private let pace: Pace
    private let piece: AlignedBuffer
    private var pieceCount = 0
    /// The file's bytes before the piece.
    private var flushed: UInt64 = 0
    private var chunks: UInt64 = 0
    private var contentBytes: UInt64 = 0
    private var hash = SHA256()

    /// Begins `directory/name`; it is encrypted if `ring` encrypts what is new. Throws `io`,
    /// `diskFull`.
    package init(
        _ fileSystem: any JournalFileSystem,
        directory: String,
        name: String,
        header: SnapshotHeader,
        ring: MasterKeyRing? = nil,
        pace: @escaping Pace = { _ in true }
    ) throws(JournalError) {
        var header = header
        sealer = ring.flatMap { ChunkSealer(header.sealedIdentity, $0) }
        header.wrappedKey = sealer?.wrappedKey ?? .none
        sealed = sealer == nil ? nil : AlignedBuffer(byteCount: SnapshotChunkHeader.maximumBytes)
        self.ring = ring
        self.fileSystem = fileSystem
        self.directory = directory
        self.name = name
        self.header = header
        self.pace = pace
        saltSeed = header.salt.seed
        piece = AlignedBuffer(byteCount: Self.pieceBytes)
        do {
            file = try fileSystem.open(directory + "/" + name + JournalDirectory.temporarySuffix, .prepare)
        } catch {
            throw error.asJournalError
        }
        header.encode(into: piece.part(0, SnapshotHeader.byteCount))
        pieceCount = SnapshotHeader.byteCount
    }

    /// The offset at which the next chunk will stand.
    package var offset: UInt64 { flushed + UInt64(pieceCount) }

    /// Appends a chunk.
    /// - Precondition: it is not larger than `maximumChunkBytes`.
    package mutating func write(section: UInt16, _ bytes: UnsafeRawBufferPointer) throws(JournalError) {
        precondition(bytes.count <= Self.maximumChunkBytes, "a chunk is larger than the format allows")
        try put(section: section, bytes, isLast: false)
        contentBytes += UInt64(bytes.count)
    }

    private mutating func put(
        section: UInt16,
        _ plain: UnsafeRawBufferPointer,
        isLast: Bool
    ) throws(JournalError) {
        var bytes = plain
        if let sealed {
            let count = sealer?.seal(plain, isLast: isLast, into: sealed.bytes) ?? 0
            bytes = UnsafeRawBufferPointer(sealed.part(0, count))
        }
        let chunk = SnapshotChunkHeader(
            section: section,
            offset: offset,
            number: UInt32(chunks),
            isSealed: sealed != nil,
            isLast: isLast,
            payload: bytes
        )
        var head = InlineArray<32, UInt8>(repeating: 0)
        withUnsafeMutableBytes(of: &head) { chunk.encode(into: $0, saltSeed: saltSeed) }
        try withUnsafeBytes(of: &head) { bytes throws(JournalError) in try put(bytes) }
        try put(bytes)
        chunks += 1
    }

    /// Completes the file: trailer, sync, read back, rename, sync of the directory.
    /// - Parameter confirm: called before the file gets its name. If it throws, the file does not
    ///   get its name.
    package consuming func finish(
        confirm: () throws(JournalError) -> Void = {}
    ) throws(JournalError) -> SnapshotFileSummary {
        if sealed != nil { try put(section: 0, UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) }
        let end = offset
        try padToBlock()
        try flushPiece()
        let digest = ChainHash(digest: hash.finalize())
        let trailer = SnapshotTrailer(end: end, chunks: chunks, contentBytes: contentBytes, digest: digest)
        trailer.encode(into: piece.part(0, SnapshotTrailer.byteCount), saltSeed: saltSeed)
        let path = directory + "/" + name
        let temporary = path + JournalDirectory.temporarySuffix
        do throws(JournalFileError) {
            try file.write(UnsafeRawBufferPointer(piece.part(0, SnapshotTrailer.byteCount)), at: flushed)
            try file.sync()
        } catch {
            throw error.asJournalError
        }
        // The file's bytes as the disk gives them back are verified, not those in memory.
        let found = try SnapshotReader.read(fileSystem, path: temporary, ring: ring, pace: pace) { _, _ in }
        guard found.header == header, found.trailer == trailer else {
            throw JournalError(.corrupt, "\(temporary): the disk gives back other bytes than were written")
        }
        try confirm()
        do throws(JournalFileError) {
            try fileSystem.rename(temporary, to: path)
            try fileSystem.syncDirectory(directory)
        } catch {
            throw error.asJournalError
        }
        return SnapshotFileSummary(
            bytes: flushed + UInt64(SnapshotTrailer.byteCount),
            chunks: chunks,
            digest: digest.bytes
        )
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws(JournalError) {
        var rest = bytes
        while rest.count > 0 {
            let count = min(rest.count, Self.pieceBytes - pieceCount)
            piece.part(pieceCount, count).copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            pieceCount += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            if pieceCount == Self.pieceBytes { try flushPiece() }
        }
    }

    private mutating func padToBlock() throws(JournalError) {
        let padded = paddedToBlock(pieceCount)
        piece.part(pieceCount, padded - pieceCount).zero()
        pieceCount = padded
    }

    private mutating func flushPiece() throws(JournalError) {
        guard pieceCount > 0 else { return }
        let bytes = UnsafeRawBufferPointer(piece.part(0, pieceCount))
        hash.update(bufferPointer: bytes)
        do throws(JournalFileError) { try file.write(bytes, at: flushed) } catch { throw error.asJournalError }
        flushed += UInt64(pieceCount)
        let count = pieceCount
        pieceCount = 0
        guard pace(count) else { throw JournalError(.fenced, "\(directory)/\(name): the writing was ended") }
    }
}

/// Memory that direct I/O can use, freed with its owner.
final class AlignedBuffer {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) { bytes = .aligned(byteCount: byteCount) }

    deinit { bytes.deallocate() }

    func part(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }
}
