/// How far each stream is, as a reader of a log finds it. It checks that the runs of each stream
/// follow each other, by position, epoch and chain. It also checks that the segments' headers say
/// the same.
struct StreamCensus {
    /// By number; a stream without records may be missing.
    private(set) var marks: [StreamNumber: StreamMark] = [:]
    /// The streams that the log may have; nil for any.
    private let known: Set<StreamNumber>?
    private var hasBegun = false
    private var file = ""

    init(of known: Set<StreamNumber>? = nil) { self.known = known }

    /// A segment begins. The first one says where the streams are.
    mutating func began(_ segment: SegmentHeader) throws(JournalProblem) {
        file = JournalDirectory.segmentName(segment.number)
        for mark in segment.streams {
            try check(mark.number)
            if !hasBegun {
                marks[mark.number] = mark
            } else if marks[mark.number] == nil, mark != StreamMark(number: mark.number) {
                let detail =
                    "the segment says that shard \(mark.number) had \(mark.position) records, but none was read"
                throw damaged(segment.firstPosition, detail)
            }
        }
        hasBegun = true
        for mark in marks.values.sorted(by: { $0.number < $1.number }) {
            let said = segment.streams.mark(of: mark.number)
            guard mark != said else { continue }
            let detail =
                "the segment says that shard \(mark.number) had \(said.position) records, epoch \(said.epoch), "
                + "chain \(said.chain), but \(mark.position) were read, epoch \(mark.epoch), chain \(mark.chain)"
            throw damaged(segment.firstPosition, detail)
        }
    }

    /// A run, at a position of the log.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        at position: RecordPosition
    ) throws(JournalProblem) -> StreamRun {
        guard let run = StreamRun.decode(bytes) else { throw damaged(position, "it is no run of a shard's records") }
        var mark = marks[run.stream] ?? StreamMark(number: run.stream)
        if mark.position == 0, mark.epoch == 0 { try check(run.stream) }
        guard run.firstPosition == mark.position + 1, run.epoch >= mark.epoch else {
            throw damaged(
                position,
                "a run of shard \(run.stream) begins with record \(run.firstPosition), epoch \(run.epoch), "
                    + "after record \(mark.position), epoch \(mark.epoch)"
            )
        }
        let chain = run.chain(after: mark.chain, in: bytes)
        guard run.chain == chain else {
            throw damaged(
                position,
                "a run of shard \(run.stream) says that its chain is \(run.chain), but it is \(chain)"
            )
        }
        mark.pass(run)
        marks[run.stream] = mark
        return run
    }

    private func check(_ stream: StreamNumber) throws(JournalProblem) {
        guard let known, !known.contains(stream) else { return }
        throw JournalProblem(.format, file: file, "holds records of shard \(stream), which is none of this log's")
    }

    func damaged(_ position: RecordPosition, _ detail: String) -> JournalProblem {
        JournalProblem(.corrupt, file: file, position: position, detail)
    }
}
