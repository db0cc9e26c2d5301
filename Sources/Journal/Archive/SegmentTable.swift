/// The segment files of a journal, ascending without gaps, and how far they are needed. The last
/// one is in use. An entry takes 72 bytes, and 24 for each stream. There is an entry for each
/// segment between two snapshots, and for each that waits for the archive.
struct SegmentTable {
    struct Segment: Equatable {
        let number: UInt64
        let firstBatch: UInt64
        let firstPosition: RecordPosition
        let previousHash: ChainHash
        let bytes: UInt64
        /// In a log of streams: how far each stream was when the segment began.
        var streams: [StreamMark] = []
    }

    private(set) var segments: [Segment] = []
    /// Records up to here are not needed for a start any more.
    private(set) var retired: RecordPosition = 0
    /// The last segment that is in the archive, 0 for none; those before it are, too.
    private(set) var archived: UInt64 = 0
    /// A spare is being removed or used again. Until that is done, no other spare is given. Spares
    /// go in order, because the numbers of the segment files must have no gap.
    private var isSpareOut = false

    /// Enters a segment behind all others.
    mutating func add(_ segment: Segment) {
        if let last = segments.last { precondition(segment.number == last.number + 1) }
        segments.append(segment)
    }

    mutating func retire(upTo position: RecordPosition) { retired = max(retired, position) }

    /// Retires the records of all segments before the last one that a start may begin with.
    /// - Parameter isEnough: says whether a start may begin with the segment of these marks. Once
    ///   it is false for a segment, it is false for all later segments.
    mutating func retire(before isEnough: ([StreamMark]) -> Bool) {
        guard let segment = segments.last(where: { isEnough($0.streams) }) else { return }
        retire(upTo: segment.firstPosition - 1)
    }

    mutating func noteArchived(_ number: UInt64) { archived = max(archived, number) }

    /// The first position that a segment file holds; a lower one is in the archive, or gone.
    var firstPosition: RecordPosition? { segments.first?.firstPosition }

    var firstNumber: UInt64 { segments.first?.number ?? .max }

    /// Whether a segment was here once and is not any more.
    func hasGone(_ number: UInt64) -> Bool { number < firstNumber }

    /// The segment that holds a position, or would.
    func segment(holding position: RecordPosition) -> Segment? {
        var low = 0
        var high = segments.count
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].firstPosition <= position { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : segments[low - 1]
    }

    /// The next segment to archive: all its records are retired, and a later segment is in use.
    var nextToArchive: Segment? {
        guard let oldest = segments.first else { return nil }
        let index = archived < oldest.number ? 0 : Int(archived - oldest.number) + 1
        guard index + 1 < segments.count, segments[index + 1].firstPosition <= retired + 1 else { return nil }
        return segments[index]
    }

    /// Where a segment ends, which the one after it says.
    func end(of segment: Segment) -> ArchiveWriter.Expected? {
        guard let oldest = segments.first, segment.number >= oldest.number else { return nil }
        let next = Int(segment.number - oldest.number) + 1
        guard next < segments.count else { return nil }
        let after = segments[next]
        return .init(nextBatch: after.firstBatch, nextPosition: after.firstPosition, hash: after.previousHash)
    }

    /// Segments that wait for the archive.
    var waiting: Int {
        guard let oldest = segments.first else { return 0 }
        let start = archived < oldest.number ? 0 : Int(archived - oldest.number) + 1
        var count = 0
        while start + count + 1 < segments.count, segments[start + count + 1].firstPosition <= retired + 1 {
            count += 1
        }
        return count
    }

    /// Segment files that are in the archive, too.
    var spares: Int {
        guard let oldest = segments.first, archived >= oldest.number else { return 0 }
        return min(Int(archived - oldest.number) + 1, segments.count - 1)
    }

    /// Takes the oldest spare out: the caller removes its file or uses it again, and gives it back
    /// or says that it is gone.
    mutating func takeSpare() -> Segment? {
        guard spares > 0, !isSpareOut else { return nil }
        isSpareOut = true
        return segments.removeFirst()
    }

    mutating func spareIsGone() { isSpareOut = false }

    /// Its file could not be removed or renamed.
    mutating func giveBack(_ spare: Segment) {
        precondition(isSpareOut && spare.number + 1 == firstNumber)
        isSpareOut = false
        segments.insert(spare, at: 0)
    }

    /// Takes the oldest spare out if it has this size.
    mutating func takeSpare(bytes: UInt64) -> Segment? {
        segments.first?.bytes == bytes ? takeSpare() : nil
    }
}

extension SegmentTable.Segment {
    init(_ header: SegmentHeader) {
        self.init(
            number: header.number,
            firstBatch: header.firstBatch,
            firstPosition: header.firstPosition,
            previousHash: header.previousHash,
            bytes: header.segmentBytes,
            streams: header.streams
        )
    }
}
