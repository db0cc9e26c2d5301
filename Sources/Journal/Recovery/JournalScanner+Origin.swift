/// Where a scan begins. Without a snapshot that is the journal's first batch. With one it is the header of the segment that holds
/// the record after it: the header names batch, position and hash of what came before, so the chain goes on from there.
extension JournalScanner {
    /// A segment before the first that is scanned, known by its header only.
    struct Skipped: Equatable {
        let number: UInt64
        let firstPosition: RecordPosition
    }

    /// The numbers of the segments to scan, which go up by one. Sets the cursor to what the first of them must begin with, and
    /// `skipped` to those before it.
    mutating func findOrigin() throws(JournalProblem) -> [UInt64] {
        let numbers = try segmentNumbers()
        guard let oldest = numbers.first else {
            if origin > 0 { throw missing(before: 1, "there is no segment at all") }
            return []
        }
        guard origin > 0 || oldest != 1 else { return numbers }
        var start = 0
        var startHeader: SegmentHeader?
        for (index, number) in numbers.enumerated() {
            // What is wrong with the last one is for the scan to judge: it may be prepared, or half begun.
            guard let header = try originHeader(number, isLast: number == numbers.last) else { break }
            try checkOrder(header, after: startHeader)
            guard header.firstPosition <= origin + 1 else { break }
            if let before = startHeader {
                skipped.append(.init(number: before.number, firstPosition: before.firstPosition))
            }
            start = index
            startHeader = header
        }
        guard let startHeader else {
            if oldest == 1 { return numbers }
            throw missing(before: oldest, "segment \(oldest) begins after it")
        }
        if startHeader.number > 1 { cursor.begin(at: startHeader) }
        return Array(numbers[start...])
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

    /// One block is read, not a window: there may be many segments.
    private func originHeader(_ number: UInt64, isLast: Bool) throws(JournalProblem) -> SegmentHeader? {
        let name = JournalDirectory.segmentName(number)
        let (decoded, byteCount) = try SegmentHeader.read(fileSystem, directory, name: name)
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
            return header
        case .newerFormat(let major): throw SegmentHeader.newer(major, file: name)
        case .unused where isLast, .invalid where isLast: return nil
        case .unused: throw JournalProblem(.corrupt, file: name, "its header is gone")
        case .invalid(let what): throw JournalProblem(.corrupt, file: name, what)
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
        guard origin >= cursor.nextPosition else { return }
        throw JournalProblem(
            .corrupt,
            file: directory.path,
            position: cursor.nextPosition,
            "the journal ends with record \(cursor.nextPosition - 1), but it was durable up to \(origin) once"
        )
    }

    private func missing(before number: UInt64, _ detail: String) -> JournalProblem {
        JournalProblem(
            .corrupt,
            file: JournalDirectory.segmentName(number > 1 ? number - 1 : 1),
            position: origin + 1,
            "the segment with record \(origin + 1) is not there (\(detail)); "
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
