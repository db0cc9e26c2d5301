/// Where a charge stands, as `GET /v1/charges/{id}` words it.
enum ChargeStatus: String, Sendable {
    case pending
    case requires_action
    case declined
    case authorized
    case partially_captured
    case captured
    case partially_refunded
    case refunded
    case cancelled
    case expired
}

/// What may happen to a charge, in one place and without side effects.
enum ChargeRules {
    /// Why an operation of that kind and amount must not be executed now; nil when it may.
    ///
    /// A hold that lapsed cannot be captured or cancelled; what was captured before stays
    /// refundable.
    static func objection(
        to kind: OperationKind,
        of amount: Int64,
        on charge: ChargeRecord,
        authorization: OperationRecord.Outcome,
        now: UInt32
    ) -> ErrorCode? {
        switch authorization {
        case .pendingThenSucceeds, .pendingThenFails: return .charge_pending
        case .actionThenSucceeds, .actionThenFails:
            return kind == .cancel || kind == .confirm ? nil : .charge_action_required
        case .declined, .notExecuted:
            return charge.isCancelled ? .charge_already_cancelled : .charge_declined
        case .succeeded: break
        }
        switch kind {
        case .authorize: preconditionFailure("an authorisation makes a charge and is not applied to one")
        case .capture: return objectionToCapture(of: amount, on: charge, now: now)
        case .cancel: return objectionToCancel(of: charge, now: now)
        case .refund: return objectionToRefund(of: amount, on: charge)
        case .increment: return objectionToIncrement(to: amount, of: charge, now: now)
        // An authorisation that never waited has nothing to confirm. The caller checks that.
        case .confirm: return charge.isCancelled ? .charge_already_cancelled : nil
        }
    }

    /// Where `charge` stands.
    static func status(
        of charge: ChargeRecord,
        authorization: OperationRecord.Outcome,
        now: UInt32
    ) -> ChargeStatus {
        switch authorization {
        case .pendingThenSucceeds, .pendingThenFails: return .pending
        case .actionThenSucceeds, .actionThenFails: return .requires_action
        case .declined, .notExecuted: return charge.isCancelled ? .cancelled : .declined
        case .succeeded: break
        }
        if charge.isCancelled, charge.captured == 0 { return .cancelled }
        if charge.captured == 0 { return now >= charge.expiresAt ? .expired : .authorized }
        if charge.refunded == charge.captured { return .refunded }
        if charge.refunded > 0 { return .partially_refunded }
        return charge.isClosed || charge.captured >= charge.authorized ? .captured : .partially_captured
    }

    private static func objectionToCapture(of amount: Int64, on charge: ChargeRecord, now: UInt32) -> ErrorCode? {
        if charge.isCancelled { return .charge_already_cancelled }
        if charge.isClosed || charge.captured >= charge.authorized { return .charge_already_captured }
        if now >= charge.expiresAt { return .charge_expired }
        return amount > charge.captureLimit - charge.captured ? .amount_too_large : nil
    }

    private static func objectionToCancel(of charge: ChargeRecord, now: UInt32) -> ErrorCode? {
        if charge.isCancelled { return .charge_already_cancelled }
        // After a part was captured, the rest can still be cancelled.
        if charge.isClosed || charge.captured >= charge.authorized { return .charge_already_captured }
        return now >= charge.expiresAt ? .charge_expired : nil
    }

    private static func objectionToIncrement(to total: Int64, of charge: ChargeRecord, now: UInt32) -> ErrorCode? {
        if charge.isCancelled { return .charge_already_cancelled }
        if charge.captured > 0 { return .charge_already_captured }
        if now >= charge.expiresAt { return .charge_expired }
        return total <= charge.authorized ? .amount_too_small : nil
    }

    private static func objectionToRefund(of amount: Int64, on charge: ChargeRecord) -> ErrorCode? {
        if charge.captured == 0 { return .charge_not_captured }
        if charge.refunded == charge.captured { return .charge_already_refunded }
        return amount > charge.captured - charge.refunded ? .amount_too_large : nil
    }
}
