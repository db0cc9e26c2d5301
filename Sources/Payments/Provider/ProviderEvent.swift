package import Ledger
package import Money
package import Time

/// What a provider's event, a settlement line or an operator reports. The raw value is journaled.
package enum PaymentEventType: UInt8, Sendable, CaseIterable {
    case settlementMatched = 1
    case authorizationSucceeded = 2
    case authorizationFailed = 3
    case authorizationExpired = 4
    case captureSucceeded = 5
    case captureFailed = 6
    case cancelSucceeded = 7
    case refundSucceeded = 8
    case refundFailed = 9
    case disputeWarning = 10
    case disputeWarningClosed = 11
    case disputeOpened = 12
    case disputeUnderReview = 13
    case disputeWon = 14
    case disputeLost = 15
    case moneyUnexplained = 16
    case moneyReclassified = 17
    case balanceWrittenOff = 18
    /// An operator's: a payment in conflict ends. What the provider may still hold is voided, or
    /// expires.
    case conflictResolved = 19
    case incrementSucceeded = 20
    case incrementFailed = 21
    case cancelFailed = 22
    /// The merchant's: evidence of an open dispute.
    case disputeEvidence = 30
    /// The merchant's: it gives an open dispute up.
    case disputeAccepted = 31
    /// The gateway's: the last moment for evidence has passed.
    case disputeOverdue = 32

    /// As the API names it.
    package var name: StaticString {
        switch self {
        case .settlementMatched: "settlement.matched"
        case .authorizationSucceeded: "authorization.succeeded"
        case .authorizationFailed: "authorization.failed"
        case .authorizationExpired: "authorization.expired"
        case .captureSucceeded: "capture.succeeded"
        case .captureFailed: "capture.failed"
        case .cancelSucceeded: "cancel.succeeded"
        case .refundSucceeded: "refund.succeeded"
        case .refundFailed: "refund.failed"
        case .disputeWarning: "dispute.warning"
        case .disputeWarningClosed: "dispute.warning_closed"
        case .disputeOpened: "dispute.opened"
        case .disputeUnderReview: "dispute.under_review"
        case .disputeWon: "dispute.won"
        case .disputeLost: "dispute.lost"
        case .moneyUnexplained: "money.unexplained"
        case .moneyReclassified: "money.reclassified"
        case .balanceWrittenOff: "balance.written_off"
        case .conflictResolved: "conflict.resolved"
        case .incrementSucceeded: "increment.succeeded"
        case .incrementFailed: "increment.failed"
        case .cancelFailed: "cancel.failed"
        case .disputeEvidence: "dispute.evidence"
        case .disputeAccepted: "dispute.accepted"
        case .disputeOverdue: "dispute.overdue"
        }
    }

    /// Whether `POST /v1/provider_events` takes it.
    package var isPosted: Bool { rawValue < Self.disputeEvidence.rawValue }

    /// Whether it is about a dispute.
    package var isDispute: Bool {
        switch self {
        case .disputeWarning, .disputeWarningClosed, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost,
            .disputeEvidence, .disputeAccepted, .disputeOverdue:
            true
        case .settlementMatched, .authorizationSucceeded, .authorizationFailed, .authorizationExpired,
            .captureSucceeded, .captureFailed, .cancelSucceeded, .refundSucceeded, .refundFailed, .moneyUnexplained,
            .moneyReclassified, .balanceWrittenOff, .conflictResolved, .incrementSucceeded, .incrementFailed,
            .cancelFailed:
            false
        }
    }

    /// Whether it is about one refund.
    package var isRefund: Bool { self == .refundSucceeded || self == .refundFailed }

    /// Whether it can only be about something that was sent to the provider.
    package var isOfWhatWasSent: Bool {
        switch self {
        case .settlementMatched, .authorizationSucceeded, .authorizationFailed, .authorizationExpired,
            .captureSucceeded, .captureFailed, .cancelSucceeded, .cancelFailed, .incrementSucceeded,
            .incrementFailed:
            true
        // Those that have no refund or dispute are refused for that.
        case .refundSucceeded, .refundFailed, .disputeWarning, .disputeWarningClosed, .disputeOpened,
            .disputeUnderReview, .disputeWon, .disputeLost, .disputeEvidence, .disputeAccepted, .disputeOverdue,
            .moneyUnexplained, .moneyReclassified, .balanceWrittenOff, .conflictResolved:
            false
        }
    }

    /// Whether it must say an amount.
    package var needsAmount: Bool {
        switch self {
        case .settlementMatched, .authorizationSucceeded, .captureSucceeded, .disputeWarning, .disputeOpened,
            .moneyUnexplained, .moneyReclassified, .balanceWrittenOff, .incrementSucceeded:
            true
        case .authorizationFailed, .authorizationExpired, .captureFailed, .cancelSucceeded, .refundSucceeded,
            .refundFailed, .disputeWarningClosed, .disputeUnderReview, .disputeWon, .disputeLost, .disputeEvidence,
            .disputeAccepted, .disputeOverdue, .conflictResolved, .incrementFailed, .cancelFailed:
            false
        }
    }
}

/// One event of a payment, as it was reported.
package struct ProviderEvent: Sendable {
    /// The longest identifier, reference and provider's name, in bytes.
    package static let maximumTextBytes = 128
    /// The longest reason, in bytes.
    package static let maximumReasonBytes = 512

    package var type: PaymentEventType
    package var payment: PaymentID
    /// The provider's own identifier of the event; with the provider's name it is applied once.
    package var id: String
    /// The provider's name.
    package var provider: String
    /// Set for what is about one refund; nil where the provider's reference names it.
    package var refund: RefundID?
    /// Which capture of the payment it is about, from 1; nil where the payment has had one only.
    package var capture: UInt16?
    /// Minor units; nil for all that it can be about.
    package var amountMinor: Int64?
    /// nil: the payment's.
    package var currency: Currency?
    /// What the provider keeps of a settlement, or takes for a chargeback; nil where it does not
    /// say.
    package var feeMinor: Int64?
    /// The provider's reference: of the dispute, or of what was executed.
    package var reference = ""
    /// In the provider's words.
    package var reason = ""
    /// The last moment for evidence; `.none` without one.
    package var evidenceDueAt: Timestamp = .none
    /// What is disputed may be refunded still.
    package var isChargeRefundable = false
    /// The chargeback's fee came back, too.
    package var isFeeReturned = false
    /// A chargeback of what was refunded, too (the card scheme does not wait for refunds).
    package var includesRefunded = false
    /// Of unexplained money: the provider took it.
    package var isTaken = false
    /// Where explained money goes.
    package var target: SuspenseTarget?

    package init(type: PaymentEventType, payment: PaymentID, id: String, provider: String) {
        self.type = type
        self.payment = payment
        self.id = id
        self.provider = provider
    }
}
