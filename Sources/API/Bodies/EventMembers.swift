import Payments

/// A member of a provider's event that only some types take. A member that its type does not take
/// is refused. Otherwise the gateway would drop it, and the sender would believe that it was kept.
enum EventMember: UInt16, CaseIterable {
    case amount
    case currency
    case fee
    case refund
    case target
    case taken
    case evidenceDueAt
    case chargeRefundable
    case feeReturned
    case includesRefunded
    case capture

    /// Its name in the body.
    var name: StaticString {
        switch self {
        case .amount: "amount"
        case .currency: "currency"
        case .fee: "fee"
        case .refund: "refund_id"
        case .target: "to"
        case .taken: "taken"
        case .evidenceDueAt: "evidence_due_at"
        case .chargeRefundable: "is_charge_refundable"
        case .feeReturned: "fee_returned"
        case .includesRefunded: "includes_refunded"
        case .capture: "capture_number"
        }
    }
}

/// Some of the members that only some types take.
struct EventMembers: Equatable, ExpressibleByArrayLiteral {
    private var bits: UInt16 = 0

    init(arrayLiteral members: EventMember...) {
        for member in members { insert(member) }
    }

    mutating func insert(_ member: EventMember) { bits |= 1 << member.rawValue }

    func contains(_ member: EventMember) -> Bool { bits & 1 << member.rawValue != 0 }

    /// Those that are not among the others.
    func subtracting(_ others: EventMembers) -> EventMembers {
        var rest = self
        rest.bits &= ~others.bits
        return rest
    }

    /// The first of these; nil for none.
    var first: EventMember? { EventMember.allCases.first(where: contains) }
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
        var needed: EventMembers = needsAmount ? [.amount] : []
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
