package import Payments
package import ShardCore
package import ShardRecords
package import Time

/// Short names, as the tests write commands.
extension Command.Kind {
    package static func createPayment(_ payment: CreatePayment) -> Self { .create(payment) }

    package static func capture(_ id: PaymentID, amountMinor: Int64?, isFinal: Bool = true) -> Self {
        .payment(id, .capture(amountMinor: amountMinor, isFinal: isFinal))
    }

    package static func capture(
        _ id: PaymentID,
        amountMinor: Int64?,
        isFinal: Bool,
        with instructions: CaptureInstructions
    ) -> Self {
        .payment(id, .capture(amountMinor: amountMinor, isFinal: isFinal, instructions: instructions))
    }

    package static func cancel(_ id: PaymentID) -> Self { .payment(id, .cancel) }

    package static func increment(_ id: PaymentID, amountMinor: Int64) -> Self {
        .payment(id, .increment(amountMinor: amountMinor))
    }

    package static func confirm(_ id: PaymentID, returnData: String = "") -> Self {
        .payment(id, .confirm(returnData: returnData))
    }

    package static func refund(_ id: PaymentID, amountMinor: Int64?) -> Self {
        .payment(id, .refund(amountMinor: amountMinor))
    }

    package static func approve(_ id: PaymentID) -> Self { .review(id, .approve) }
    package static func reject(_ id: PaymentID) -> Self { .review(id, .reject) }
    package static func disputeEvidence(_ id: DisputeID, evidence: String) -> Self { .dispute(id, .evidence(evidence)) }
    package static func acceptDispute(_ id: DisputeID) -> Self { .dispute(id, .accept) }
    package static func providerEvent(_ event: ProviderEvent) -> Self { .event(event) }

    package static func createPayout(_ payout: CreatePayout) -> Self { .treasury(.createPayout(payout)) }

    package static func payoutEvent(_ id: PayoutID, _ event: PayoutEvent, reason: String) -> Self {
        .treasury(.payoutEvent(id, event, reason: reason))
    }

    package static func createWallet(_ wallet: CreateWallet) -> Self { .treasury(.createWallet(wallet)) }
    package static func quoteExchange(_ quote: QuoteRequest) -> Self { .treasury(.quote(quote)) }
    package static func convertExchange(_ id: QuoteID) -> Self { .treasury(.convert(id)) }

    package static func getPayment(_ id: PaymentID) -> Self { .query(.payment(id)) }
    package static func getHistory(_ id: PaymentID) -> Self { .query(.history(id)) }
    package static func getRefund(_ id: RefundID) -> Self { .query(.refund(id)) }
    package static func getDispute(_ id: DisputeID) -> Self { .query(.dispute(id)) }
    package static var getBalance: Self { .query(.balance) }
    package static func getPastBalance(at time: Timestamp) -> Self { .query(.pastBalance(at: time)) }
    package static var getAccounts: Self { .query(.accounts) }
    package static func getEntries(_ query: LedgerQuery) -> Self { .query(.entries(query)) }
    package static func getPayout(_ id: PayoutID) -> Self { .query(.payout(id)) }
    package static func getWallet(_ id: WalletID) -> Self { .query(.wallet(id)) }
}
