/// A complete file of the snapshot container, open for reading single chunks. One thread at a time.
///
/// A chunk is handed out when its checksum, its place and, in an encrypted file, its tag are right.
/// The digest over the whole file is not computed; `summary` says what the file claims.
package final class SnapshotChunkFile: Sendable {
    package let path: String
    package let header: SnapshotHeader
    private let file: any JournalFile
    private let opener: ChunkOpener?
    private let saltSeed: UInt32

    /// Opens the file and reads its header. Throws `corrupt` for damage, and `format` for a file of
    /// a newer program. Throws `key` for an encrypted file whose key `ring` lacks, and `io` when
    /// the system refuses a call.
    package init(
        _ fileSystem: any JournalFileSystem,
        path: String,
        ring: MasterKeyRing? = nil
    ) throws(JournalError) {
        self.path = path
        file = try SnapshotReader.open(fileSystem, path)
        let block = AlignedBuffer(byteCount: SnapshotHeader.byteCount)
        try SnapshotReader.fill(block.bytes, from: file, at: 0, path)
        header = try SnapshotReader.header(UnsafeRawBufferPointer(block.bytes), path)
        saltSeed = header.salt.seed
        opener =
            header.isSealed ? try ChunkOpener(header.wrappedKey, of: header.sealedIdentity, path: path, ring) : nil
    }

    /// The chunk that begins at `offset`: its section and its content.
    /// - Parameter expectedBytes: the content's size if the caller knows it. The chunk is then read
    ///   in one call. Another size is no error.
    package func chunk(
        at offset: UInt64,
        expectedBytes: Int = 0
    ) throws(JournalError) -> (section: UInt16, bytes: [UInt8]) {
        let headBytes = SnapshotChunkHeader.byteCount
        let block = AlignedBuffer(byteCount: headBytes + expectedBytes + (header.isSealed ? ChunkSealer.overhead : 0))
        let read: Int
        do { read = try file.read(into: block.bytes, at: offset) } catch { throw error.asJournalError }
        guard read >= headBytes else { throw SnapshotReader.damaged(path, at: offset, because: "the file is cut off") }
        let head = UnsafeRawBufferPointer(block.part(0, headBytes))
        guard let chunk = SnapshotChunkHeader(decoding: head, at: offset, saltSeed: saltSeed) else {
            throw SnapshotReader.damaged(path, at: offset, because: "no chunk begins here")
        }
        let count = Int(chunk.length)
        if headBytes + count <= read {
            return (chunk.section, try open(chunk, UnsafeRawBufferPointer(block.part(headBytes, count))))
        }
        let payload = AlignedBuffer(byteCount: max(1, count))
        try SnapshotReader.fill(payload.part(0, count), from: file, at: offset + UInt64(headBytes), path)
        return (chunk.section, try open(chunk, UnsafeRawBufferPointer(payload.part(0, count))))
    }

    private func open(
        _ chunk: SnapshotChunkHeader,
        _ payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> [UInt8] {
        guard crc32c(payload) == chunk.payloadChecksum else {
            throw SnapshotReader.damaged(path, at: chunk.offset, because: "the chunk is damaged")
        }
        guard chunk.isSealed == (opener != nil) else {
            throw SnapshotReader.damaged(path, at: chunk.offset, because: "a chunk is not encrypted as its file is")
        }
        guard let opener else { return Array(payload) }
        guard payload.count >= ChunkSealer.overhead else {
            throw SnapshotReader.damaged(path, at: chunk.offset, because: "an encrypted chunk is too short")
        }
        var failure: JournalError?
        let plain = [UInt8](unsafeUninitializedCapacity: payload.count - ChunkSealer.overhead) { buffer, count in
            let room = UnsafeMutableRawBufferPointer(buffer)
            do throws(JournalError) {
                count = try opener.open(payload, number: UInt64(chunk.number), isLast: chunk.isLast, into: room)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return plain
    }

    /// What the file's last block says: its size, its chunks and the digest over all of it.
    package func summary() throws(JournalError) -> SnapshotFileSummary {
        let size: UInt64
        do { size = try file.byteCount } catch { throw error.asJournalError }
        guard size >= UInt64(SnapshotHeader.byteCount + SnapshotTrailer.byteCount) else {
            throw SnapshotReader.damaged(path, at: size, because: "the file is cut off")
        }
        let block = AlignedBuffer(byteCount: SnapshotTrailer.byteCount)
        let offset = size - UInt64(SnapshotTrailer.byteCount)
        try SnapshotReader.fill(block.bytes, from: file, at: offset, path)
        guard let trailer = SnapshotTrailer(decoding: UnsafeRawBufferPointer(block.bytes), saltSeed: saltSeed) else {
            throw SnapshotReader.damaged(path, at: offset, because: "the end is damaged")
        }
        return SnapshotFileSummary(bytes: size, chunks: trailer.chunks, digest: trailer.digest.bytes)
    }
}
