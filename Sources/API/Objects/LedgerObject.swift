import Ledger
import Money
import Payments
import ShardRecords

/// The JSON of a merchant's accounts. Sums are decimal strings: they have up to 128 bits, and many
/// readers of JSON keep 53.
enum AccountsObject {
    static func maximumBytes(_ accounts: AccountsView) -> Int { 128 + accounts.lines.count * (160 + 3 * 42) }

    static func write(_ accounts: AccountsView, _ output: inout ByteCursor) {
        output.literal("{\"object\":\"list\",\"data\":[")
        for index in accounts.lines.indices {
            if index > 0 { output.literal(",") }
            write(accounts.lines[index], &output)
        }
        output.literal("],\"as_of\":\"")
        output.timestamp(accounts.asOf)
        output.literal("\"}")
    }

    private static func write(_ line: BalanceMark.Line, _ output: inout ByteCursor) {
        output.literal("{\"object\":\"ledger_account\",\"account\":\"")
        output.literal(line.account.kind.name)
        output.literal("\",\"currency\":\"")
        output.literal(line.account.currency.code)
        output.literal("\",\"debits\":\"")
        output.decimal(wide: line.totals.debits)
        output.literal("\",\"credits\":\"")
        output.decimal(wide: line.totals.credits)
        // A merchant's accounts are liabilities: what is owed to it is positive.
        output.literal("\",\"balance\":\"")
        output.decimal(wide: -line.totals.balance)
        output.literal("\"}")
    }
}

/// The JSON of a page of ledger entries.
enum EntriesObject {
    static func maximumBytes(_ page: LedgerPage) -> Int {
        160 + LedgerCursorKey.length + page.entries.reduce(0) { $0 + 544 + $1.postings.count * 144 }
    }

    static func write(_ page: LedgerPage, key: LedgerCursorKey, into output: inout ByteCursor) {
        output.literal("{\"object\":\"list\",\"data\":[")
        for index in page.entries.indices {
            if index > 0 { output.literal(",") }
            write(page.entries[index], &output)
        }
        output.literal("],\"next\":")
        if let next = page.next {
            output.literal("\"")
            output.bytes(key.text(next, of: page.merchant, page.query))
            output.literal("\"")
        } else {
            output.literal("null")
        }
        output.literal(",\"truncated\":")
        output.flag(page.isTruncated)
        output.literal("}")
    }

    private static func write(_ entry: LedgerPage.Entry, _ output: inout ByteCursor) {
        output.literal("{\"object\":\"ledger_entry\",\"id\":\"")
        output.decimal(Int64(entry.shard))
        output.literal("-")
        output.decimal(Int64(entry.position))
        output.literal("-")
        output.decimal(Int64(entry.index))
        output.literal("\",\"shard\":")
        output.decimal(Int64(entry.shard))
        output.literal(",\"position\":")
        output.decimal(Int64(entry.position))
        output.literal(",\"index\":")
        output.decimal(Int64(entry.index))
        output.literal(",\"posting_rule\":\"")
        output.literal(entry.rule.name)
        output.literal("\",\"payment_id\":")
        write(PaymentID.prefix, id: entry.payment.map { ($0.high, $0.low) }, into: &output)
        output.literal(",\"refund_id\":")
        write(RefundID.prefix, id: entry.refund.map { ($0.high, $0.low) }, into: &output)
        output.literal(",\"payout_id\":")
        write(PayoutID.prefix, id: entry.payout.map { ($0.high, $0.low) }, into: &output)
        output.literal(",\"conversion_id\":")
        write(QuoteID.conversionPrefix, id: entry.conversion.map { ($0.high, $0.low) }, into: &output)
        output.literal(",\"effective_at\":\"")
        output.timestamp(entry.effectiveAt)
        output.literal("\",\"booked_at\":\"")
        output.timestamp(entry.bookedAt)
        output.literal("\",\"postings\":[")
        for index in entry.postings.indices {
            if index > 0 { output.literal(",") }
            write(entry.postings[index], &output)
        }
        output.literal("]}")
    }

    private static func write(_ prefix: StaticString, id: (high: UInt64, low: UInt64)?, into output: inout ByteCursor) {
        guard let id else { return output.literal("null") }
        output.literal("\"")
        output.identifier(prefix, high: id.high, low: id.low)
        output.literal("\"")
    }

    private static func write(_ posting: Posting, _ output: inout ByteCursor) {
        output.literal("{\"account\":\"")
        output.literal(posting.account.kind.name)
        if posting.account.kind.owner == .wallet || posting.account.kind.owner == .seller {
            output.literal("\",\"owner\":\"")
            output.hexadecimal(posting.account.owner)
        }
        output.literal("\",\"currency\":\"")
        output.literal(posting.account.currency.code)
        output.literal("\",\"amount\":")
        output.decimal(posting.amountMinor)
        output.literal("}")
    }
}

extension ByteCursor {
    /// Decimal digits of up to 128 bits; for what is not written often.
    mutating func decimal(wide value: Int128) {
        bytes(Array(String(value).utf8))
    }

    /// Sixteen digits.
    mutating func hexadecimal(_ value: UInt64) {
        let digits = String(value, radix: 16)
        bytes(Array((String(repeating: "0", count: 16 - digits.utf8.count) + digits).utf8))
    }
}
