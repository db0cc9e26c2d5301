import Ledger
import Money
import Payments
import Testing
import Time

@Suite("Pay-outs")
struct PayoutTests {
    private func payout() -> Payout {
        Payout(
            id: PayoutID(createdAt: 1, shard: 3, sequence: 1),
            merchant: MerchantID(rawValue: 7),
            amountMinor: 500,
            currency: .eur,
            seller: nil,
            destination: "ba_1",
            requestedAt: 1
        )
    }

    @Test("Every pair of state and event: allowed as the table says, refused otherwise")
    func enumeration() {
        let allowed: [PayoutState: [PayoutEvent: PayoutState]] = [
            .requested: [.sent: .inTransit, .paid: .paid, .failed: .failed],
            .inTransit: [.paid: .paid, .failed: .failed],
            .paid: [.returned: .returned],
            .failed: [:],
            .returned: [:],
        ]
        for state in PayoutState.allCases {
            for event in PayoutEvent.allCases {
                let payout = Payout(payout(), state: state, reason: "", updatedAt: 1, lastRecord: 0)
                #expect(payout.state(after: event) == allowed[state]?[event], "\(state) \(event)")
            }
        }
    }

    @Test("Requested and failed, or paid and returned: the accounts are where they began")
    func reversals() {
        let source = payout().source(seller: nil)
        for path in [[PayoutEvent.failed], [.sent, .failed], [.paid, .returned], [.sent, .paid, .returned]] {
            var balances = Balances()
            var payout = payout()
            if let first = payout.postings(nil, source: source).first { balances.apply(first) }
            #expect(balances.balance(of: source) == 500)
            for event in path {
                if let transfer = payout.postings(event, source: source).first { balances.apply(transfer) }
                payout.apply(event, reason: "closed", at: 2)
            }
            balances.forEach { account, totals in #expect(totals.balance == 0, "\(account)") }
            #expect(payout.reason == "closed")
        }
    }

    @Test("Identifiers read back, and no other prefix or length is taken")
    func identifiers() {
        let id = payout().id
        #expect(id.description.hasPrefix("pyo_") && PayoutID(id.description) == id)
        #expect(PayoutID(WalletID(high: id.high, low: id.low).description) == nil)
        #expect(PayoutID("pyo_") == nil && PayoutID(id.description + "0") == nil)
        #expect(WalletID(createdAt: 1, shard: 3, sequence: 9).accountOwner == 3 << 48 | 9)
    }
}
