package import Ledger
package import Money
package import Time

/// What an event does to a payment, whatever type it was reported as. The raw value is journaled.
package enum PaymentEffect: UInt8, Sendable, CaseIterable {
    /// The event was known, or it ended an operation, which has a record of its own.
    case none = 1
    case settled = 2
    case refundBounced = 3
    case captureReversed = 4
    case authorizationExpired = 5
    /// A shopper has finished: authorized, or captured for a sale.
    case authorized = 6
    /// Authorized (a sale: captured) after the payment had ended. The gateway reverses it.
    case authorizedLate = 7
    /// Captured after the payment had ended. The gateway reverses it.
    case capturedLate = 8
    /// A shopper has not finished.
    case authorizationFailed = 9
    /// Another amount or currency than asked.
    case conflicted = 10
    case disputeWarned = 11
    case disputeOpened = 12
    case disputeUnderReview = 13
    case disputeWon = 14
    case disputeLost = 15
    /// Won before, and lost after all (arbitration).
    case disputeLostAfterAll = 16
    case disputeWarningClosed = 17
    case unexplained = 18
    case reclassified = 19
    case writtenOff = 20
    /// No evidence was sent in time: taken as lost, until the provider says otherwise.
    case disputeOverdue = 21
    /// Lost before, as the provider said or for lack of evidence, and won after all (arbitration).
    case disputeWonAfterAll = 22
    /// The PSP executed a refund for another amount, and an operator decided that it counts as
    /// asked for.
    case refundConfirmed = 23
    /// The same, and it counts as not executed.
    case refundReversed = 24
    /// An operator ended a conflict. What the provider may hold is voided, or expires.
    case conflictResolved = 25
    /// The PSP raised an authorization by an increment that had ended otherwise here.
    case incremented = 26

    package var isDispute: Bool {
        switch self {
        case .disputeWarned, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll,
            .disputeWarningClosed, .disputeOverdue, .disputeWonAfterAll:
            true
        case .none, .settled, .refundBounced, .captureReversed, .authorizationExpired, .authorized, .authorizedLate,
            .capturedLate, .authorizationFailed, .conflicted, .unexplained, .reclassified, .writtenOff,
            .refundConfirmed, .refundReversed, .conflictResolved, .incremented:
            false
        }
    }

    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .none: "none"
        case .settled: "settled"
        case .refundBounced: "refund_bounced"
        case .captureReversed: "capture_reversed"
        case .authorizationExpired: "authorization_expired"
        case .authorized: "authorized"
        case .authorizedLate: "authorized_late"
        case .capturedLate: "captured_late"
        case .authorizationFailed: "authorization_failed"
        case .conflicted: "conflicted"
        case .disputeWarned: "dispute_warned"
        case .disputeOpened: "dispute_opened"
        case .disputeUnderReview: "dispute_under_review"
        case .disputeWon: "dispute_won"
        case .disputeLost: "dispute_lost"
        case .disputeLostAfterAll: "dispute_lost_after_all"
        case .disputeWarningClosed: "dispute_warning_closed"
        case .unexplained: "unexplained"
        case .reclassified: "reclassified"
        case .writtenOff: "written_off"
        case .disputeOverdue: "dispute_overdue"
        case .disputeWonAfterAll: "dispute_won_after_all"
        case .refundConfirmed: "refund_confirmed"
        case .refundReversed: "refund_reversed"
        case .conflictResolved: "conflict_resolved"
        case .incremented: "incremented"
        }
    }
}

/// An effect with its numbers: all that a payment and a dispute need to take it in.
package struct PaymentFact: Sendable, Equatable {
    package var effect: PaymentEffect
    /// Minor units; 0 where the effect is about none.
    package var amountMinor: Int64 = 0
    package var currency: Currency
    /// What the provider keeps of a settlement, takes for a chargeback, or returns with one that
    /// was won.
    package var feeMinor: Int64 = 0
    /// Set aside for a warning.
    package var reservedMinor: Int64 = 0
    package var evidenceDueAt: Timestamp = .none
    /// When a late authorization ends by itself.
    package var deadline: Timestamp = .none
    package var isChargeRefundable = false
    package var isFeeReturned = false
    /// Of a settlement: its fee was held against its amount. False for those of before this was
    /// done.
    package var isFeeBounded = false
    package var target: SuspenseTarget?
    /// Of money in suspense: an earlier connector of the payment's route that moved it; nil for the
    /// payment's own.
    package var earlierConnector: ConnectorID?

    package init(_ effect: PaymentEffect, amountMinor: Int64 = 0, in currency: Currency) {
        self.effect = effect
        self.amountMinor = amountMinor
        self.currency = currency
    }
}
