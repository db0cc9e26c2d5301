import Payments

/// The members of a provider's event that only some types take. A member that its type does not
/// take is refused. Otherwise the gateway would drop it, and the sender would believe that it was
/// kept.
struct EventMembers: OptionSet {
    let rawValue: UInt16

    static let amount = EventMembers(rawValue: 1)
    static let currency = EventMembers(rawValue: 2)
    static let fee = EventMembers(rawValue: 4)
    static let refund = EventMembers(rawValue: 8)
    static let target = EventMembers(rawValue: 16)
    static let taken = EventMembers(rawValue: 32)
    static let evidenceDueAt = EventMembers(rawValue: 64)
    static let chargeRefundable = EventMembers(rawValue: 128)
    static let feeReturned = EventMembers(rawValue: 256)
    static let includesRefunded = EventMembers(rawValue: 512)
    static let capture = EventMembers(rawValue: 1_024)

    /// Every one, with its name.
    static let named: [(member: EventMembers, name: StaticString)] = [
        (.amount, "amount"), (.currency, "currency"), (.fee, "fee"), (.refund, "refund_id"), (.target, "to"),
        (.taken, "taken"), (.evidenceDueAt, "evidence_due_at"), (.chargeRefundable, "is_charge_refundable"),
        (.feeReturned, "fee_returned"), (.includesRefunded, "includes_refunded"), (.capture, "capture_number"),
    ]

    /// The name of the first of these; nil for none.
    var firstName: StaticString? { Self.named.first { contains($0.member) }?.name }
}

extension PaymentEventType {
    /// The members that the type takes beside its identifiers, its reference and its reason.
    var members: EventMembers {
        switch self {
        case .settlementMatched: [.amount, .currency, .fee]
        case .authorizationSucceeded, .incrementSucceeded, .balanceWrittenOff: [.amount, .currency]
        case .captureSucceeded, .captureFailed: [.amount, .currency, .capture]
        case .refundSucceeded, .refundFailed: [.amount, .currency, .refund]
        case .disputeWarning: [.amount, .currency, .evidenceDueAt, .includesRefunded]
        case .disputeOpened: [.amount, .currency, .fee, .evidenceDueAt, .chargeRefundable, .includesRefunded]
        case .disputeWon: [.amount, .currency, .feeReturned]
        case .disputeLost: [.amount, .currency, .fee, .includesRefunded]
        case .moneyUnexplained: [.amount, .currency, .taken]
        case .moneyReclassified: [.amount, .currency, .taken, .target]
        case .authorizationFailed, .authorizationExpired, .cancelSucceeded, .disputeWarningClosed,
            .disputeUnderReview, .disputeEvidence, .disputeAccepted, .disputeOverdue, .cancelFailed,
            .incrementFailed, .conflictResolved:
            []
        }
    }

    /// What must be there.
    var needed: EventMembers {
        var needed: EventMembers = needsAmount ? .amount : []
        if self == .settlementMatched { needed.insert(.fee) }
        if self == .moneyReclassified { needed.insert(.target) }
        return needed
    }

    /// Whether the event must have the provider's reference for what it is about. The gateway finds
    /// disputes by it. Without its charge's reference, a success could never be refunded or voided
    /// at the provider.
    var needsReference: Bool { isDispute || self == .authorizationSucceeded || self == .captureSucceeded }

    /// Whether the event must say why, because an operator decides it.
    var needsReason: Bool { self == .conflictResolved }
}
