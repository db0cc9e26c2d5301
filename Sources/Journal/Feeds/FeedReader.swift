/// Reads the batches of a local journal one after another, from segment files and from the archive.
/// Holds the file that it reads and nothing else. Used by one thread at a time.
struct FeedReader {
    private(set) var next: RecordPosition
    /// Never falls.
    private var epoch: UInt64 = 0
    private var place: Place?

    /// Where the next batch begins, if it is in the same file as the last.
    private struct Place {
        let file: FrameFile
        var offset: UInt64
        /// The segment, if it is its own file and not the archive's.
        let segment: UInt64?
    }

    init(from position: RecordPosition) { next = position }

    /// The batch with the next record, which is durable; the reader stands behind it then. After an
    /// error it stands where it was.
    mutating func read(_ core: JournalCore) throws(JournalError) -> JournalFeedBatch {
        while true {
            let segment = place?.segment
            do throws(JournalProblem) {
                return try readBatch(core)
            } catch {
                let tried = place?.segment ?? segment
                place = nil
                // The segment's file was used again while it was read. Then the record is in the
                // archive.
                if let tried, core.monitor.withLock({ $0.segments.hasGone(tried) }) { continue }
                throw error.asJournalError
            }
        }
    }

    private mutating func readBatch(_ core: JournalCore) throws(JournalProblem) -> JournalFeedBatch {
        if let place, let header = try place.file.header(at: place.offset), header.holds(next) {
            return try take(header, at: place)
        }
        // The end of its segment, or the first read.
        let found = try find(core)
        place = found
        guard let header = try found.file.header(at: found.offset), header.holds(next) else {
            throw damaged(found, "record \(next) is not where it belongs")
        }
        return try take(header, at: found)
    }

    private mutating func take(_ header: BatchHeader, at place: Place) throws(JournalProblem) -> JournalFeedBatch {
        guard header.offset == place.offset, header.epoch >= epoch else {
            throw damaged(place, "batch \(header.batch) stands where another belongs")
        }
        guard let batch = try place.file.batch(of: header) else { throw damaged(place, "the batch is damaged") }
        let skipped = Int(next - header.firstPosition)
        let result = JournalFeedBatch(
            firstPosition: next,
            epoch: header.epoch,
            payload: batch.payload,
            records: batch.records[skipped...]
        )
        epoch = header.epoch
        next = header.lastPosition + 1
        self.place?.offset = place.offset + UInt64(header.frameBytes)
        return result
    }

    /// The file and the offset of the batch that holds the next record.
    private func find(_ core: JournalCore) throws(JournalProblem) -> Place {
        let next = self.next
        var found: Place
        switch core.monitor.withLock({ state in state.place(of: next) }) {
        case .nowhere: throw .notDurable(next)
        case .segment(let entry):
            let name = JournalDirectory.segmentName(entry.segment)
            let file: FrameFile
            do throws(JournalProblem) {
                file = try FrameFile(core.fileSystem, in: core.directory, named: name, keys: core.configuration.keys)
            } catch {
                guard core.monitor.withLock({ $0.segments.hasGone(entry.segment) }) else { throw error }
                return try find(core)
            }
            found = Place(file: file, offset: entry.offset, segment: entry.segment)
        case .archive:
            let archived: ArchivedSegment?
            do { archived = try core.archive?.segment(with: next) } catch { throw JournalProblem(error) }
            guard let archived else { throw .gone(next) }
            let file = try FrameFile(archived, core.configuration.keys)
            found = Place(file: file, offset: archived.start(for: next), segment: nil)
        }
        while let header = try found.file.header(at: found.offset), header.lastPosition < next {
            found.offset += UInt64(header.frameBytes)
        }
        return found
    }

    private func damaged(_ place: Place, _ detail: String) -> JournalProblem {
        JournalProblem(.corrupt, file: place.file.name, offset: place.offset, position: next, detail)
    }
}

extension BatchHeader {
    func holds(_ position: RecordPosition) -> Bool { position >= firstPosition && position <= lastPosition }
}
