import Journal
import Ledger
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Time

/// The merchants' ledgers as a naive reader of the whole journal sees them.
struct LedgerModel {
    struct Item: Equatable {
        var position: RecordPosition
        var index: UInt8
        var rule: PostingRule
        var time: Timestamp
        var payment: PaymentID?
        var postings: [Posting]
    }

    /// By merchant, oldest first; every transfer of its records.
    private(set) var all: [UInt64: [Item]] = [:]

    init(_ journal: [[UInt8]]) throws {
        var merchants: [PaymentID: UInt64] = [:]
        for (number, bytes) in journal.enumerated() {
            let record = try ShardRecord(decoding: bytes.span)
            if case .paymentCreated(let created) = record { merchants[created.id] = created.merchant.rawValue }
            guard let payment = record.payment, let merchant = merchants[payment] else { continue }
            for index in 0..<record.transfers.count {
                let transfer = record.transfers[index]
                all[merchant, default: []].append(
                    Item(
                        position: RecordPosition(number + 1),
                        index: UInt8(index),
                        rule: transfer.rule,
                        time: record.time,
                        payment: payment,
                        postings: (0..<transfer.count).map { transfer[$0] }
                    )
                )
            }
        }
    }

    /// What the merchant is to be shown, newest first.
    func visible(_ merchant: UInt64) -> [Item] {
        (all[merchant] ?? []).reversed().compactMap { item in
            var item = item
            item.postings.removeAll { posting in
                !(posting.account.kind.owner == .merchant && posting.account.owner == merchant)
                    && posting.account.kind != .platformFees
            }
            return item.postings.contains { $0.account.kind.owner == .merchant } ? item : nil
        }
    }

    /// Debits less credits of the merchant's own accounts after everything up to a time.
    func balances(_ merchant: UInt64, at time: Timestamp) -> [Account: Int128] {
        var sums: [Account: Int128] = [:]
        for item in all[merchant] ?? [] where item.time <= time {
            for posting in item.postings
            where posting.account.owner == merchant && posting.account.kind.owner == .merchant {
                sums[posting.account, default: 0] += Int128(posting.amountMinor)
            }
        }
        return sums.filter { $0.value != 0 }
    }
}

extension LedgerPage.Entry {
    var item: LedgerModel.Item {
        LedgerModel.Item(
            position: position,
            index: index,
            rule: rule,
            time: bookedAt,
            payment: payment,
            postings: postings
        )
    }
}

extension ShardWorld {
    /// Asks for a page, and reads it from what was journaled.
    mutating func page(_ query: LedgerQuery, merchant: UInt64) throws -> LedgerPage {
        send(.getEntries(query), merchant: merchant)
        let journal = journal
        return try LedgerPage(ledgerReads[ledgerReads.count - 1]) { position throws(JournalError) in
            try Self.read(position, journal)
        }
    }

    /// Asks for a balance of the past; counts the records that it took.
    mutating func balances(at time: Timestamp, merchant: UInt64) throws -> (sums: [Account: Int128], reads: Int)? {
        send(.getPastBalance(at: time), merchant: merchant)
        let journal = journal
        var reads = 0
        let lines = try pastBalances[pastBalances.count - 1].lines { position throws(JournalError) in
            reads += 1
            return try Self.read(position, journal)
        }
        guard let lines else { return nil }
        var sums: [Account: Int128] = [:]
        for line in lines where line.totals.balance != 0 { sums[line.account] = line.totals.balance }
        return (sums, reads)
    }

    /// The record at a position.
    func linked(_ position: RecordPosition) throws -> LinkedRecord {
        let bytes = journal[Int(position) - 1]
        return try LinkedRecord(decoding: bytes.span)
    }

    private static func read(_ position: RecordPosition, _ journal: [[UInt8]]) throws(JournalError) -> [UInt8] {
        guard position >= 1, position <= RecordPosition(journal.count) else {
            throw JournalError(.notFound, "no record \(position)")
        }
        return journal[Int(position) - 1]
    }
}
