package import Money

/// What a payment service provider (PSP) can be asked to do with a payment.
@frozen @usableFromInline
package enum ProviderOperation: UInt8, Sendable, CaseIterable {
    /// Authorize; with `ProviderCall.capturesAutomatically` a sale (authorize and capture in one
    /// step).
    case authorize = 1
    case capture = 2
    case cancel = 3
    case refund = 4
    /// Raise an open authorization to a new total (`ProviderCall.amountMinor`).
    case increment = 5
    /// Complete an authorization that waited for the shopper.
    case confirm = 6

    /// The name in PSP idempotency keys, metrics and logs.
    package var name: StaticString {
        switch self {
        case .authorize: "authorize"
        case .capture: "capture"
        case .cancel: "cancel"
        case .refund: "refund"
        case .increment: "increment"
        case .confirm: "confirm"
        }
    }
}

/// One call to a PSP. The same values always make the same bytes on the wire, so that a replay
/// under the same PSP key has identical parameters.
package struct ProviderCall: Sendable, Equatable {
    /// Whether the operation is to be executed, or the outcome of an earlier execution is asked
    /// for. The raw value is journaled.
    package enum Mode: UInt8, Sendable {
        /// Send the operation under its PSP idempotency key. Sending it again under the same key is
        /// safe exactly when the provider declares a `ResolutionMeans.replayWindow`, and within it.
        case execute = 1
        /// Ask for the outcome of the operation; never moves money.
        case query = 2
        /// Void the authorization by the gateway's reference, whatever its outcome is, and keep it
        /// from being executed later (Adyen's cancel by merchant reference). Only where the
        /// provider declares `ResolutionMeans.voidByReference`.
        case cancelByReference = 3
    }

    package var mode: Mode
    package var operation: ProviderOperation
    /// The connector that is called.
    package var connector: ConnectorID
    package var payment: PaymentID
    /// Which capture or refund of the payment (from 1); 1 for authorize and cancel.
    package var ordinal: UInt16
    /// Part of the PSP key. A new number is used only after a definite refusal, at the next
    /// connector of the route.
    package var attempt: UInt16
    package var amountMinor: Int64
    package var currency: Currency
    /// For `authorize`: capture at once.
    package var capturesAutomatically: Bool
    /// For `authorize`: the merchant accepts an approval for less than the amount.
    package var acceptsPartialAuthorization: Bool
    /// For `capture`: nothing more will be captured, so that the PSP releases the rest of the hold.
    package var isFinal: Bool
    /// The payment method token, for `authorize`; empty otherwise.
    package var paymentMethod: String
    /// The PSP's own reference of the authorization, for everything after it; empty for
    /// `authorize`.
    package var providerReference: String
    /// For `confirm`: what the shopper brought back from the provider's page, as it came; empty for
    /// nothing. Never logged.
    package var returnData: String
    /// Of queries: how the provider is asked.
    package var lookup: ResolutionMeans.Lookup

    package init(
        mode: Mode,
        operation: ProviderOperation,
        connector: ConnectorID,
        payment: PaymentID,
        ordinal: UInt16,
        attempt: UInt16,
        amountMinor: Int64,
        currency: Currency,
        capturesAutomatically: Bool,
        acceptsPartialAuthorization: Bool = false,
        isFinal: Bool = true,
        paymentMethod: String,
        providerReference: String,
        returnData: String = "",
        lookup: ResolutionMeans.Lookup = .byReference
    ) {
        self.mode = mode
        self.operation = operation
        self.connector = connector
        self.payment = payment
        self.ordinal = ordinal
        self.attempt = attempt
        self.amountMinor = amountMinor
        self.currency = currency
        self.capturesAutomatically = capturesAutomatically
        self.acceptsPartialAuthorization = acceptsPartialAuthorization
        self.isFinal = isFinal
        self.paymentMethod = paymentMethod
        self.providerReference = providerReference
        self.returnData = returnData
        self.lookup = lookup
    }

    /// The PSP idempotency key, at most 64 characters (Adyen's limit): `pay_…-authorize-1-1`
    /// (payment, operation, ordinal, attempt).
    package var providerKey: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            var writer = KeyWriter(buffer: buffer)
            writer.append(PaymentID.prefix)
            Base32.forEachCharacter(high: payment.high, low: payment.low) { writer.append($0) }
            writer.append(UInt8(ascii: "-"))
            writer.append(operation.name)
            writer.append(UInt8(ascii: "-"))
            writer.append(ordinal)
            writer.append(UInt8(ascii: "-"))
            writer.append(attempt)
            return writer.count
        }
    }
}

/// Writes a PSP key into its string's own storage: interpolation would make a string for each part.
private struct KeyWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    mutating func append(_ byte: UInt8) {
        buffer[count] = byte
        count += 1
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { for byte in $0 { append(byte) } }
    }

    mutating func append(_ number: UInt16) {
        var divisor: UInt16 = 10_000
        while divisor > 1, number < divisor { divisor /= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}
