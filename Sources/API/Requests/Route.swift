package import Payments

/// What a path asks for, grouped by the keys that may ask it. `RouteRule.table` binds each route to
/// a method and a path.
package enum Route: Sendable, Equatable {
    /// Needs a merchant's key, and reaches only what the merchant owns.
    case merchant(MerchantRoute)
    /// An operator's credential.
    case `operator`(OperatorRoute)
    /// Needs a merchant's key for the merchant's own payments, or an operator's credential for
    /// those of all merchants.
    case review(ReviewRoute)
    /// Needs no key.
    case openAPI
}

package enum MerchantRoute: Sendable, Equatable {
    case createPayment
    case getPayment(PaymentID)
    case getTimeline(PaymentID)
    case capture(PaymentID)
    case cancel(PaymentID)
    case increment(PaymentID)
    case confirm(PaymentID)
    case refund(PaymentID)
    case getRefund(RefundID)
    case getDispute(DisputeID)
    case disputeEvidence(DisputeID)
    case acceptDispute(DisputeID)
    case getBalance
    case getAccounts
    case getEntries
    case createPayout
    case getPayout(PayoutID)
    case createWallet
    case getWallet(WalletID)
    case topUp(WalletID)
    case quoteExchange
    case convertExchange
}

package enum OperatorRoute: Sendable, Equatable {
    /// What a provider reports of a payment.
    case providerEvent
    /// What the bank reports of a pay-out.
    case payoutEvent(PayoutID)
    /// A capture that no provider is asked for.
    case manualCapture(PaymentID)
}

/// The end of a manual review.
package enum ReviewRoute: Sendable, Equatable {
    case approve(PaymentID)
    case reject(PaymentID)
}
