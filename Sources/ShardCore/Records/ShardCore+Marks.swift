import Journal
import Ledger
import Money
import Payments
import ShardRecords
import ShardState

// Balance marks: written behind the record that makes one due, applied as every record is.
extension ShardCore {
    /// Journals the mark that is due, if one is. Where the disk is short of room it waits for a later record: that room is for the
    /// ends of what is in flight.
    mutating func persistDueMark(at time: Int64, in turn: inout Turn) {
        guard let chain = entryChains.chainWithDueMark, refusesNewWork == nil else { return }
        let mark = BalanceMark(
            merchant: MerchantID(rawValue: chain.merchant),
            number: chain.marks + 1,
            records: chain.records,
            newest: chain.newest,
            previousMark: chain.newestMark,
            previousFarMark: chain.newestFarMark,
            previousFarthestMark: chain.newestFarthestMark,
            lines: lines(of: MerchantID(rawValue: chain.merchant)),
            time: time
        )
        let isApplied = apply(mark, at: nextPosition)
        precondition(isApplied, "a mark follows from the chain that it was made from")
        persist(.balanceMark(mark), in: &turn)
    }

    /// - Returns: false when the mark does not follow the ones before it.
    mutating func apply(_ mark: BalanceMark, at position: RecordPosition) -> Bool {
        entryChains.mark(mark, at: position)
    }

    /// The sums of all accounts of the merchant's own that anything was booked on. Looks every currency up: some hundred probes,
    /// a few microseconds, and no table of merchants' accounts to keep.
    func lines(of merchant: MerchantID) -> [BalanceMark.Line] {
        var lines: [BalanceMark.Line] = []
        for currency in Currency.all {
            for kind in AccountKind.ofMerchants {
                let account = Account(kind, owner: merchant.rawValue, currency: currency)
                let totals = balances.totals(of: account)
                guard totals != AccountTotals() else { continue }
                lines.append(BalanceMark.Line(account: account, totals: totals))
            }
        }
        return lines
    }
}
