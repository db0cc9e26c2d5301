/// A segment file full of zeros, or one used before and marked free, renamed and durable, open for
/// direct writes.
struct PreparedSegment {
    let number: UInt64
    let file: any JournalFile
    let byteCount: UInt64
    var isRecycled = false
}

/// Makes the next segment in small steps, so that its thread can do other work between them. The
/// zeros are written, not only allocated: flushes into written blocks take half the time because
/// the file system has nothing to record. They go past the page cache and are synced once, at the
/// end. Every sync makes the file system write its own journal and the disk empty its cache, and
/// flushes wait for that.
struct SegmentPreparer {
    /// What a flush of the segment in use may have to wait for.
    static let chunkBytes = 128 << 10

    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    let segmentBytes: Int
    private let zeros = ZeroChunk()
    private var file: (any JournalFile)?
    private var written = 0

    /// How much of the next segment is written, from 0 to 1.
    var progress: Double { Double(written) / Double(segmentBytes) }

    init(fileSystem: any JournalFileSystem, directory: JournalDirectory, segmentBytes: Int) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.segmentBytes = segmentBytes
    }

    /// Writes one chunk; after the last one makes the file durable, renames it and gives it back.
    /// After an error the next step begins with a new file. A write that falls short throws as a
    /// full disk does: some file systems store what still fits before they refuse.
    mutating func step(number: UInt64) throws(JournalFileError) -> PreparedSegment? {
        let path = directory.file(JournalDirectory.segmentName(number))
        let temporary = path + JournalDirectory.temporarySuffix
        let file: any JournalFile
        if let open = self.file { file = open } else { file = try fileSystem.open(temporary, .prepare) }
        self.file = nil
        let start = written
        written = 0
        let count = min(Self.chunkBytes, segmentBytes - start)
        try zeros.write(count, to: file, at: UInt64(start))
        if start + count < segmentBytes {
            self.file = file
            written = start + count
            return nil
        }
        try file.sync()
        try fileSystem.rename(temporary, to: path)
        try fileSystem.syncDirectory(directory.path)
        let durable = try fileSystem.open(path, .durable)
        return PreparedSegment(number: number, file: durable, byteCount: UInt64(segmentBytes))
    }

    /// Gives back the disk space of an attempt that failed. The error that matters was reported
    /// already.
    func removeRemains(number: UInt64) {
        let path = directory.file(JournalDirectory.segmentName(number)) + JournalDirectory.temporarySuffix
        do { try fileSystem.remove(path) } catch { return }
    }
}

/// A chunk of zeros, aligned for direct writes.
private final class ZeroChunk {
    private let bytes: UnsafeRawBufferPointer

    init() {
        bytes = UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer.aligned(byteCount: SegmentPreparer.chunkBytes))
    }

    deinit { bytes.deallocate() }

    func write(_ count: Int, to file: any JournalFile, at offset: UInt64) throws(JournalFileError) {
        do throws(JournalFileError) {
            try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset)
        } catch {
            throw error.isShortWrite ? error.asFullDisk : error
        }
    }
}
