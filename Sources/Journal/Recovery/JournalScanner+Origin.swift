/// Where a scan begins. Without a snapshot that is the journal's first batch. With one it is the header of the segment that holds
/// the record after it: the header names batch, position and hash of what came before, so the chain goes on from there.
extension JournalScanner {
    /// The numbers of the segments to scan, which go up by one. Sets the cursor to what the first of them must begin with.
    mutating func findOrigin() throws(JournalProblem) -> [UInt64] {
        let live = try segmentNumbers()
        switch origin {
        case .position(let position): return try numbers(after: position, live)
        case .oldest:
            let numbers = try withArchived(live, after: 0)
            guard let first = numbers.first, first > 1 else { return numbers }
            // A file that was never begun follows one in use, always: alone it shows that the journal is gone, not that it is new.
            guard let header = try originHeader(first, isLast: numbers.count == 1) else {
                throw missing(0, before: first, "segment \(first) was never begun")
            }
            cursor.begin(at: header)
            return numbers
        }
    }

    private mutating func numbers(after position: RecordPosition, _ live: [UInt64]) throws(JournalProblem) -> [UInt64] {
        guard let oldest = live.first else {
            if position > 0 { throw missing(position, before: 1, "there is no segment at all") }
            return []
        }
        guard position > 0 || oldest != 1 else { return live }
        var headers: [SegmentHeader] = []
        for number in live {
            // What is wrong with the last one is for the scan to judge: it may be prepared, or half begun.
            guard let header = try originHeader(number, isLast: number == live.last) else { break }
            try checkOrder(header, after: headers.last)
            guard header.firstPosition <= position + 1 else { break }
            headers.append(header)
        }
        if let start = headers.last {
            for header in headers.dropLast() { segments.add(.init(header)) }
            skipped = headers.count - 1
            if start.number > 1 { cursor.begin(at: start) }
            return Array(live[(headers.count - 1)...])
        }
        if oldest == 1 { return live }
        let numbers = try withArchived(live, after: position)
        guard let first = numbers.first, first < oldest, let header = try originHeader(first, isLast: false),
            header.firstPosition <= position + 1
        else { throw missing(position, before: oldest, "segment \(oldest) begins after it") }
        cursor.begin(at: header)
        return numbers
    }

    /// Puts archived segments in front of the segment files: all of them, or from the one on that holds the record after a position.
    private mutating func withArchived(
        _ live: [UInt64],
        after position: RecordPosition
    ) throws(JournalProblem) -> [UInt64] {
        guard let archive else { return live }
        let entries: [ArchiveDirectory.Entry]
        do { entries = try archive.entries(fileSystem) } catch { throw JournalProblem(error) }
        let older = entries.filter { $0.number < live.first ?? .max && $0.lastPosition > position }
        for (entry, next) in zip(older, older.dropFirst().map(\.number) + [live.first].compactMap(\.self))
        where entry.number + 1 != next {
            let missing = JournalDirectory.segmentName(entry.number + 1)
            throw JournalProblem(
                .corrupt,
                file: missing,
                position: entry.lastPosition + 1,
                "the segment is neither here nor in the archive, but a later one is"
            )
        }
        for entry in older { archived[entry.number] = entry.name }
        return older.map(\.number) + live
    }

    /// The numbers of the segment files, which must have no gap. Those before the oldest were retired.
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

    /// The journal must reach the record that the owner says it has: else records it relies on are gone.
    func checkOriginIsReached() throws(JournalProblem) {
        guard case .position(let position) = origin, position >= cursor.nextPosition else { return }
        throw JournalProblem(
            .corrupt,
            file: directory.path,
            position: cursor.nextPosition,
            "the journal ends with record \(cursor.nextPosition - 1), but it was durable up to \(position) once"
        )
    }

    private func missing(_ position: RecordPosition, before number: UInt64, _ detail: String) -> JournalProblem {
        JournalProblem(
            .corrupt,
            file: JournalDirectory.segmentName(number > 1 ? number - 1 : 1),
            position: position + 1,
            "the segment with record \(position + 1) is not there (\(detail)); "
                + "a start needs a later snapshot, or the segment back from the archive"
        )
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
