import Ledger
import Money
import NIOCore
import Payments

extension ShardCore {
    /// Answers what the ledger owes the merchant, resting on the newest record. Looks every currency up: some hundred probes, a
    /// few microseconds, and no table of merchants' accounts to keep.
    mutating func answerBalance(_ command: Command, at now: Int64, into output: inout ShardOutput) {
        var body = ByteBufferAllocator().buffer(capacity: 512)
        renderer.renderBalance(balance(of: command.merchant, at: now), into: &body)
        let response = Response(
            reply: command.reply,
            requestID: command.requestID,
            status: 200,
            isReplay: false,
            retryAfterSeconds: 0,
            body: body
        )
        output.release(.respond(response), restingOn: lastPosition)
    }

    private func balance(of merchant: MerchantID, at now: Int64) -> BalanceView {
        var view = BalanceView(lines: [], asOf: now)
        for currency in Currency.all {
            let pending = totals(.merchantPending, merchant, currency)
            let available = totals(.merchantAvailable, merchant, currency)
            let reserve = totals(.merchantReserve, merchant, currency)
            guard [pending, available, reserve].contains(where: { $0 != AccountTotals() }) else { continue }
            view.lines.append(
                BalanceView.Line(
                    currency: currency,
                    pendingMinor: owed(pending),
                    availableMinor: owed(available),
                    reserveMinor: owed(reserve)
                )
            )
        }
        return view
    }

    private func totals(_ kind: AccountKind, _ merchant: MerchantID, _ currency: Currency) -> AccountTotals {
        balances.totals(of: Account(kind, owner: merchant.rawValue, currency: currency))
    }

    /// A merchant's accounts are liabilities: their credit balance is what we owe. The largest payment is under 10^8 minor
    /// units, so 64 bits hold what 10^10 of them leave on one account.
    private func owed(_ totals: AccountTotals) -> Int64 { Int64(-totals.balance) }
}
