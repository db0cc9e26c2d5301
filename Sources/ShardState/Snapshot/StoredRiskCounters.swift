package import Risk
import ShardRecords

/// The fraud hook's counters in a snapshot: how many, the table's slots and the place of its search (three u64), then each
/// counter's place (u64) and its words.
package struct StoredRiskCounters {
    package static let headBytes = 24
    package static let entryBytes = 8 + RiskCounters.slotBytes

    private let table: RiskCounters
    private var entries: [(slot: Int, words: ArraySlice<UInt64>)] = []

    package init(_ table: RiskCounters) {
        self.table = table
        entries.reserveCapacity(table.count)
        var entries: [(slot: Int, words: ArraySlice<UInt64>)] = []
        table.forEach { entries.append(($0, $1)) }
        self.entries = entries
    }

    /// The head, and each counter.
    package var count: Int { entries.count + 1 }

    package func store(_ index: Int, into bytes: inout [UInt8]) {
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
package struct RiskCountersProgress {
    package var expected: UInt64
    package var seen: UInt64 = 0
    /// The table has the same slots, so that each counter goes to its own.
    package var keepsPlaces: Bool

    package init(
        expected: UInt64,
        seen: UInt64 = 0,
        keepsPlaces: Bool
    ) {
        self.expected = expected
        self.seen = seen
        self.keepsPlaces = keepsPlaces
    }
}
