/// How a local journal writes. All sizes are bytes. A `precondition` checks them when the journal
/// opens, because a wrong size is a mistake of the program and not of its input.
package struct JournalConfiguration: Sendable {
    /// The shard this journal belongs to; written into every segment, and a directory of another
    /// shard is refused.
    package var journalID: UInt64
    /// Size of a segment file, a multiple of 4 KiB. Default 64 MiB.
    package var segmentBytes: Int
    /// Largest batch frame with its header and padding, a multiple of 4 KiB, at most 1 MiB. Default
    /// 1 MiB.
    package var batchBytes: Int
    /// Most bytes that may wait for the disk; `append` throws `backlog` beyond. Default 4 MiB.
    package var backlogBytes: Int
    /// The most that a flush waits after the start of the one before, 0...10 ms in nanoseconds.
    /// Default 1 ms. How much of it depends on the load (`FlushPacer`); when the journal is nearly
    /// idle there is no wait.
    package var floorNanoseconds: UInt64
    /// Waiting bytes that end the floor early. Default 64 KiB.
    package var floorBytes: Int
    /// Least time between two witness writes, in nanoseconds. Default 10 ms.
    package var witnessNanoseconds: UInt64
    /// Entries of the in-memory index from record to file offset, 24 bytes each. Default 65,536.
    /// When it is full every second entry goes, and reads scan further.
    package var indexEntries: Int
    /// A cursor that holds back more bytes of segment files than this is alarmed
    /// (`JournalCursor.isAlarmed`). Nothing else happens by itself: an operator drops it, or its
    /// consumer goes on. Default 4 GiB.
    package var cursorAlarmBytes: UInt64 = 4 << 30
    /// Milliseconds since 1970, for the times in frames and for the archive's retention: the
    /// operating system's, or a simulation's.
    package var wallClock: @Sendable () -> Int64 = wallMilliseconds
    /// Nanoseconds that never go back, from any beginning: the operating system's, or a
    /// simulation's. Paces flushes, witness slots and the preparation of segments.
    package var clock: @Sendable () -> UInt64 = monotonicNanoseconds
    /// The log of streams that this journal carries; nil where it carries records of its owner.
    var tenant: (any JournalTenant)?
    /// Who runs the writer and the keeper. Default: a thread for each.
    package var driving = Driving.threads

    /// Who runs a journal's writer and keeper. The code that runs is the same.
    package enum Driving: Sendable {
        /// Two threads of the journal's own.
        case threads
        /// The one who opened it, by `LocalJournal.stepWriter` and `stepKeeper`: for simulations.
        case steps
    }
    /// Encryption at rest; nil writes in clear and reads no encrypted segment.
    package var keys: JournalKeys?
    /// Signed checkpoints of the chain; nil makes none.
    package var checkpoints: CheckpointSettings?
    /// Where retired segments go; nil leaves them where they are.
    package var archive: JournalArchiveConfiguration?

    package init(
        journalID: UInt64,
        segmentBytes: Int = 64 << 20,
        batchBytes: Int = 1 << 20,
        backlogBytes: Int = 4 << 20,
        floorNanoseconds: UInt64 = 1_000_000,
        floorBytes: Int = 64 << 10,
        witnessNanoseconds: UInt64 = 10_000_000,
        indexEntries: Int = 65_536,
        keys: JournalKeys? = nil,
        checkpoints: CheckpointSettings? = nil,
        archive: JournalArchiveConfiguration? = nil
    ) {
        self.journalID = journalID
        self.segmentBytes = segmentBytes
        self.batchBytes = batchBytes
        self.backlogBytes = backlogBytes
        self.floorNanoseconds = floorNanoseconds
        self.floorBytes = floorBytes
        self.witnessNanoseconds = witnessNanoseconds
        self.indexEntries = indexEntries
        self.keys = keys
        self.checkpoints = checkpoints
        self.archive = archive
    }

    /// Bytes of the largest record that fits a batch.
    package var maximumRecordBytes: Int { batchBytes - BatchHeader.byteCount - 4 }

    func validate() {
        precondition(batchBytes % blockBytes == 0 && batchBytes >= blockBytes && batchBytes <= 1 << 20)
        precondition(segmentBytes % blockBytes == 0 && segmentBytes >= SegmentHeader.byteCount + batchBytes)
        precondition(segmentBytes <= 1 << 32, "segment of more than 4 GiB")
        precondition(backlogBytes >= batchBytes && backlogBytes <= 1 << 30)
        precondition(floorNanoseconds <= 10_000_000, "floor of more than 10 ms")
        precondition(floorBytes > 0 && indexEntries >= 2)
    }
}
