/// Where positions are: at most `limit` entries. When it is full, it drops every second entry and
/// enters only every second position from then on. So a read starts at most `stride` positions
/// before its record.
struct SparseIndex<Place> {
    struct Entry {
        var firstPosition: RecordPosition
        var place: Place
    }

    let limit: Int
    private(set) var entries: [Entry] = []
    private(set) var stride: UInt64 = 1
    private var offered: UInt64 = 0

    init(limit: Int) {
        precondition(limit >= 2)
        self.limit = limit
    }

    mutating func add(_ entry: Entry) {
        defer { offered += 1 }
        guard offered % stride == 0 else { return }
        if entries.count == limit { thin() }
        if offered % stride == 0 { entries.append(entry) }
    }

    /// The last entry at or before a record.
    func entry(before position: RecordPosition) -> Entry? {
        let index = index(after: position)
        return index == 0 ? nil : entries[index - 1]
    }

    /// The first entry behind a record.
    func entry(after position: RecordPosition) -> Entry? {
        let index = index(after: position)
        return index == entries.count ? nil : entries[index]
    }

    private func index(after position: RecordPosition) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].firstPosition <= position { low = middle + 1 } else { high = middle }
        }
        return low
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

/// Where batches begin, for reading a record again: 24 bytes each.
typealias BatchIndex = SparseIndex<BatchPlace>

/// Where a batch begins.
struct BatchPlace {
    var offset: UInt64
    var segment: UInt64
}

extension SparseIndex.Entry where Place == BatchPlace {
    init(firstPosition: RecordPosition, offset: UInt64, segment: UInt64) {
        self.init(firstPosition: firstPosition, place: BatchPlace(offset: offset, segment: segment))
    }

    var offset: UInt64 { place.offset }
    var segment: UInt64 { place.segment }
}
