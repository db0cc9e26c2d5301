import Journal
import NIOCore
import Time

/// The records that the host gave to the journal and that are not durable yet: how many bytes, and
/// since when.
struct JournalBacklog {
    private struct Batch {
        var position: RecordPosition
        var bytes: Int
        var time: Timestamp
    }

    private var batches = CircularBuffer<Batch>(initialCapacity: 256)
    /// Bytes of records.
    private(set) var bytes = 0
    /// Bytes of frames that they take at most.
    private(set) var frameBytes = 0

    var isEmpty: Bool { batches.isEmpty }

    /// When the oldest batch was appended.
    var oldest: Timestamp? { batches.first?.time }

    mutating func appended(_ bytes: Int, upTo position: RecordPosition, at time: Timestamp) {
        batches.append(Batch(position: position, bytes: bytes, time: time))
        self.bytes += bytes
        frameBytes += JournalRoom.frameBytes(records: bytes)
    }

    mutating func durable(upTo position: RecordPosition) {
        while let first = batches.first, first.position <= position {
            bytes -= first.bytes
            frameBytes -= JournalRoom.frameBytes(records: first.bytes)
            batches.removeFirst()
        }
    }
}
