/// Finds out how far each stream is, from the runs that a recovery of the log reads. Gives each
/// owner the records that it does not have.
struct StreamRecovery {
    typealias Replay = (StreamNumber, RecordPosition, Span<UInt8>) -> Void

    struct Stream {
        var mark: StreamMark
        var report: StreamReport
        /// From its positions to the log's.
        var index: SparseIndex<RecordPosition>
    }

    private var streams: [Stream]
    /// By number, where it stands in `streams`.
    private let indices: [StreamNumber: Int]
    private var census: StreamCensus
    /// Held until the recovery is over.
    private var replay: Replay
    private var problem: JournalProblem?

    init(_ setups: [StreamSetup], indexEntries: Int, _ replay: @escaping Replay) {
        streams = setups.map { setup in
            Stream(
                mark: StreamMark(number: setup.number),
                report: StreamReport(number: setup.number, origin: setup.origin),
                index: SparseIndex(limit: indexEntries)
            )
        }
        indices = Dictionary(uniqueKeysWithValues: setups.enumerated().map { ($1.number, $0) })
        census = StreamCensus(of: Set(setups.map(\.number)))
        self.replay = replay
    }

    mutating func began(_ segment: SegmentHeader) throws(JournalProblem) {
        if let problem { throw problem }
        try census.began(segment)
    }

    /// A run of the log. After the first problem it does nothing; `began` and `finish` throw that
    /// problem.
    mutating func replay(_ bytes: Span<UInt8>, at position: RecordPosition) {
        guard problem == nil else { return }
        do throws(JournalProblem) {
            try bytes.withUnsafeBytes { bytes throws(JournalProblem) in try take(bytes, at: position) }
        } catch {
            problem = error
        }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, at position: RecordPosition) throws(JournalProblem) {
        let run = try census.take(bytes, at: position)
        guard let index = indices[run.stream] else { preconditionFailure("the census knows the streams") }
        if run.count > 0 { streams[index].index.add(.init(firstPosition: run.firstPosition, place: position)) }
        let origin = streams[index].report.origin
        let isWhole = run.forEachRecord(in: bytes) { record, range in
            guard record > origin else { return }
            streams[index].report.replayed += 1
            streams[index].report.bytes += UInt64(range.count) + 4
            let part = UnsafeRawBufferPointer(rebasing: bytes[range])
            replay(run.stream, record, part.bindMemory(to: UInt8.self).span)
        }
        guard isWhole else { throw census.damaged(position, "the records' lengths do not fit the run") }
    }

    /// Throws the first problem, or when a stream ends before what its owner has.
    mutating func finish() throws(JournalProblem) -> [Stream] {
        if let problem { throw problem }
        for index in streams.indices {
            let number = streams[index].mark.number
            if let mark = census.marks[number] { streams[index].mark = mark }
            let last = streams[index].mark.position
            let origin = streams[index].report.origin
            guard last >= origin else {
                let detail =
                    "the records of shard \(number) end with \(last), but they were durable up to \(origin) once"
                throw census.damaged(0, detail)
            }
            streams[index].report.lastPosition = last
            streams[index].report.epoch = streams[index].mark.epoch
            streams[index].report.chain = streams[index].mark.chain
        }
        defer { streams = [] }
        return streams
    }

    /// The recovery is over, or has failed: the owners' closure is not called any more.
    mutating func end() { replay = { _, _, _ in } }
}
