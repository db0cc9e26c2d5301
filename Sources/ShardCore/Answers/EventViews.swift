package import Money
package import Payments

/// What came of an event, as its answer shows it.
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
    /// Milliseconds since 1970.
    package var appliedAt: Int64
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
    /// Milliseconds since 1970; 0 for none.
    package var evidenceDueAt: Int64
    package var createdAt: Int64
    package var updatedAt: Int64
}
