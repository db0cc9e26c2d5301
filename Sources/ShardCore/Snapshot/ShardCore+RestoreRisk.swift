import Payments
import Risk
import ShardRecords
import ShardState

extension ShardCore {
    /// Takes in a chunk of counters. Where the configuration has no rules that count, they are left
    /// out; into a table of another size they go as far as they fit.
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
            let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, span))
            var words: [UInt64] = []
            for _ in 0..<RiskCounters.slotBytes / 8 { words.append(try reader.integer(UInt64.self, span)) }
            let counter = StoredCounter(merchant: merchant, words: words)
            state.seen += 1
            if state.keepsPlaces {
                guard let place = Int(exactly: slot), risk.restore(slot: place, counter) else { throw .invalidValue }
            } else {
                risk.adopt(counter, at: lastRecordTime)
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
        let keepsPlaces = risk.beginRestore(slots: slots, count: count, cursor: cursor)
        return RiskCountersProgress(expected: count, keepsPlaces: keepsPlaces)
    }
}
