import Risk

/// The fraud hook's counters in a snapshot: how many, the table's slots and the place of its search (three u64), then each
/// counter's place (u64) and its words.
struct StoredRiskCounters {
    static let headBytes = 24
    static let entryBytes = 8 + RiskCounters.slotBytes

    private let table: RiskCounters
    private var entries: [(slot: Int, words: ArraySlice<UInt64>)] = []

    init(_ table: RiskCounters) {
        self.table = table
        entries.reserveCapacity(table.count)
        var entries: [(slot: Int, words: ArraySlice<UInt64>)] = []
        table.forEach { entries.append(($0, $1)) }
        self.entries = entries
    }

    /// The head, and each counter.
    var count: Int { entries.count + 1 }

    func store(_ index: Int, into bytes: inout [UInt8]) {
        guard index > 0 else {
            bytes.appendInteger(UInt64(entries.count))
            bytes.appendInteger(UInt64(table.shape.slots))
            bytes.appendInteger(UInt64(table.shape.cursor))
            return
        }
        bytes.appendInteger(UInt64(entries[index - 1].slot))
        for word in entries[index - 1].words { bytes.appendInteger(word) }
    }
}

/// How far the counters of a snapshot have been read.
struct RiskCountersProgress {
    var expected: UInt64
    var seen: UInt64 = 0
    /// The table has the same slots, so that each counter goes to its own.
    var keepsPlaces: Bool
}

extension ShardCore {
    /// Takes in a chunk of counters. Where the configuration has no rules that count, they are left out; into a table of another
    /// size they go as far as they fit.
    mutating func restoreRiskCounters(
        _ bytes: UnsafeRawBufferPointer,
        _ progress: inout RiskCountersProgress?
    ) throws(RecordDecodingError) {
        let span = bytes.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        var state: RiskCountersProgress
        if let progress {
            state = progress
        } else {
            state = try restoreHead(&reader, span)
        }
        while reader.offset < bytes.count {
            let slot = try reader.integer(UInt64.self, span)
            var words: [UInt64] = []
            for _ in 0..<RiskCounters.slotBytes / 8 { words.append(try reader.integer(UInt64.self, span)) }
            state.seen += 1
            if state.keepsPlaces {
                guard let place = Int(exactly: slot), riskCounters?.restore(slot: place, words) == true else {
                    throw .invalidValue
                }
            } else {
                _ = riskCounters?.adopt(words, at: lastRecordTime)
            }
        }
        progress = state
    }

    private mutating func restoreHead(
        _ reader: inout RecordReader,
        _ span: Span<UInt8>
    ) throws(RecordDecodingError) -> RiskCountersProgress {
        let count = try reader.integer(UInt64.self, span)
        let slots = try reader.integer(UInt64.self, span)
        let cursor = try reader.integer(UInt64.self, span)
        let keepsPlaces = riskCounters.map { UInt64($0.shape.slots) == slots && count <= UInt64($0.capacity) } ?? false
        if keepsPlaces { riskCounters?.restore(cursor: Int(clamping: cursor)) }
        return RiskCountersProgress(expected: count, keepsPlaces: keepsPlaces)
    }
}
