/// Reads a journal to its end, from its first batch or from the segment that holds the record after
/// a snapshot. It checks every batch: checksums, place, sequence number, record position and epoch.
/// It also checks the chain within and across segments, and what the witness claims. Recovery, the
/// verifier and the dump use it; it changes nothing.
struct JournalScanner {
    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    /// The shard whose journal is expected; nil accepts any.
    let journalID: UInt64?
    let witness: WitnessReader.Content?
    let keys: ScanKeys

    private let window = SegmentReader.Window()
    let origin: Origin
    let archive: ArchiveDirectory?
    /// The segment files that are there and have a header, whether they were scanned or skipped.
    var segments = SegmentTable()
    /// Segments that are there and were not scanned.
    var skipped = 0
    /// Segments scanned in the archive, and where they are.
    var fromArchive = 0
    var archived: [UInt64: String] = [:]

    /// From where on a scan goes.
    enum Origin {
        /// The last record that the caller has already: it is enough to scan from the segment with
        /// the next one on.
        case position(RecordPosition)
        /// Likewise for each stream of a log: from the last segment on that begins behind none of
        /// the next ones.
        case streams([StreamMark])
        /// The oldest segment that is here or in the archive, whatever it begins with.
        case oldest
    }
    /// Told of each segment's header when it has been checked, before its batches.
    var onSegment: ((SegmentHeader) throws(JournalProblem) -> Void)?
    private let plain = PlainBatch()
    /// Of the segment being read.
    private var key: DataKey?
    var cursor = ScanCursor()

    init(
        fileSystem: any JournalFileSystem,
        directory: JournalDirectory,
        journalID: UInt64?,
        witness: WitnessReader.Content?,
        keys: ScanKeys = .required(nil),
        from origin: Origin = .position(0),
        archive: ArchiveDirectory? = nil
    ) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.journalID = journalID
        self.witness = witness
        self.origin = origin
        self.archive = archive
        self.keys = keys
    }

    /// One batch that passed every check. The payload is valid during the visit only.
    struct Batch {
        let file: String
        let header: BatchHeader
        /// The chain's link of this batch.
        let hash: ChainHash
        /// In clear; nil if it is encrypted and the scan was given no keys.
        let payload: UnsafeRawBufferPointer?
    }

    typealias Visit = (Batch) throws(JournalProblem) -> Void

    /// Visits every batch in order and says how the journal ends.
    mutating func scan(_ visit: Visit) throws(JournalProblem) -> ScanEnd {
        let numbers = try findOrigin()
        var end = ScanEnd.empty
        for number in numbers {
            end = try scanSegment(number, isLast: number == numbers.last, before: end, visit)
        }
        try checkWitnessIsReached(by: end)
        try checkOriginIsReached()
        return end
    }

    private mutating func scanSegment(
        _ number: UInt64,
        isLast: Bool,
        before: ScanEnd,
        _ visit: Visit
    ) throws(JournalProblem) -> ScanEnd {
        var reader = try open(number)
        let name = reader.name
        let decoded = try reader.header()
        switch decoded {
        case .header(let header):
            try begin(header, number: number, reader: reader, after: before.last)
            return try scanFrames(of: header, &reader, isLast: isLast, visit)
        case .unused:
            return try endBeforeUnused(
                &reader,
                number: number,
                isLast: isLast,
                after: before,
                found: "its header is gone"
            )
        case .free(let header):
            guard header.number == number, header.segmentBytes == reader.byteCount else {
                throw JournalProblem(.corrupt, file: name, "the mark of segment \(header.number) stands here")
            }
            return try endBeforeUnused(&reader, number: number, isLast: isLast, after: before, found: nil)
        case .invalid(let what):
            return try endBeforeUnused(&reader, number: number, isLast: isLast, after: before, found: what)
        case .newerFormat(let major):
            throw SegmentHeader.newer(major, file: name)
        }
    }

    private func open(_ number: UInt64) throws(JournalProblem) -> SegmentReader {
        let name = archived[number] ?? JournalDirectory.segmentName(number)
        let file: any JournalFile
        do {
            if let archive, archived[number] != nil {
                file = try ArchivedSegment(fileSystem, archive.file(name))
            } else {
                file = try fileSystem.open(directory.file(name), .read)
            }
        } catch {
            throw JournalProblem(error)
        }
        return try SegmentReader(name: name, file: file, window: window)
    }

    /// The checks of a segment header against what came before it.
    private mutating func begin(
        _ header: SegmentHeader,
        number: UInt64,
        reader: SegmentReader,
        after last: ScanEnd.Last?
    ) throws(JournalProblem) {
        let name = reader.name
        func problem(_ code: JournalError.Code, _ detail: String) -> JournalProblem {
            JournalProblem(code, file: name, position: cursor.nextPosition, detail)
        }
        if let journalID, header.journalID != journalID {
            throw problem(.format, "belongs to journal \(header.journalID), not \(journalID)")
        }
        guard header.number == number, header.segmentBytes == reader.byteCount else {
            throw problem(.corrupt, "the header is of segment \(header.number) with \(header.segmentBytes) bytes")
        }
        guard header.batchBytes >= UInt32(blockBytes), header.batchBytes <= UInt32(1 << 20) else {
            throw problem(.corrupt, "batches of \(header.batchBytes) bytes")
        }
        guard header.firstBatch == cursor.nextBatch, header.firstPosition == cursor.nextPosition,
            header.previousHash == cursor.hash
        else {
            // The header is intact, so it is what stands before it that is not.
            throw JournalProblem(
                .corrupt,
                file: last?.file ?? name,
                offset: last?.offset ?? 0,
                position: cursor.nextPosition,
                "damaged or missing from here on; \(name) begins with record \(header.firstPosition)"
            )
        }
        key = try keys.dataKey(of: header, file: name)
        cursor.segments += 1
        if archived[number] == nil { segments.add(.init(header)) } else { fromArchive += 1 }
        cursor.epoch = max(cursor.epoch, header.epoch)
        try onSegment?(header)
    }

    private mutating func scanFrames(
        of segment: SegmentHeader,
        _ reader: inout SegmentReader,
        isLast: Bool,
        _ visit: Visit
    ) throws(JournalProblem) -> ScanEnd {
        let saltSeed = segment.salt.seed
        var offset = UInt64(SegmentHeader.byteCount)
        while case .intact(let header, let frame) = try reader.frame(at: offset, of: segment, saltSeed: saltSeed) {
            try checkLink(header, at: offset, in: reader.name, segment: segment)
            cursor.hash = BatchHeader.hash(frame, length: Int(header.length))
            try checkWitnessAgrees(header, in: reader.name)
            let payload = try payload(of: header, frame, in: reader.name)
            try visit(Batch(file: reader.name, header: header, hash: cursor.hash, payload: payload))
            cursor.advance(past: header)
            offset += UInt64(header.frameBytes)
        }
        let last = ScanEnd.Last(header: segment, file: reader.name, offset: offset)
        guard isLast else { return ScanEnd(last: last, preparedSegment: nil, torn: 0) }
        return ScanEnd(last: last, preparedSegment: nil, torn: try tornBytes(last, &reader))
    }

    /// The last segment file was never used, or its header was being written at a crash: the
    /// journal ends before it. If the witness says that this segment was in use, the file is
    /// damaged instead. It is also damaged if anything but zeros follows such a header, with two
    /// exceptions. The first is a recycled file: then the witness says that the segment before it
    /// was in use. The second is a file that is marked free: then `what` is nil.
    private mutating func endBeforeUnused(
        _ reader: inout SegmentReader,
        number: UInt64,
        isLast: Bool,
        after before: ScanEnd,
        found what: String?
    ) throws(JournalProblem) -> ScanEnd {
        let used = (witness?.segment ?? 0) >= number
        let header = UInt64(SegmentHeader.byteCount)
        var isRecycled = what == nil
        if !isRecycled { isRecycled = try lastNonZeroBlock(&reader, from: header) != nil }
        let isKnown = what == nil || !isRecycled || witness?.segment == number - 1
        guard isLast, !used, isKnown else {
            throw JournalProblem(
                .corrupt,
                file: reader.name,
                position: cursor.nextPosition,
                what ?? "it is marked free, but was in use"
            )
        }
        var end = before
        if let last = before.last {
            var previous = try open(last.header.number)
            end.torn = try tornBytes(last, &previous)
        }
        end.preparedSegment = .init(number: number, isRecycled: isRecycled)
        return end
    }
}

extension JournalScanner {
    /// Checks that a frame with right checksums is in its place and order. If it is not, no torn
    /// write is the cause: something else happened to the files.
    private func checkLink(
        _ header: BatchHeader,
        at offset: UInt64,
        in file: String,
        segment: SegmentHeader
    ) throws(JournalProblem) {
        let placed = header.segment == segment.number && header.offset == offset
        let ordered = header.batch == cursor.nextBatch && header.firstPosition == cursor.nextPosition
        let chained = header.previousHash == cursor.hash && header.epoch >= cursor.epoch
        let sane =
            header.recordCount > 0 && header.durablePosition < cursor.nextPosition && header.keyID == segment.keyID
        guard placed && ordered && chained && sane else {
            throw JournalProblem(
                .corrupt,
                file: file,
                offset: offset,
                position: cursor.nextPosition,
                "batch \(header.batch) with record \(header.firstPosition) stands where batch \(cursor.nextBatch) belongs"
                    + (placed && ordered ? ", on another history" : "")
            )
        }
    }

    /// The records of a batch in clear. Its checksums, its link and the master key are right. So if
    /// it cannot be opened, somebody changed the batch and computed the checksums again.
    private func payload(
        of header: BatchHeader,
        _ frame: UnsafeRawBufferPointer,
        in file: String
    ) throws(JournalProblem) -> UnsafeRawBufferPointer? {
        guard header.keyID != 0 else { return frame.part(BatchHeader.byteCount, Int(header.length)) }
        guard let key else { return nil }
        if let payload = plain.open(header, in: frame, with: key) { return payload }
        throw JournalProblem(
            .corrupt,
            file: file,
            offset: header.offset,
            position: header.firstPosition,
            "batch \(header.batch) is not as it was encrypted, though its checksums are right: it was tampered with"
        )
    }

    private func checkWitnessAgrees(_ header: BatchHeader, in file: String) throws(JournalProblem) {
        guard let witness, witness.batch == header.batch, witness.hash != cursor.hash else { return }
        throw JournalProblem(
            .corrupt,
            file: file,
            offset: header.offset,
            position: header.firstPosition,
            "batch \(header.batch) is not the one that the witness saw"
        )
    }

    /// Batches or segments that the witness saw durable must have been found.
    private func checkWitnessIsReached(by end: ScanEnd) throws(JournalProblem) {
        guard let witness else { return }
        let segment = end.last?.header.number ?? 0
        guard witness.batch >= cursor.nextBatch || witness.segment > segment else { return }
        throw JournalProblem(
            .corrupt,
            file: end.last?.file ?? JournalDirectory.segmentName(1),
            offset: end.last?.offset ?? 0,
            position: cursor.nextPosition,
            "durable up to record \(witness.position) in segment \(witness.segment), says the witness; "
                + "damaged or missing from record \(cursor.nextPosition) on"
        )
    }
}

/// Where a scan is: what the next batch must be.
struct ScanCursor {
    var nextBatch: UInt64 = 1
    var nextPosition: RecordPosition = 1
    var hash = ChainHash.genesis
    var epoch: UInt64 = 0
    var segments = 0
    var batches: UInt64 = 0
    var records: UInt64 = 0
    var bytes: UInt64 = 0

    mutating func advance(past header: BatchHeader) {
        nextBatch += 1
        batches += 1
        nextPosition += UInt64(header.recordCount)
        epoch = header.epoch
        records += UInt64(header.recordCount)
        bytes += UInt64(header.length)
    }
}

/// How a journal ends.
struct ScanEnd {
    /// The segment in use and the offset behind its last intact batch.
    struct Last {
        let header: SegmentHeader
        let file: String
        let offset: UInt64
    }

    var last: Last?
    /// A segment file that was made ready and never begun.
    struct Unused {
        let number: UInt64
        let isRecycled: Bool
    }

    var preparedSegment: Unused?
    /// Bytes behind the last intact batch that a torn write left, 0 if none.
    var torn: Int

    static var empty: ScanEnd { ScanEnd(last: nil, preparedSegment: nil, torn: 0) }
}
