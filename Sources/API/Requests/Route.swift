package import Payments

/// What a path asks for, by whose keys may ask it. `RouteRule.table` binds each to a method and a
/// path.
package enum Route: Sendable, Equatable {
    /// A merchant's key, for what is the merchant's.
    case merchant(MerchantRoute)
    /// An operator's credential.
    case `operator`(OperatorRoute)
    /// A merchant's key for what is the merchant's, an operator's credential for everybody's.
    case review(ReviewRoute)
    /// Nobody's key is needed.
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
}

/// The end of a manual review.
package enum ReviewRoute: Sendable, Equatable {
    case approve(PaymentID)
    case reject(PaymentID)
}
