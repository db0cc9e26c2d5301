package import Money

/// What a payment service provider (PSP) can be asked to do with a payment.
package enum ProviderOperation: UInt8, Sendable, CaseIterable {
    /// Authorize; with `ProviderCall.capturesAutomatically` a sale (authorize and capture in one step).
    case authorize = 1
    case capture = 2
    case cancel = 3
    case refund = 4

    /// The name in PSP idempotency keys, metrics and logs.
    package var name: StaticString {
        switch self {
        case .authorize: "authorize"
        case .capture: "capture"
        case .cancel: "cancel"
        case .refund: "refund"
        }
    }
}

/// One call to a PSP. The same values always make the same bytes on the wire, so that a replay under the same PSP key
/// has identical parameters.
package struct ProviderCall: Sendable, Equatable {
    /// Whether the operation is to be executed, or the fate of an earlier execution is asked for.
    package enum Mode: UInt8, Sendable {
        /// Send the operation under its PSP idempotency key. Sending it again under the same key is safe exactly when
        /// the provider declares `idempotentReplay`.
        case execute
        /// Ask what became of the operation; never moves money.
        case query
    }

    package var mode: Mode
    package var operation: ProviderOperation
    package var payment: PaymentID
    /// Which capture or refund of the payment (from 1); 1 for authorize and cancel.
    package var ordinal: UInt16
    /// Part of the PSP key; a new number only after a definite no.
    package var attempt: UInt16
    package var amountMinor: Int64
    package var currency: Currency
    /// For `authorize`: capture at once.
    package var capturesAutomatically: Bool
    /// The payment method token, for `authorize`; empty otherwise.
    package var paymentMethod: String
    /// The PSP's own reference of the authorization, for everything after it; empty for `authorize`.
    package var providerReference: String

    package init(
        mode: Mode,
        operation: ProviderOperation,
        payment: PaymentID,
        ordinal: UInt16,
        attempt: UInt16,
        amountMinor: Int64,
        currency: Currency,
        capturesAutomatically: Bool,
        paymentMethod: String,
        providerReference: String
    ) {
        self.mode = mode
        self.operation = operation
        self.payment = payment
        self.ordinal = ordinal
        self.attempt = attempt
        self.amountMinor = amountMinor
        self.currency = currency
        self.capturesAutomatically = capturesAutomatically
        self.paymentMethod = paymentMethod
        self.providerReference = providerReference
    }

    /// The PSP idempotency key, at most 64 characters (Adyen's limit): `pay_…-authorize-1-1`
    /// (payment, operation, ordinal, attempt).
    package var providerKey: String {
        "\(payment)-\(operation.name)-\(ordinal)-\(attempt)"
    }
}
