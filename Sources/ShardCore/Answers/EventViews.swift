package import Money
package import Payments
package import Time

/// The effect of an event, as its answer shows it.
package struct EventView: Sendable {
    package var type: PaymentEventType
    package var effect: PaymentEffect
    package var provider: String
    package var id: String
    package var payment: PaymentID
    /// The payment's status after it.
    package var status: PaymentStatus
    package var amountMinor: Int64
    package var currency: Currency
    package var dispute: DisputeID?
    /// The operation that it ended.
    package var ended: ProviderOperation?
    /// The merchant owes in this currency after it.
    package var merchantOwes: Bool
    package var appliedAt: Timestamp
}

/// A dispute as an answer shows it.
package struct DisputeView: Sendable {
    package var id: DisputeID
    package var payment: PaymentID
    package var status: DisputeStatus
    package var amountMinor: Int64
    package var feeMinor: Int64
    package var reservedMinor: Int64
    package var currency: Currency
    package var chargebacks: UInt8
    package var isChargeRefundable: Bool
    package var providerReference: String
    package var reason: String
    /// The reference of the upload; nil while nothing was sent.
    package var evidenceReference: String?
    package var evidenceText: String
    /// `.none` where there is none.
    package var evidenceDueAt: Timestamp
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
}
