import Money
import Time

extension Payment {
    /// What a chargeback can take: never more than was captured in all. It takes refunded money
    /// only where the event says so.
    private func disputableMinor(_ event: ProviderEvent) -> Int64 {
        event.includesRefunded ? capturedMinor - disputedMinor - disputeLostMinor : refundableMinor
    }

    func decideDispute(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard currency(event) == currency else { throw .amountMismatch }
        switch event.type {
        case .disputeWarning: return try decideWarning(event, context)
        case .disputeOpened: return try decideChargeback(event, context)
        case .disputeWarningClosed: return try decideWarningClosed(context)
        case .disputeUnderReview: return try decideUnderReview(context)
        case .disputeWon: return try decideWon(event, context)
        case .disputeLost: return try decideLost(event, context)
        case .disputeEvidence:
            guard let dispute = context.dispute else { throw .notFound }
            let isLate = dispute.evidenceDueAt != .none && context.now > dispute.evidenceDueAt
            guard dispute.status.isOpen, !isLate else { throw .notAllowed }
            return .fact(PaymentFact(.disputeUnderReview, amountMinor: 0, in: currency))
        case .disputeAccepted:
            guard let dispute = context.dispute else { throw .notFound }
            guard dispute.status.isOpen else { throw .notAllowed }
            return .fact(PaymentFact(.disputeLost, amountMinor: dispute.amountMinor, in: currency))
        case .disputeOverdue:
            // A merchant that has sent evidence waits for the decision.
            guard let dispute = context.dispute, dispute.status == .open else { throw .notAllowed }
            return .fact(PaymentFact(.disputeOverdue, amountMinor: dispute.amountMinor, in: currency))
        case .settlementMatched, .authorizationSucceeded, .authorizationFailed, .authorizationExpired,
            .captureSucceeded, .captureFailed, .cancelSucceeded, .refundSucceeded, .refundFailed, .moneyUnexplained,
            .moneyReclassified, .balanceWrittenOff, .conflictResolved,
            .incrementSucceeded, .incrementFailed, .cancelFailed:
            preconditionFailure("\(event.type) is no dispute's")
        }
    }

    private func checkDisputable() throws(EventRefusal) {
        guard capturedMinor > 0, phase == .captured || phase == .partiallyCaptured else { throw .notAllowed }
    }

    private func decideWarning(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard context.dispute == nil else { return .known }
        try checkDisputable()
        guard disputeCount < Self.maximumDisputes else { throw .tooManyDisputes }
        guard amount(event) <= disputableMinor(event) else { throw .amountMismatch }
        var fact = PaymentFact(.disputeWarned, amountMinor: amount(event), in: currency)
        fact.reservedMinor = context.reservesOnWarning ? amount(event) : 0
        fact.evidenceDueAt = event.evidenceDueAt
        return .fact(fact)
    }

    private func decideChargeback(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        switch context.dispute?.status {
        case nil:
            guard disputeCount < Self.maximumDisputes else { throw .tooManyDisputes }
        // A chargeback may follow an inquiry that was closed, and a chargeback that was won.
        case .warning, .warningClosed, .won: break
        case .open, .underReview: return .known
        // The money is gone already. It comes back first (`dispute.won`).
        case .lost: throw .notAllowed
        }
        try checkDisputable()
        guard amount(event) <= disputableMinor(event) else { throw .amountMismatch }
        var fact = PaymentFact(.disputeOpened, amountMinor: amount(event), in: currency)
        fact.feeMinor = event.feeMinor ?? context.disputeFeeMinor
        fact.evidenceDueAt = event.evidenceDueAt
        fact.isChargeRefundable = event.isChargeRefundable
        return .fact(fact)
    }

    private func decideWarningClosed(_ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard let dispute = context.dispute else { throw .notFound }
        switch dispute.status {
        case .warning: return .fact(PaymentFact(.disputeWarningClosed, amountMinor: 0, in: currency))
        case .warningClosed: return .known
        case .open, .underReview, .won, .lost: throw .notAllowed
        }
    }

    private func decideUnderReview(_ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard let dispute = context.dispute else { throw .notFound }
        switch dispute.status {
        case .open: return .fact(PaymentFact(.disputeUnderReview, amountMinor: 0, in: currency))
        case .underReview: return .known
        // Evidence went another way, or the case goes on in arbitration. The money stays where it
        // is until the provider has decided.
        case .lost, .won: return .known
        case .warning, .warningClosed: throw .notAllowed
        }
    }

    private func decideWon(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard let dispute = context.dispute else { throw .notFound }
        let effect: PaymentEffect
        switch dispute.status {
        case .open, .underReview: effect = .disputeWon
        // A dispute lost for lack of evidence, or in arbitration, may still be won: no status is
        // final.
        case .lost: effect = .disputeWonAfterAll
        case .won: return .known
        case .warning, .warningClosed: throw .notAllowed
        }
        guard event.amountMinor ?? dispute.amountMinor == dispute.amountMinor else { throw .amountMismatch }
        var fact = PaymentFact(effect, amountMinor: dispute.amountMinor, in: currency)
        fact.isFeeReturned = event.isFeeReturned
        fact.feeMinor = event.isFeeReturned ? dispute.feeMinor : 0
        return .fact(fact)
    }

    private func decideLost(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard let dispute = context.dispute else { throw .notFound }
        switch dispute.status {
        case .open, .underReview:
            return .fact(PaymentFact(.disputeLost, amountMinor: dispute.amountMinor, in: currency))
        case .won:
            let amount = event.amountMinor ?? dispute.amountMinor
            guard amount <= disputableMinor(event) else { throw .amountMismatch }
            var fact = PaymentFact(.disputeLostAfterAll, amountMinor: amount, in: currency)
            fact.feeMinor = event.feeMinor ?? context.disputeFeeMinor
            return .fact(fact)
        case .lost: return .known
        case .warning, .warningClosed: throw .notAllowed
        }
    }
}
