/// The end of the journal on disk: seals batches and writes them into the segment in use. Belongs
/// to one thread; knows no locks, so a simulation can drive it step by step.
final class BatchWriter {
    /// What was written, for the index, the witness and the statistics.
    struct Written {
        let header: BatchHeader
        let hash: ChainHash
        /// Time that the write took, in nanoseconds.
        let nanoseconds: UInt64

        var point: DurablePoint {
            DurablePoint(
                batch: header.batch,
                position: header.lastPosition,
                segment: header.segment,
                offset: header.offset + UInt64(header.frameBytes),
                hash: hash
            )
        }
    }

    let journalID: UInt64
    private(set) var epoch: UInt64
    let batchBytes: Int
    private let frame: UnsafeMutableRawBufferPointer
    private var file: any JournalFile
    private(set) var segment: SegmentHeader
    private var saltSeed: UInt32
    private let keys: JournalKeys?
    private var nonces: NonceSource
    private let wallClock: @Sendable () -> Int64
    /// Of the segment in use; nil: it is in clear.
    private var key: DataKey?
    private(set) var end: DurablePoint

    /// Goes on in a segment behind `end`.
    init(
        configuration: JournalConfiguration,
        epoch: UInt64,
        file: any JournalFile,
        segment: SegmentHeader,
        end: DurablePoint
    ) {
        precondition(end.segment == segment.number)
        journalID = configuration.journalID
        batchBytes = configuration.batchBytes
        wallClock = configuration.wallClock
        self.epoch = epoch
        self.file = file
        self.segment = segment
        self.end = end
        saltSeed = segment.salt.seed
        keys = configuration.keys
        nonces = NonceSource(epoch: epoch)
        key = segment.dataKey(keys)
        frame = .aligned(byteCount: configuration.batchBytes)
    }

    deinit { frame.deallocate() }

    /// Bytes of records that the largest batch carries.
    var payloadLimit: Int { batchBytes - BatchHeader.byteCount }

    /// Whether another master key is the active one than when the segment was begun: the next
    /// segment is wanted early.
    var isKeyRetired: Bool { segment.keyID != keys?.activeKeyID ?? 0 }

    /// Bytes of frames that the segment in use still takes. One made for another batch size takes
    /// no more.
    var roomBytes: Int { Int(segment.batchBytes) == batchBytes ? Int(segment.segmentBytes - end.offset) : 0 }

    /// Bytes of records that the next batch carries. At the end of a segment that is less than
    /// `payloadLimit`. So hardly any of the segment stays empty, and the owner can count on its
    /// room.
    var payloadRoom: Int { min(payloadLimit, max(0, roomBytes - BatchHeader.byteCount)) }

    /// Writes for another owner from now on.
    func take(epoch: UInt64) {
        precondition(epoch > self.epoch)
        self.epoch = epoch
        nonces = NonceSource(epoch: epoch)
    }

    /// Begins a prepared segment: its header makes it part of the journal.
    /// - Parameter streams: how far each stream of a log is.
    func begin(_ prepared: PreparedSegment, streams: [StreamMark] = []) throws(JournalFileError) {
        precondition(prepared.number == segment.number + 1)
        segment = try Self.writeHeader(
            prepared,
            journalID: journalID,
            batchBytes: batchBytes,
            epoch: epoch,
            after: end,
            streams: streams,
            keys: keys
        )
        key = segment.dataKey(keys)
        file = prepared.file
        saltSeed = segment.salt.seed
        end.segment = segment.number
        end.offset = UInt64(SegmentHeader.byteCount)
    }

    static func writeHeader(
        _ prepared: PreparedSegment,
        journalID: UInt64,
        batchBytes: Int,
        epoch: UInt64,
        after end: DurablePoint,
        streams: [StreamMark] = [],
        keys: JournalKeys?
    ) throws(JournalFileError) -> SegmentHeader {
        var header = SegmentHeader(
            flags: prepared.isRecycled ? SegmentHeader.flagRecycled : 0,
            journalID: journalID,
            number: prepared.number,
            segmentBytes: prepared.byteCount,
            batchBytes: UInt32(batchBytes),
            firstBatch: end.batch + 1,
            firstPosition: end.position + 1,
            epoch: epoch,
            createdMilliseconds: wallMilliseconds(),
            salt: .random(),
            previousHash: end.hash,
            streams: streams
        )
        if let keys { header.makeDataKey(keys.ring) }
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: SegmentHeader.byteCount)
        defer { block.deallocate() }
        header.encode(into: block)
        try prepared.file.write(UnsafeRawBufferPointer(block), at: 0)
        return header
    }

    /// Seals and writes one batch; durable when it returns. After an error this writer must not be
    /// used again.
    func write(_ payload: UnsafeRawBufferPointer, count: Int) throws(JournalFileError) -> Written {
        var header = BatchHeader(
            batch: end.batch + 1,
            firstPosition: end.position + 1,
            recordCount: UInt32(count),
            length: UInt32(payload.count),
            durablePosition: end.position,
            epoch: epoch,
            wallMilliseconds: wallClock(),
            segment: segment.number,
            offset: end.offset,
            previousHash: end.hash
        )
        if let key {
            header.keyID = key.keyID
            header.nonce = nonces.nonce(batch: header.batch, firstBatch: segment.firstBatch)
        }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: frame[0..<header.frameBytes])
        let used = BatchHeader.byteCount + payload.count
        UnsafeMutableRawBufferPointer(rebasing: bytes[BatchHeader.byteCount..<used]).copyMemory(from: payload)
        UnsafeMutableRawBufferPointer(rebasing: bytes[used...]).zero()
        let hash = header.seal(bytes, saltSeed: saltSeed, key: key)
        let start = monotonicNanoseconds()
        try file.write(UnsafeRawBufferPointer(bytes), at: header.offset)
        let written = Written(header: header, hash: hash, nanoseconds: monotonicNanoseconds() - start)
        precondition(written.point.position == end.position + UInt64(count))
        end = written.point
        return written
    }
}

/// How far a journal is durable.
struct DurablePoint: Equatable {
    var batch: UInt64
    var position: RecordPosition
    /// The segment in use and the offset behind its last batch.
    var segment: UInt64
    var offset: UInt64
    var hash: ChainHash

    /// Before the first batch.
    static let start = DurablePoint(batch: 0, position: 0, segment: 0, offset: 0, hash: .genesis)

    func slot(_ kind: WitnessSlot.Kind, epoch: UInt64) -> WitnessSlot {
        WitnessSlot(
            kind: kind,
            batch: batch,
            position: position,
            segment: segment,
            offset: offset,
            epoch: epoch,
            hash: hash
        )
    }
}
