import Payments
package import Risk
import ShardRecords

/// The fraud hook's counters in a snapshot. First come three u64: how many counters, the table's
/// slots and the place of its search. Then each counter has its place and its merchant (u64 each)
/// and its words.
package struct StoredRiskCounters {
    package static let headBytes = 24
    package static let entryBytes = 8 + StoredCounter.byteCount

    private let table: RiskCounters
    private let slots: [Int]

    package init(_ table: RiskCounters) {
        self.table = table
        slots = table.slotsInUse
    }

    /// The head, and each counter.
    package var count: Int { slots.count + 1 }

    package func store(_ index: Int, into bytes: inout [UInt8]) {
        guard index > 0 else {
            bytes.appendInteger(UInt64(slots.count))
            bytes.appendInteger(UInt64(table.shape.slots))
            bytes.appendInteger(UInt64(table.shape.cursor))
            return
        }
        let counter = table.counter(at: slots[index - 1])
        bytes.appendInteger(UInt64(slots[index - 1]))
        bytes.appendInteger(counter.merchant.rawValue)
        for word in counter.words { bytes.appendInteger(word) }
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
