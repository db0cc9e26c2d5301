package import Time

/// How far a dispute has come (docs/payments.md, "Transitions"); the raw value is journaled and
/// stored.
package enum DisputeStatus: UInt8, Sendable, CaseIterable {
    /// An inquiry, a request for information or a fraud notice: no money has moved.
    case warning = 1
    /// Charged back: the money is gone, evidence may be sent.
    case open = 2
    /// Evidence was sent.
    case underReview = 3
    /// The money came back. Not final: a second chargeback may follow.
    case won = 4
    /// The money stays gone. Not final: arbitration may bring it back.
    case lost = 5
    /// The inquiry ended without a chargeback. Not final: one may follow.
    case warningClosed = 6

    /// As the API names it.
    package var name: StaticString {
        switch self {
        case .warning: "warning"
        case .open: "open"
        case .underReview: "under_review"
        case .won: "won"
        case .lost: "lost"
        case .warningClosed: "warning_closed"
        }
    }

    /// Whether it holds money that may still come back.
    package var isOpen: Bool { self == .open || self == .underReview }
}

/// One dispute of a payment: the third of the orthogonal regions (docs/payments.md, "Three
/// regions").
@usableFromInline package struct Dispute: Sendable {
    package let id: DisputeID
    package let payment: PaymentID
    /// What is disputed, in minor units: the amount of the newest chargeback, or what the warning
    /// is about.
    package internal(set) var amountMinor: Int64
    /// The fees of its chargebacks that the merchant bears.
    package internal(set) var feeMinor: Int64 = 0
    /// Set aside for it (P7r).
    package internal(set) var reservedMinor: Int64 = 0
    package internal(set) var status: DisputeStatus
    /// How often it was charged back.
    package internal(set) var chargebacks: UInt8 = 0
    /// The PSP says that the disputed amount may still be refunded.
    package internal(set) var isChargeRefundable = false
    /// Lost because no evidence came in time, and not because the provider said so.
    package internal(set) var isPresumedLost = false
    /// The last moment for evidence, in milliseconds since 1970; 0 for none. Passed while it is
    /// open, it is lost.
    package internal(set) var evidenceDueAt: Timestamp = .none
    /// Milliseconds since 1970 of the last transition.
    package internal(set) var updatedAt: Timestamp

    /// A dispute that was just reported. It is a warning until `apply` changes it.
    package init(id: DisputeID, payment: PaymentID, amountMinor: Int64, at time: Timestamp) {
        precondition(amountMinor > 0, "a dispute is about a positive amount")
        self.id = id
        self.payment = payment
        self.amountMinor = amountMinor
        self.status = .warning
        self.updatedAt = time
    }

    /// What happens to a dispute; the payment's part is `Payment.apply(_:)`.
    /// - Precondition: the effect is one that `Payment.decide` allowed in this status.
    package mutating func apply(_ fact: PaymentFact, at time: Timestamp) {
        switch fact.effect {
        case .disputeWarned:
            reservedMinor = fact.reservedMinor
            evidenceDueAt = fact.evidenceDueAt
        case .disputeOpened:
            precondition(
                status == .warning || status == .warningClosed || status == .won,
                "charged back while \(status)"
            )
            amountMinor = fact.amountMinor
            feeMinor += fact.feeMinor
            reservedMinor = 0
            chargebacks &+= 1
            isChargeRefundable = fact.isChargeRefundable
            evidenceDueAt = fact.evidenceDueAt
            status = .open
        case .disputeUnderReview:
            precondition(status == .open || status == .underReview, "evidence while \(status)")
            status = .underReview
        case .disputeWon:
            precondition(status.isOpen, "won while \(status)")
            if fact.isFeeReturned { feeMinor = 0 }
            status = .won
        case .disputeLost:
            precondition(status.isOpen, "lost while \(status)")
            status = .lost
        case .disputeOverdue:
            precondition(status == .open, "overdue while \(status)")
            status = .lost
            isPresumedLost = true
        case .disputeWonAfterAll:
            precondition(status == .lost, "won after all while \(status)")
            if fact.isFeeReturned { feeMinor = 0 }
            status = .won
            isPresumedLost = false
        case .disputeLostAfterAll:
            precondition(status == .won, "lost after all while \(status)")
            amountMinor = fact.amountMinor
            feeMinor += fact.feeMinor
            chargebacks &+= 1
            status = .lost
        case .disputeWarningClosed:
            precondition(status == .warning, "a warning ends while \(status)")
            reservedMinor = 0
            status = .warningClosed
        case .none, .settled, .refundBounced, .captureReversed, .authorizationExpired, .authorized, .authorizedLate,
            .capturedLate, .authorizationFailed, .conflicted, .unexplained, .reclassified, .writtenOff,
            .refundConfirmed, .refundReversed, .conflictResolved, .incremented:
            preconditionFailure("\(fact.effect) is no dispute's")
        }
        updatedAt = time
    }
}
