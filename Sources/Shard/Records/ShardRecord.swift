import Ledger
package import Money
package import NIOCore
package import Payments

/// What a shard journals: one record for each step of a payment, complete enough to rebuild the shard and to audit the
/// ledger without any other source. `ShardCore.apply` is the only way from a record to state, live and on replay.
package enum ShardRecord: Sendable {
    /// A payment was accepted, its key reserved, its authorization is about to be sent.
    case paymentCreated(PaymentCreated)
    /// A capture, cancel or refund was accepted, its key reserved, the call is about to be sent.
    case operationStarted(OperationStarted)
    /// An operation came to its end; holds the answer that its key replays from now on.
    case operationFinished(OperationFinished)
    /// An operation's outcome is unknown or pending at the PSP: it is being resolved from now on.
    case operationUnresolved(OperationUnresolved)
    /// A succeeded refund came back.
    case refundBounced(RefundBounced)

    /// Whether applying it takes a place in the idempotency table.
    var reservesKey: Bool {
        switch self {
        case .paymentCreated, .operationStarted: true
        case .operationFinished, .operationUnresolved, .refundBounced: false
        }
    }

    /// Milliseconds since 1970 when it was decided.
    package var time: Int64 {
        switch self {
        case .paymentCreated(let record): record.time
        case .operationStarted(let record): record.time
        case .operationFinished(let record): record.time
        case .operationUnresolved(let record): record.time
        case .refundBounced(let record): record.time
        }
    }
}

/// The key that an operation was asked for under.
package struct RequestKey: Sendable, Equatable {
    package var digest: KeyDigest
    package var fingerprint: Fingerprint
    package var requestID: RequestID
}

package struct PaymentCreated: Sendable {
    package var id: PaymentID
    package var merchant: MerchantID
    package var amountMinor: Int64
    package var currency: Currency
    package var feeBasisPoints: UInt16
    package var capturesAutomatically: Bool
    package var provider: UInt8
    package var key: RequestKey
    package var details: [UInt8]
    package var time: Int64
}

package struct OperationStarted: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var amountMinor: Int64
    package var key: RequestKey
    /// P5a for refunds; none for captures and cancels.
    package var transfers: Transfers
    package var time: Int64
}

package struct OperationFinished: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var result: OperationResult
    /// What was asked for.
    package var amountMinor: Int64
    /// What the PSP says it executed: the same unless the result is `conflicted`; 0 when it executed nothing.
    package var executedMinor: Int64
    package var executedCurrency: Currency
    /// The PSP's reference of what it executed; empty when it executed nothing.
    package var providerReference: String
    /// The PSP's own decline code, when the result is a decline.
    package var declineProviderCode: String
    package var transfers: Transfers
    package var responseStatus: UInt16
    package var response: ByteBuffer
    package var time: Int64
}

package struct OperationUnresolved: Sendable {
    package var payment: PaymentID
    package var operation: ProviderOperation
    package var ordinal: UInt16
    package var reason: FailureReason
    /// Set when the PSP accepted the operation and said so (pending); empty otherwise.
    package var providerReference: String
    package var time: Int64
}

package struct RefundBounced: Sendable {
    package var refund: RefundID
    package var payment: PaymentID
    package var amountMinor: Int64
    package var transfers: Transfers
    package var time: Int64
}
