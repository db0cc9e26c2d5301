/// The archive of one journal: what is in it, and the way to each record. Any thread.
final class ArchiveStore: Sendable {
    let configuration: JournalArchiveConfiguration
    private let fileSystem: any JournalFileSystem
    private let directory: JournalDirectory
    private let archive: ArchiveDirectory
    /// Ascending by number; nil until somebody asked. 24 bytes each.
    private let catalogue = Monitor<[ArchiveDirectory.Entry]?>(nil)
    /// Of a log of streams: the marks of segments that somebody looked at, by number; at most
    /// `markedSegments`.
    private let marks = Monitor<[UInt64: [StreamMark]]>([:])
    private static let markedSegments = 1_024

    init(
        _ configuration: JournalArchiveConfiguration,
        on fileSystem: any JournalFileSystem,
        of directory: JournalDirectory
    ) {
        self.configuration = configuration
        self.fileSystem = fileSystem
        self.directory = directory
        archive = ArchiveDirectory(configuration.directory)
    }

    /// Makes the directory and removes the files that a crash left incomplete. Returns the number
    /// of the last segment of `present` that is archived with all segments before it; 0 if the
    /// first is not archived.
    func survey(_ present: [SegmentTable.Segment]) throws(JournalFileError) -> UInt64 {
        try fileSystem.makeDurableDirectory(archive.path)
        for name in try fileSystem.list(directory: archive.path)
        where name.hasSuffix(JournalDirectory.temporarySuffix) {
            try fileSystem.remove(archive.file(name))
        }
        try fileSystem.syncDirectory(archive.path)
        let entries = try archive.entries(fileSystem)
        catalogue.withLock { $0 = entries }
        var last: UInt64 = 0
        for segment in present.dropLast() {
            guard let entry = entries.last(where: { $0.number == segment.number }),
                try holds(entry, segment)
            else { break }
            last = segment.number
        }
        return last
    }

    /// Whether the archive file is of this very segment, and not of one that a repair replaced.
    private func holds(
        _ entry: ArchiveDirectory.Entry,
        _ segment: SegmentTable.Segment
    ) throws(JournalFileError) -> Bool {
        let file = try ArchivedSegment(fileSystem, archive.file(entry.name))
        let name = JournalDirectory.segmentName(segment.number)
        do throws(JournalProblem) {
            guard case .header(let header) = try SegmentHeader.read(fileSystem, directory, name: name).0 else {
                return false
            }
            return header.salt == file.header.salt && header.number == file.header.number
        } catch {
            throw .damaged(directory.file(name), error.detail)
        }
    }

    func writer(
        _ number: UInt64,
        _ expected: ArchiveWriter.Expected
    ) throws(JournalFileError) -> ArchiveWriter {
        try ArchiveWriter(fileSystem, of: directory, into: archive, number: number, expected: expected)
    }

    func add(_ entry: ArchiveDirectory.Entry) {
        catalogue.withLock { entries in
            entries?.removeAll { $0.number == entry.number }
            entries?.append(entry)
        }
    }

    /// The archived segment with a record, nil if there is none.
    func segment(with position: RecordPosition) throws(JournalFileError) -> ArchivedSegment? {
        guard let entry = Self.entry(with: position, of: try entries()) else { return nil }
        return try ArchivedSegment(fileSystem, archive.file(entry.name))
    }

    /// Whether a record is in the archive.
    func holds(_ position: RecordPosition) throws(JournalFileError) -> Bool {
        Self.entry(with: position, of: try entries()) != nil
    }

    /// The number of the archived segment with a record; nil if there is none, or nobody looked at
    /// the archive yet.
    func number(of position: RecordPosition) -> UInt64? {
        catalogue.withLock { $0 }.flatMap { Self.entry(with: position, of: $0)?.number }
    }

    private func entries() throws(JournalFileError) -> [ArchiveDirectory.Entry] {
        if let known = catalogue.withLock({ $0 }) { return known }
        let entries = try archive.entries(fileSystem)
        catalogue.withLock { $0 = entries }
        return entries
    }

    private static func entry(
        with position: RecordPosition,
        of entries: [ArchiveDirectory.Entry]
    ) -> ArchiveDirectory.Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].firstPosition <= position { low = middle + 1 } else { high = middle }
        }
        guard low > 0, entries[low - 1].lastPosition >= position else { return nil }
        return entries[low - 1]
    }

    /// The archived segment with a record of a stream, which is in no segment file. Looks at the
    /// headers of a few segments. nil if there is none.
    func entry(
        with position: RecordPosition,
        of stream: StreamNumber
    ) throws(JournalFileError) -> ArchiveDirectory.Entry? {
        let entries = try entries()
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            let isBefore = try marks(of: entries[middle]).position(of: stream) < position
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    private func marks(of entry: ArchiveDirectory.Entry) throws(JournalFileError) -> [StreamMark] {
        if let known = marks.withLock({ $0[entry.number] }) { return known }
        let found = try header(of: entry).streams
        marks.withLock { marks in
            if marks.count == Self.markedSegments { marks = [:] }
            marks[entry.number] = found
        }
        return found
    }

    /// The header of the segment that was archived.
    func header(of entry: ArchiveDirectory.Entry) throws(JournalFileError) -> SegmentHeader {
        let path = archive.file(entry.name)
        let file = try ArchivedSegment(fileSystem, path)
        let block = try file.expand(0).part(0, SegmentHeader.byteCount)
        guard case .header(let header) = SegmentHeader.decode(block) else {
            throw .damaged(path, "it holds no segment header")
        }
        return header
    }

    enum Expiry {
        /// Nothing is old enough.
        case nothing
        case removed
        /// The oldest one's time is over, and a cursor or a feed still needs it.
        case heldBack
    }

    /// Deletes the oldest archived segment if its last batch is older than `milliseconds`. The age
    /// counts up to the last batch of the newest archived segment, or up to the clock if the clock
    /// is earlier. So a clock that jumps ahead deletes nothing at first. It takes effect when a
    /// segment that was written under it is archived.
    /// - Parameter isNeeded: whether a cursor or a feed needs a record of `oldest`, which `next`
    ///   follows. It is called after the segment has left the catalogue. So a reader that asks
    ///   later does not find the segment.
    func removeOldest(
        ifOlderThan milliseconds: Int64,
        wallClock: () -> Int64,
        isNeeded: (_ oldest: ArchiveDirectory.Entry, _ next: SegmentHeader) -> Bool
    ) throws(JournalFileError) -> Expiry {
        let entries = catalogue.withLock { $0 } ?? []
        guard entries.count > 1, let oldest = entries.first, let newest = entries.last else { return .nothing }
        let last = try ArchivedSegment(fileSystem, archive.file(newest.name)).header.lastMilliseconds
        let now = min(last, wallClock())
        let first = try ArchivedSegment(fileSystem, archive.file(oldest.name)).header.lastMilliseconds
        guard now - first > milliseconds else { return .nothing }
        let next = try header(of: entries[1])
        catalogue.withLock { entries in
            if entries?.first == oldest { entries?.removeFirst() }
        }
        if isNeeded(oldest, next) {
            catalogue.withLock { $0?.insert(oldest, at: 0) }
            return .heldBack
        }
        try fileSystem.remove(archive.file(oldest.name))
        try fileSystem.syncDirectory(archive.path)
        return .removed
    }
}
