import Ledger
import Money
import NIOCore
import Payments
package import ShardRecords
import ShardState
package import Time

// The ledger as its merchant reads it. The shard answers present balances at once. Entries and
// balances of the past are read from the journal, off the loop. The shard fixes here where that
// read begins. It stays valid, because entries never change and new ones come in front.
extension ShardCore {
    /// Answers what the ledger owes the merchant, resting on the newest record.
    func answerBalance(to caller: Caller, in turn: inout Turn) {
        var body = ByteBufferAllocator().buffer(capacity: 512)
        var view = BalanceView(ledger.lines(of: caller.merchant), asOf: turn.now)
        view.sellers = sellerLines(of: caller.merchant)
        renderer.renderBalance(view, into: &body)
        respond(to: caller, Answer(status: 200, body: body), restingOn: lastPosition, in: &turn)
    }

    /// Answers the sums of the merchant's accounts, resting on the newest record.
    func answerAccounts(to caller: Caller, in turn: inout Turn) {
        var body = ByteBufferAllocator().buffer(capacity: 1_024)
        renderer.renderAccounts(AccountsView(lines: ledger.lines(of: caller.merchant), asOf: turn.now), into: &body)
        respond(to: caller, Answer(status: 200, body: body), restingOn: lastPosition, in: &turn)
    }

    /// Answers what the ledger owed the merchant at a moment of the past. No later record can
    /// belong before that moment.
    mutating func answerBalance(of time: Timestamp, to caller: Caller, in turn: inout Turn) {
        guard time < turn.now else { return refuse(caller, .momentNotPast, in: &turn) }
        let read = PastBalance(
            merchant: caller.merchant,
            time: time,
            chain: ledger.chain(of: caller.merchant),
            current: ledger.lines(of: caller.merchant)
        )
        turn.release(.pastBalance(caller.reply, caller.requestID, read), restingOn: lastPosition)
    }

    /// Answers some of the merchant's entries.
    mutating func answerEntries(_ query: LedgerQuery, to caller: Caller, in turn: inout Turn) {
        let newest = ledger.chain(of: caller.merchant)?.newest
        // A merchant's cursor is at or before its newest entry. One that is after it was made
        // before the data was restored.
        guard query.cursor.map({ $0.position <= newest ?? 0 }) ?? true else {
            return refuse(caller, .cursorInvalid, in: &turn)
        }
        let read = LedgerRead(
            merchant: caller.merchant,
            shard: configuration.shard,
            query: query,
            start: query.cursor ?? LedgerCursor(position: newest ?? EntryLink.none)
        )
        turn.release(.ledgerEntries(caller.reply, caller.requestID, read), restingOn: newest ?? 0)
    }
}

extension BalanceView {
    /// From the sums of a merchant's accounts, which come by currency.
    package init(_ lines: [BalanceMark.Line], asOf: Timestamp) {
        self.init(lines: [], asOf: asOf)
        for line in lines {
            // Their credit balance is what the platform owes. The largest payment is under 10^8
            // minor units, so 64 bits hold what 10^10 of them leave on one account.
            let owed = Int64(-line.totals.balance)
            switch line.account.kind {
            case .merchantPending: add(line.account.currency, pending: owed)
            case .merchantAvailable: add(line.account.currency, available: owed)
            case .merchantReserve: add(line.account.currency, reserve: owed)
            default: break  // Holds are nobody's money yet; other kinds are not the merchant's.
            }
        }
    }

    private mutating func add(_ currency: Currency, pending: Int64 = 0, available: Int64 = 0, reserve: Int64 = 0) {
        if lines.last?.currency != currency {
            lines.append(Line(currency: currency, pendingMinor: 0, availableMinor: 0, reserveMinor: 0))
        }
        lines[lines.count - 1].pendingMinor += pending
        lines[lines.count - 1].availableMinor += available
        lines[lines.count - 1].reserveMinor += reserve
    }
}
