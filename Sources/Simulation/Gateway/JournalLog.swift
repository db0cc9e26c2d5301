import Journal

/// What a shard's stream is known to hold, from outside of its log. It has a hash of every record
/// that was appended, by position, and how far the stream was reported durable. `books` examines
/// each durable record once. The log survives the processes.
final class JournalLog {
    /// Of record i + 1.
    private(set) var hashes: [UInt64] = []
    /// Every record up to here was said to be durable.
    var acknowledged: RecordPosition = 0 { didSet { examine() } }
    /// The largest epoch of an owner that was said to have the stream, and is durable therefore.
    var epoch: UInt64 = 0
    /// Planted bug: records of the journal that a start forgot; the owner's positions do not count
    /// them.
    var forgotten: [RecordPosition] = []
    private(set) var books: JournalBooks
    /// The bytes of the records behind those that were examined.
    private var unexamined: [[UInt8]] = []
    private var examined: RecordPosition = 0

    /// - Parameter keySeconds: how long a key is remembered.
    init(shard: Int = 0, of shards: Int = 1, keySeconds: Int64) {
        books = JournalBooks(shard: shard, of: shards, keySeconds: keySeconds)
    }

    /// Where the journal has the record that an owner counts as `position`.
    func place(of position: RecordPosition) -> RecordPosition {
        var place = position
        for forgotten in forgotten where forgotten <= place { place += 1 }
        return place
    }

    func append(framed bytes: [UInt8], count: Int) {
        bytes.withUnsafeBytes { all in
            var offset = 0
            for _ in 0..<count {
                let length = Int(UInt32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                let record = UnsafeRawBufferPointer(rebasing: all[offset + 4..<offset + 4 + length])
                hashes.append(Self.hash(record))
                unexamined.append(Array(record))
                offset += 4 + length
            }
        }
    }

    /// The journal ends here after a crash: what came after was never said to be durable.
    func truncate(to position: RecordPosition) {
        hashes.removeLast(hashes.count - Int(position))
        // Fewer than were examined: what was said to be durable is gone, and that has been noted.
        let left = max(0, Int(position) - Int(examined))
        unexamined.removeLast(max(0, unexamined.count - left))
    }

    /// The records from `position` on that were appended and not said to be durable.
    func appended(from position: RecordPosition) -> [[UInt8]] {
        guard position > examined else { return [] }
        return Array(unexamined.dropFirst(Int(position - examined) - 1))
    }

    private func examine() {
        guard acknowledged > examined else { return }
        let count = min(unexamined.count, Int(acknowledged - examined))
        for bytes in unexamined.prefix(count) {
            examined += 1
            books.examine(bytes, at: examined)
        }
        unexamined.removeFirst(count)
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = WordHash()
        hash.combine(bytes)
        return hash.value
    }
}
