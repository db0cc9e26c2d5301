/// Where a scan begins. Without a snapshot that is the journal's first batch. With a snapshot it is
/// the header of the segment that holds the record after the snapshot. The header names the batch,
/// position and hash that the segment follows, so the chain goes on from there.
extension JournalScanner {
    /// The numbers of the segments to scan, which go up by one. Sets the cursor to what the first
    /// of them must begin with.
    mutating func findOrigin() throws(JournalProblem) -> [UInt64] {
        let live = try segmentNumbers()
        switch origin {
        case .position, .streams: return try numbers(afterOriginOf: live)
        case .oldest:
            let numbers = try withArchived(live, from: 0)
            guard let first = numbers.first, first > 1 else { return numbers }
            // A file that was never begun follows one in use, always: alone it shows that the
            // journal is gone, not that it is new.
            guard let header = try originHeader(first, isLast: numbers.count == 1) else {
                throw missing(before: first, "segment \(first) was never begun")
            }
            cursor.begin(at: header)
            return numbers
        }
    }

    private mutating func numbers(afterOriginOf live: [UInt64]) throws(JournalProblem) -> [UInt64] {
        guard let oldest = live.first else {
            if !origin.isBeginning { throw missing(before: 1, "there is no segment at all") }
            return []
        }
        guard !origin.isBeginning || oldest != 1 else { return live }
        var headers: [SegmentHeader] = []
        for number in live {
            // What is wrong with the last one is for the scan to judge: it may be prepared, or half
            // begun.
            guard let header = try originHeader(number, isLast: number == live.last) else { break }
            try checkOrder(header, after: headers.last)
            guard origin.isReached(by: header) else { break }
            headers.append(header)
        }
        if let start = headers.last {
            for header in headers.dropLast() { segments.add(.init(header)) }
            skipped = headers.count - 1
            if start.number > 1 { cursor.begin(at: start) }
            return Array(live[(headers.count - 1)...])
        }
        if oldest == 1 { return live }
        guard let header = try archivedOrigin(before: oldest) else {
            throw missing(before: oldest, "segment \(oldest) begins after it")
        }
        cursor.begin(at: header)
        return try withArchived(live, from: header.number)
    }

    /// The header of the newest archived segment that a scan may begin with; nil if there is none.
    private mutating func archivedOrigin(before oldest: UInt64) throws(JournalProblem) -> SegmentHeader? {
        var next = oldest
        for entry in try archiveEntries(before: oldest).reversed() {
            guard entry.number + 1 == next else { throw gap(behind: entry) }
            next = entry.number
            // The name says enough to pass most of them over.
            if case .position(let position) = origin, entry.firstPosition > position + 1 { continue }
            archived[entry.number] = entry.name
            guard let header = try originHeader(entry.number, isLast: false) else { continue }
            if origin.isReached(by: header) { return header }
        }
        return nil
    }

    private func archiveEntries(before oldest: UInt64) throws(JournalProblem) -> [ArchiveDirectory.Entry] {
        guard let archive else { return [] }
        do throws(JournalFileError) {
            return try archive.entries(fileSystem).filter { $0.number < oldest }
        } catch {
            throw JournalProblem(error)
        }
    }

    private func gap(behind entry: ArchiveDirectory.Entry) -> JournalProblem {
        JournalProblem(
            .corrupt,
            file: JournalDirectory.segmentName(entry.number + 1),
            position: entry.lastPosition + 1,
            "the segment is neither here nor in the archive, but a later one is"
        )
    }

    /// Puts the archived segments from a number on in front of the segment files.
    private mutating func withArchived(
        _ live: [UInt64],
        from number: UInt64
    ) throws(JournalProblem) -> [UInt64] {
        let older = try archiveEntries(before: live.first ?? .max).filter { $0.number >= number }
        for (entry, next) in zip(older, older.dropFirst().map(\.number) + [live.first].compactMap(\.self))
        where entry.number + 1 != next {
            throw gap(behind: entry)
        }
        for entry in older { archived[entry.number] = entry.name }
        return older.map(\.number) + live
    }

    /// The numbers of the segment files, which must have no gap. Those before the oldest were
    /// retired.
    private func segmentNumbers() throws(JournalProblem) -> [UInt64] {
        let names: [String]
        do { names = try fileSystem.list(directory: directory.path) } catch { throw JournalProblem(error) }
        let numbers = names.compactMap(JournalDirectory.segmentNumber).sorted()
        guard let oldest = numbers.first else { return [] }
        for (index, number) in numbers.enumerated() where number != oldest + UInt64(index) {
            let missing = JournalDirectory.segmentName(oldest + UInt64(index))
            throw JournalProblem(.corrupt, file: missing, "the segment is missing, but a later one is there")
        }
        return numbers
    }

    private func originHeader(_ number: UInt64, isLast: Bool) throws(JournalProblem) -> SegmentHeader? {
        let (decoded, name, byteCount) = try firstBlock(number)
        switch decoded {
        case .header(let header):
            if let journalID, header.journalID != journalID {
                throw JournalProblem(.format, file: name, "belongs to journal \(header.journalID), not \(journalID)")
            }
            guard header.number == number, header.segmentBytes == byteCount else {
                throw JournalProblem(
                    .corrupt,
                    file: name,
                    "the header is of segment \(header.number) with \(header.segmentBytes) bytes"
                )
            }
            try checkCounts(header, name)
            return header
        case .newerFormat(let major): throw SegmentHeader.newer(major, file: name)
        case .unused where isLast, .invalid where isLast, .free where isLast: return nil
        case .unused, .free: throw JournalProblem(.corrupt, file: name, "its header is gone")
        case .invalid(let what): throw JournalProblem(.corrupt, file: name, what)
        }
    }

    /// One block is read, not a window: there may be many segments.
    private func firstBlock(
        _ number: UInt64
    ) throws(JournalProblem) -> (decoded: SegmentHeader.Decoded, name: String, byteCount: UInt64) {
        guard let archive, let name = archived[number] else {
            let name = JournalDirectory.segmentName(number)
            let (decoded, size) = try SegmentHeader.read(fileSystem, directory, name: name)
            return (decoded, name, size)
        }
        do throws(JournalFileError) {
            let file = try ArchivedSegment(fileSystem, archive.file(name))
            return (SegmentHeader.decode(try file.expand(0).part(0, SegmentHeader.byteCount)), name, try file.byteCount)
        } catch {
            throw JournalProblem(error)
        }
    }

    /// Counts go up from 1, one by one: no journal ever reaches the end of them.
    private func checkCounts(_ header: SegmentHeader, _ name: String) throws(JournalProblem) {
        let possible: Range<UInt64> = 1..<1 << 62
        guard possible.contains(header.firstBatch), possible.contains(header.firstPosition) else {
            let detail = "begins with batch \(header.firstBatch), record \(header.firstPosition)"
            throw JournalProblem(.corrupt, file: name, detail)
        }
    }

    private func checkOrder(_ header: SegmentHeader, after before: SegmentHeader?) throws(JournalProblem) {
        guard let before else { return }
        guard header.firstBatch >= before.firstBatch, header.firstPosition >= before.firstPosition else {
            throw JournalProblem(
                .corrupt,
                file: JournalDirectory.segmentName(header.number),
                position: header.firstPosition,
                "begins with record \(header.firstPosition), but the segment before it with \(before.firstPosition)"
            )
        }
    }

    /// The journal must reach the record that the owner says it has: else records it relies on are
    /// gone.
    func checkOriginIsReached() throws(JournalProblem) {
        guard case .position(let position) = origin, position >= cursor.nextPosition else { return }
        throw JournalProblem(
            .corrupt,
            file: directory.path,
            position: cursor.nextPosition,
            "the journal ends with record \(cursor.nextPosition - 1), but it was durable up to \(position) once"
        )
    }

    private func missing(before number: UInt64, _ detail: String) -> JournalProblem {
        let file = JournalDirectory.segmentName(number > 1 ? number - 1 : 1)
        let way = "a start needs a later snapshot, or the segment back from the archive"
        guard case .position(let position) = origin else {
            return JournalProblem(.corrupt, file: file, "a segment that a start needs is not there (\(detail)); \(way)")
        }
        let text = "the segment with record \(position + 1) is not there (\(detail)); \(way)"
        return JournalProblem(.corrupt, file: file, position: position + 1, text)
    }
}

extension JournalScanner.Origin {
    /// Nothing is there already.
    var isBeginning: Bool {
        switch self {
        case .position(let position): position == 0
        case .streams(let marks): marks.allSatisfy { $0.position == 0 }
        case .oldest: true
        }
    }

    /// Whether nothing that a scan must read lies before a segment. Once it is false for a segment,
    /// it is false for all later segments.
    func isReached(by header: SegmentHeader) -> Bool {
        switch self {
        case .position(let position): header.firstPosition <= position + 1
        case .streams(let marks): header.streams.allSatisfy { $0.position <= marks.position(of: $0.number) }
        case .oldest: true
        }
    }
}

extension ScanCursor {
    /// Goes on from a segment's header instead of from the first batch.
    mutating func begin(at header: SegmentHeader) {
        nextBatch = header.firstBatch
        nextPosition = header.firstPosition
        hash = header.previousHash
    }
}

extension SegmentHeader {
    /// The first block of a segment file, and the file's size.
    static func read(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        name: String
    ) throws(JournalProblem) -> (Decoded, byteCount: UInt64) {
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: byteCount)
        defer { block.deallocate() }
        do {
            let file = try fileSystem.open(directory.file(name), .read)
            let size = try file.byteCount
            guard try file.read(into: block, at: 0) == byteCount else {
                return (.invalid("the file is shorter than a segment header"), size)
            }
            return (decode(UnsafeRawBufferPointer(block)), size)
        } catch {
            throw JournalProblem(error)
        }
    }

    static func newer(_ major: UInt16, file: String) -> JournalProblem {
        JournalProblem(.format, file: file, "format \(major) is newer than this program's \(formatMajor)")
    }
}
