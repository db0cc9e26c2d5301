/// Where batches begin, for reading a record again: at most `limit` entries of 24 bytes. When it is full every second entry
/// goes and from then on only every second batch is entered, so a read starts at most `stride` batches before its record.
struct BatchIndex {
    struct Entry {
        var firstPosition: RecordPosition
        var offset: UInt64
        var segment: UInt64
    }

    let limit: Int
    private(set) var entries: [Entry] = []
    private(set) var stride: UInt64 = 1
    private var batches: UInt64 = 0

    init(limit: Int) {
        precondition(limit >= 2)
        self.limit = limit
    }

    mutating func add(_ entry: Entry) {
        defer { batches += 1 }
        guard batches % stride == 0 else { return }
        if entries.count == limit { thin() }
        if batches % stride == 0 { entries.append(entry) }
    }

    /// The last entry at or before a record.
    func entry(before position: RecordPosition) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].firstPosition <= position { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : entries[low - 1]
    }

    private mutating func thin() {
        var kept = 0
        for index in Swift.stride(from: 0, to: entries.count, by: 2) {
            entries[kept] = entries[index]
            kept += 1
        }
        entries.removeLast(entries.count - kept)
        stride *= 2
    }
}
