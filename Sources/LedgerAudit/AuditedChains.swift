import Journal
import Ledger
import Payments
import ShardRecords

/// The merchants' ledgers as lists, as the check follows them. Every record that books something
/// must name the one before it of the same merchant. The balance marks must have the right places
/// and contents. This code follows docs/records.md, not the shard's tables.
struct AuditedChains {
    private struct Chain {
        var newest: RecordPosition = 0
        /// Records of versions that have no links, and of those that have.
        var linked: UInt64 = 0
        /// Where the marks are; mark 1 first.
        var marks: [RecordPosition] = []
        /// What the newest mark says of its records, and how many there were.
        var marked: (said: UInt64, counted: UInt64)?
    }

    private var chains: [UInt64: Chain] = [:]
    private(set) var markCount = 0

    /// Takes in a record that is no mark.
    /// - Returns: what is wrong with its link.
    mutating func examine(_ record: LinkedRecord, of merchant: UInt64?, at position: RecordPosition) -> String? {
        guard record.record.transfers.count > 0, let merchant else {
            let isFree = record.link == EntryLink.none
            return isFree ? nil : "books nothing, and names record \(record.link) of a ledger"
        }
        var chain = chains[merchant] ?? Chain()
        defer { chains[merchant] = chain }
        let before = chain.newest
        chain.newest = position
        chain.linked += 1
        if record.link == before { return nil }
        return "names record \(record.link) as the merchant's entry before it, but that is \(before)"
    }

    /// Takes in a mark.
    /// - Parameter totals: the check's own sums of the merchant's own accounts.
    /// - Returns: what is wrong with it.
    mutating func examine(
        _ mark: BalanceMark,
        _ totals: [Account: AccountTotals],
        at position: RecordPosition
    ) -> [String] {
        var chain = chains[mark.merchant.rawValue] ?? Chain()
        markCount += 1
        defer {
            chain.marks.append(position)
            chain.marked = (mark.records, chain.linked)
            chains[mark.merchant.rawValue] = chain
        }
        var problems = Self.links(mark, chain.marks)
        if mark.newest != chain.newest {
            problems.append("a mark stands behind record \(mark.newest), but the newest is \(chain.newest)")
        }
        if !counts(mark.records, chain) {
            problems.append("a mark counts \(mark.records) records of \(chain.linked)")
        }
        var said: [Account: AccountTotals] = [:]
        for line in mark.lines { said[line.account] = line.totals }
        if said.count != mark.lines.count || said != totals.filter({ $0.value != AccountTotals() }) {
            problems.append("a mark says \(Self.text(said)) where \(Self.text(totals)) is booked")
        }
        return problems
    }

    /// The places of three marks before it: the last one, the last whose number is a multiple of
    /// 64, and of 4,096.
    private static func links(_ mark: BalanceMark, _ marks: [RecordPosition]) -> [String] {
        guard mark.number == UInt64(marks.count) + 1 else {
            return ["mark \(mark.number) follows \(marks.count)"]
        }
        let expected = [1, 64, 4_096].map { stride -> RecordPosition in
            let number = marks.count / stride * stride
            return number == 0 ? 0 : marks[number - 1]
        }
        let named = [mark.previousMark, mark.previousFarMark, mark.previousFarthestMark]
        return named == expected ? [] : ["a mark names \(named) as the ones before it, but those are \(expected)"]
    }

    private func counts(_ said: UInt64, _ chain: Chain) -> Bool {
        guard let marked = chain.marked else { return said == chain.linked }
        return said &- marked.said == chain.linked - marked.counted
    }

    private static func text(_ totals: [Account: AccountTotals]) -> String {
        let parts = totals.map { "\($0.key.path()) +\($0.value.debits) -\($0.value.credits) \($0.key.currency)" }
            .sorted()
        return parts.isEmpty ? "nothing" : parts.joined(separator: ", ")
    }
}
