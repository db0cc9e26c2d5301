import Ledger
import Money
import Testing
import Time

@testable import Payments

@Suite("Postings of events")
struct EventPostingsTests {
    private func rules(_ transfers: Transfers) -> [PostingRule] { (0..<transfers.count).map { transfers[$0].rule } }

    private func fact(_ effect: PaymentEffect, _ amount: Int64 = 1_000) -> PaymentFact {
        var fact = PaymentFact(effect, amountMinor: amount, in: .eur)
        fact.target = .platformFees
        fact.reservedMinor = 100
        return fact
    }

    /// A captured payment of 1,000 with a fee of 10, and what the shard keeps of it.
    private func captured() -> Payment {
        var payment = Samples.captured()
        payment.pendingFundsMinor = 990
        payment.feeMinor = 10
        return payment
    }

    @Test("Each effect books its posting rules, and no others", arguments: PaymentEffect.allCases)
    func table(effect: PaymentEffect) {
        var reserved = Samples.dispute(1_000)
        reserved.apply(fact(.disputeWarned), at: 1)
        let payment: Payment
        let expected: [PostingRule]
        switch effect {
        case .none, .authorizationFailed, .disputeUnderReview, .disputeLost, .disputeOverdue, .conflictResolved:
            (payment, expected) = (captured(), [])
        case .incremented: (payment, expected) = (Samples.requiresAction(), [.hold])
        case .settled: (payment, expected) = (captured(), [.settlement])
        case .refundBounced: (payment, expected) = (captured(), [.refundBounced])
        case .captureReversed: (payment, expected) = (captured(), [.captureReversed])
        case .authorizationExpired: (payment, expected) = (Samples.authorized(), [.release])
        case .authorized: (payment, expected) = (Samples.requiresAction(), [.hold])
        case .authorizedLate: (payment, expected) = (Samples.failed(), [.hold])
        case .capturedLate: (payment, expected) = (Samples.voided(), [.capture])
        case .conflicted, .unexplained: (payment, expected) = (captured(), [.unexplained])
        case .disputeWarned: (payment, expected) = (captured(), [.disputeReserved])
        case .disputeOpened: (payment, expected) = (captured(), [.disputeReserveReleased, .chargeback])
        case .disputeWon, .disputeWonAfterAll: (payment, expected) = (captured(), [.chargebackWon])
        case .disputeLostAfterAll: (payment, expected) = (captured(), [.chargeback])
        case .disputeWarningClosed: (payment, expected) = (captured(), [.disputeReserveReleased])
        case .reclassified: (payment, expected) = (captured(), [.reclassified])
        case .writtenOff: (payment, expected) = (captured(), [.writtenOff])
        case .refundConfirmed: (payment, expected) = (captured(), [.refundConfirmed])
        case .refundReversed: (payment, expected) = (captured(), [.refundFailed])
        }
        let dispute = effect.isDispute ? reserved : nil
        #expect(rules(Postings.of(fact(effect), on: payment, dispute: dispute, rail: .provider)) == expected)
    }

    @Test("Settled in any two parts, all of the merchant's share becomes available and nothing stays pending")
    func settlement() {
        for first in [1, 333, 500, 999] as [Int64] {
            var payment = captured()
            var balances = Balances()
            balances.apply(PostingRules.capture(payment.parties, amountMinor: 1_000, feeMinor: 10))
            for part in [first, 1_000 - first] {
                let transfers = Postings.of(fact(.settled, part), on: payment, dispute: nil, rail: .provider)
                for index in 0..<transfers.count {
                    balances.apply(transfers[index])
                    for place in 0..<transfers[index].count
                    where transfers[index][place].account.kind == .merchantPending {
                        payment.pendingFundsMinor -= transfers[index][place].amountMinor
                    }
                }
                payment.apply(fact(.settled, part), at: 2)
            }
            func balance(_ kind: AccountKind, _ owner: UInt64) -> Int128 {
                balances.balance(of: Account(kind, owner: owner, currency: .eur))
            }
            #expect(payment.pendingFundsMinor == 0 && balance(.merchantPending, 7) == 0, "first part \(first)")
            #expect(balance(.merchantAvailable, 7) == -990 && balance(.providerReceivable, 1) == 0)
            #expect(payment.funds == .available)
        }
    }

    @Test(
        "Money that a conflicting operation moved is unexplained; a hold moves none",
        arguments: ProviderOperation.allCases
    )
    func conflicts(operation: ProviderOperation) {
        for isSale in [true, false] {
            let payment = Samples.created(isSale: isSale)
            let found = rules(Postings.conflicted(operation, executedMinor: 700, in: .eur, of: payment))
            let moves: Bool
            switch operation {
            case .authorize, .confirm: moves = isSale
            case .capture, .refund: moves = true
            case .cancel, .increment: moves = false
            }
            #expect(found == (moves ? [.unexplained] : []), "\(operation), sale \(isSale)")
            #expect(Postings.conflicted(operation, executedMinor: 0, in: .eur, of: payment).count == 0)
        }
    }
}

extension Payment {
    fileprivate var parties: Parties {
        Parties(merchant: merchant.rawValue, connector: connector.rawValue, currency: currency)
    }
}
