import Ledger
import Money
import Payments
import Testing

/// What of a payment is pending, and the platform's, as its transfers have it.
@Suite("Funds of a payment")
struct PaymentFundsTests {
    private func booked(_ payment: Payment, _ transfers: Transfers) -> Payment {
        var payment = payment
        for index in 0..<transfers.count { payment.booked(transfers[index]) }
        return payment
    }

    @Test("A capture leaves the merchant's share pending and the fee with the platform; a refund takes the share back")
    func captureAndRefund() {
        var payment = Samples.captured()
        payment = booked(
            payment,
            Postings.finished(
                .authorize,
                .succeeded,
                amountMinor: 1_000,
                of: Samples.created(isSale: true),
                rail: .provider
            )
        )
        #expect(payment.pendingFundsMinor == 990 && payment.feeMinor == 10)
        payment = booked(payment, Postings.started(.refund, amountMinor: 400, of: payment, rail: .provider))
        #expect(payment.pendingFundsMinor == 590 && payment.feeMinor == 10)
    }

    @Test("Of a payment of wallets the wallet keeps what is pending")
    func wallets() {
        let payment = Samples.captured(traits: .topUp)
        let capture = Postings.finished(
            .authorize,
            .succeeded,
            amountMinor: 1_000,
            of: Samples.created(isSale: true),
            rail: .provider
        )
        var after = booked(payment, capture)
        #expect(after.pendingFundsMinor == 0 && after.feeMinor == 10)
        after.setUnsettled(700)
        #expect(after.pendingFundsMinor == 700)
    }

    @Test("Where explained money goes is not the payment's")
    func reclassified() {
        let fact = { () -> PaymentFact in
            var fact = PaymentFact(.reclassified, amountMinor: 50, in: .eur)
            fact.target = .platformFees
            return fact
        }()
        let payment = Samples.captured()
        let after = booked(payment, Postings.of(fact, on: payment, dispute: nil, rail: .provider))
        #expect(after.pendingFundsMinor == 0 && after.feeMinor == 0)
    }
}
