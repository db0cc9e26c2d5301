import Journal
import Ledger
import Money
import Payments
import ShardRecords
import ShardState
import Time

// Balance marks: written behind the record that makes one due, applied as every record is.
extension ShardCore {
    /// Journals the mark that is due, if one is. While the journal is short of room, the mark waits
    /// for a later record. The room is kept for the ends of operations in flight.
    mutating func persistDueMark(at time: Timestamp, in turn: inout Turn) {
        guard let chain = ledger.chainWithDueMark, room.refusal == nil else { return }
        let mark = BalanceMark(
            merchant: MerchantID(rawValue: chain.merchant),
            number: chain.marks + 1,
            records: chain.records,
            newest: chain.newest,
            previousMark: chain.newestMark,
            previousFarMark: chain.newestFarMark,
            previousFarthestMark: chain.newestFarthestMark,
            lines: ledger.lines(of: MerchantID(rawValue: chain.merchant)),
            time: time
        )
        let isApplied = apply(mark, at: nextPosition)
        precondition(isApplied, "a mark follows from the chain that it was made from")
        persist(.balanceMark(mark), in: &turn)
    }

    /// - Returns: false when the mark does not follow the ones before it.
    mutating func apply(_ mark: BalanceMark, at position: RecordPosition) -> Bool {
        ledger.mark(mark, at: position)
    }
}
