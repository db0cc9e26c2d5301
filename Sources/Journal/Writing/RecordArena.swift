/// Records that wait for the disk, one after another as they were appended. Its memory is fixed:
/// pages that were never touched cost nothing.
struct RecordArena: ~Copyable {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var byteCount = 0
    private(set) var recordCount = 0
    /// The load that the flush pacer counts: the records, or in a log of streams the records in its
    /// runs.
    private(set) var load = 0
    /// Position of the first record; meaningless when empty.
    private(set) var firstPosition: RecordPosition = 0

    init(capacity: Int) {
        memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    var isEmpty: Bool { recordCount == 0 }

    /// The caller has checked the framing and the room.
    mutating func append(_ bytes: UnsafeRawBufferPointer, count: Int, firstPosition: RecordPosition) {
        precondition(byteCount + bytes.count <= memory.count && count > 0)
        if isEmpty { self.firstPosition = firstPosition }
        precondition(firstPosition == self.firstPosition + UInt64(recordCount))
        UnsafeMutableRawBufferPointer(rebasing: memory[byteCount...]).copyMemory(from: bytes)
        byteCount += bytes.count
        recordCount += count
        load += count
    }

    /// Takes a run in as one record: its header in front of the stream's records. The caller has
    /// checked framing and room.
    mutating func append(_ run: StreamRun, of bytes: UnsafeRawBufferPointer, position: RecordPosition) {
        let length = run.byteCount
        precondition(byteCount + 4 + length <= memory.count)
        if isEmpty { firstPosition = position }
        precondition(position == firstPosition + UInt64(recordCount))
        let target = UnsafeMutableRawBufferPointer(rebasing: memory[byteCount..<byteCount + 4 + length])
        target.store(UInt32(length), at: 0)
        run.encode(into: UnsafeMutableRawBufferPointer(rebasing: target[4...]))
        UnsafeMutableRawBufferPointer(rebasing: target[(4 + StreamRun.headerBytes)...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[run.range]))
        byteCount += 4 + length
        recordCount += 1
        load += max(Int(run.count), 1)
    }

    mutating func removeAll() {
        byteCount = 0
        recordCount = 0
        load = 0
    }

    /// As many whole records from an offset on as fit `limit` bytes: none if the first does not.
    func chunk(from offset: Int, limit: Int) -> (bytes: UnsafeRawBufferPointer, count: Int) {
        let all = UnsafeRawBufferPointer(rebasing: memory[..<byteCount])
        var end = offset
        var count = 0
        while let record = BatchRecords.record(all, at: end), record.upperBound - offset <= limit {
            end = record.upperBound
            count += 1
        }
        return (all.part(offset, end - offset), count)
    }

    /// Checks that `count` length-prefixed records fill the bytes exactly and that each fits a
    /// batch.
    static func checkFraming(_ bytes: UnsafeRawBufferPointer, count: Int, maximumRecordBytes: Int) {
        var offset = 0
        for _ in 0..<count {
            guard let record = BatchRecords.record(bytes, at: offset) else {
                preconditionFailure("a record's length goes beyond the appended bytes")
            }
            precondition(record.count <= maximumRecordBytes, "a record larger than a batch")
            offset = record.upperBound
        }
        precondition(offset == bytes.count, "bytes follow the last record")
    }
}
