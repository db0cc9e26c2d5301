/// What the owner's thread, the writer, the keeper and readers share; only ever touched under the
/// journal's monitor.
struct JournalState: ~Copyable {
    /// What the writer thread sleeps for.
    enum WriterSleep {
        case awake
        case forRecords
        case untilFloor
        case forSegment
        /// As above, and can go on in the segment in use.
        case forRotation
    }

    /// Records appended and not yet taken by the writer.
    var pending: RecordArena
    /// Bytes in `pending`, and those that the writer has taken and not written yet.
    var unflushedBytes = 0
    /// Somebody waits for what is pending: it is flushed without waiting for more.
    var isHurried = false
    var lastPosition: RecordPosition
    var durable: DurablePoint
    /// The last batch that a witness slot names.
    var witnessedBatch: UInt64
    /// The newest checkpoint of the log.
    var checkpoint: Checkpoint?
    var failure: JournalError?
    var isClosing = false
    /// Closed: its files may be another process's.
    var isClosed = false
    var owners: OwnerTable
    /// A change of owner under way.
    var handover: JournalHandover?
    /// The largest epoch that the writer has made durable.
    var epoch: UInt64
    /// The writer calls nobody any more.
    var hasWriterEnded = false
    var feeds = FeedTable()
    var keeperStops = false
    var writerSleep = WriterSleep.awake
    /// The keeper sleeps with no time set, because every batch was witnessed.
    var keeperNeedsWake = false
    var segmentInUse: UInt64
    /// The writer has taken the prepared segment and its header is not durable yet. Until it is, no
    /// other segment is prepared: at most one unused segment may stand at the end of a journal.
    var isSegmentBeginning = false
    var prepared: PreparedSegment?
    /// The last attempt to prepare a segment found the disk full.
    var isDiskFull = false
    /// Bytes of frames that still fit the segment in use.
    var segmentRoom: Int
    /// The most of the segment in use that stays empty at its end, because a record is not divided.
    /// It counts only for a log, whose runs are large and many. A shard keeps room for its largest
    /// record when it admits a command.
    let endBytes: Int
    var index: BatchIndex
    var segments: SegmentTable
    var archive = ArchiveStatistics()
    var archiverStops = false
    var statistics = JournalStatistics()
    /// Handed to the writer thread when it starts.
    var writer: BatchWriter?
    /// Held until `close`.
    var lockFile: (any JournalFile)?

    /// Bytes of frames that fit without another segment, however they are split into records.
    var roomBytes: Int {
        guard let prepared else { return segmentRoom }
        return max(0, segmentRoom - endBytes) + Int(clamping: prepared.byteCount) - SegmentHeader.byteCount
    }

    /// Takes records in, or says why not; then nothing has changed.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        backlogLimit: Int
    ) throws(JournalError) {
        guard unflushedBytes + bytes.count <= backlogLimit else {
            statistics.backlogRefusals += 1
            throw JournalError(.backlog, "\(unflushedBytes) bytes of \(backlogLimit) wait for the disk")
        }
        pending.append(bytes, count: count, firstPosition: lastPosition + 1)
        unflushedBytes += bytes.count
        lastPosition += UInt64(count)
    }

    /// Takes the runs of a stream in, each as one record, or says why not; then nothing has
    /// changed.
    mutating func append(
        _ runs: [StreamRun],
        of bytes: UnsafeRawBufferPointer,
        backlogLimit: Int
    ) throws(JournalError) {
        let count = runs.reduce(0) { $0 + 4 + $1.byteCount }
        guard unflushedBytes + count <= backlogLimit else {
            statistics.backlogRefusals += 1
            throw JournalError(.backlog, "\(unflushedBytes) bytes of \(backlogLimit) wait for the disk")
        }
        for run in runs {
            lastPosition += 1
            pending.append(run, of: bytes, position: lastPosition)
        }
        unflushedBytes += count
    }

    /// Notes a batch that is now on disk.
    mutating func wrote(_ written: BatchWriter.Written) {
        let header = written.header
        precondition(header.lastPosition <= lastPosition && header.firstPosition == durable.position + 1)
        durable = written.point
        unflushedBytes -= Int(header.length)
        index.add(.init(firstPosition: header.firstPosition, offset: header.offset, segment: header.segment))
        statistics.masterKeyID = header.keyID
        statistics.flushes += 1
        statistics.records += UInt64(header.recordCount)
        statistics.bytes += UInt64(header.length)
        statistics.paddedBytes += UInt64(header.frameBytes)
        statistics.flushLatency.record(nanoseconds: written.nanoseconds)
    }
}
