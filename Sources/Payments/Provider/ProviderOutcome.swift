package import Money
package import Time

/// The outcome of a PSP call. The split into *declined*, *certainly not executed* and *unknown*
/// decides whether money may be tried again. The adapter makes it, because only the adapter knows
/// what its PSP's answers mean.
package enum ProviderOutcome: Sendable, Equatable {
    /// The operation was executed.
    case succeeded(ProviderSuccess)
    /// An authorization waits for the shopper.
    case actionRequired(NextAction, providerReference: String)
    /// The PSP accepted the operation and reports its end later, or must be asked.
    case pending(providerReference: String)
    /// A definite refusal: the PSP executed the request and refused it.
    case declined(Decline)
    /// Certainly not executed (never sent, or refused before execution); may be sent again.
    case notExecuted(CallFailure)
    /// Sent, and no one can say yet whether it was executed. Must be resolved, never blindly
    /// repeated.
    case unknown(CallFailure)
    /// Answer to a query only: the PSP knows no such operation.
    case notFound
}

/// What an executed operation reports; compared with what was asked for.
package struct ProviderSuccess: Sendable, Equatable {
    /// The PSP's own reference of the payment (of the refund, for refunds); at most 64 bytes of
    /// ASCII.
    package var providerReference: String
    package var amountMinor: Int64
    package var currency: Currency
    /// When the authorization ends by itself; `.none` where the PSP does not say.
    package var expiresAt: Timestamp

    package init(providerReference: String, amountMinor: Int64, currency: Currency, expiresAt: Timestamp = .none) {
        self.providerReference = providerReference
        self.amountMinor = amountMinor
        self.currency = currency
        self.expiresAt = expiresAt
    }
}
