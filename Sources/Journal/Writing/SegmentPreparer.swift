/// A segment file full of zeros, renamed and durable, open for direct writes.
struct PreparedSegment {
    let number: UInt64
    let file: any JournalFile
    let byteCount: UInt64
}

/// Makes the next segment in small steps, so that the thread doing it can see to other things between them. The zeros are
/// written, not only allocated: flushes into written blocks take half the time because the file system has nothing to record.
struct SegmentPreparer {
    static let chunkBytes = 1 << 20

    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    let segmentBytes: Int
    private var file: (any JournalFile)?
    private var written = 0

    init(fileSystem: any JournalFileSystem, directory: JournalDirectory, segmentBytes: Int) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.segmentBytes = segmentBytes
    }

    /// Writes and syncs one chunk; after the last one renames the file and gives it back. After an error the next step begins
    /// with a new file.
    mutating func step(number: UInt64) throws(JournalFileError) -> PreparedSegment? {
        let path = directory.file(JournalDirectory.segmentName(number))
        let temporary = path + JournalDirectory.temporarySuffix
        let file: any JournalFile
        if let open = self.file { file = open } else { file = try fileSystem.open(temporary, .create) }
        self.file = nil
        let start = written
        written = 0
        let count = min(Self.chunkBytes, segmentBytes - start)
        try Self.writeZeros(file, at: UInt64(start), count: count)
        try file.sync()
        if start + count < segmentBytes {
            self.file = file
            written = start + count
            return nil
        }
        try fileSystem.rename(temporary, to: path)
        try fileSystem.syncDirectory(directory.path)
        let durable = try fileSystem.open(path, .durable)
        return PreparedSegment(number: number, file: durable, byteCount: UInt64(segmentBytes))
    }

    /// Gives back the disk space of an attempt that failed. The error that matters was reported already.
    func removeRemains(number: UInt64) {
        let path = directory.file(JournalDirectory.segmentName(number)) + JournalDirectory.temporarySuffix
        do { try fileSystem.remove(path) } catch { return }
    }

    static func writeZeros(_ file: any JournalFile, at offset: UInt64, count: Int) throws(JournalFileError) {
        let zeros = UnsafeMutableRawBufferPointer.aligned(byteCount: count)
        defer { zeros.deallocate() }
        try file.write(UnsafeRawBufferPointer(zeros), at: offset)
    }
}
