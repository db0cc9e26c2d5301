/// Makes the file of an archived segment the next segment, in three steps. Each step is durable
/// before the following one. First it renames the file to a temporary name: the old segment is gone
/// then. Next it marks the file as free. Last it renames the file to the new number's name. After a
/// crash the file is still the old segment, or a temporary file that a start removes, or a free
/// segment.
struct SegmentRecycler {
    private enum Phase {
        case naming
        case marking
        case finishing
    }

    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    let journalID: UInt64
    let spare: SegmentTable.Segment
    let number: UInt64
    private var phase = Phase.naming
    /// The old segment has no name any more.
    private(set) var isSpareGone = false

    init(
        fileSystem: any JournalFileSystem,
        directory: JournalDirectory,
        journalID: UInt64,
        spare: SegmentTable.Segment,
        number: UInt64
    ) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.journalID = journalID
        self.spare = spare
        self.number = number
    }

    /// The next step; the segment after the last one.
    mutating func step() throws(JournalFileError) -> PreparedSegment? {
        let path = directory.file(JournalDirectory.segmentName(number))
        let temporary = path + JournalDirectory.temporarySuffix
        switch phase {
        case .naming:
            try fileSystem.rename(directory.file(JournalDirectory.segmentName(spare.number)), to: temporary)
            isSpareGone = true
            try fileSystem.syncDirectory(directory.path)
            phase = .marking
            return nil
        case .marking:
            try mark(temporary)
            phase = .finishing
            return nil
        case .finishing:
            try fileSystem.rename(temporary, to: path)
            try fileSystem.syncDirectory(directory.path)
            let file = try fileSystem.open(path, .durable)
            return PreparedSegment(number: number, file: file, byteCount: spare.bytes, isRecycled: true)
        }
    }

    private func mark(_ path: String) throws(JournalFileError) {
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: SegmentHeader.byteCount)
        defer { block.deallocate() }
        SegmentHeader.free(journalID: journalID, number: number, bytes: spare.bytes).encode(into: block)
        try fileSystem.open(path, .durable).write(UnsafeRawBufferPointer(block), at: 0)
    }
}
