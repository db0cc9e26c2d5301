import Money
package import Time

/// Why a payment does not take an event; nothing is booked then.
package enum EventRefusal: Error, Equatable, Sendable {
    /// The payment's state does not allow it.
    case notAllowed
    /// An operation is running that decides first.
    case operationInProgress
    /// The amount is more than there is, or in another currency.
    case amountMismatch
    case tooManyDisputes
    /// There is no such refund or dispute.
    case notFound
}

/// The effect of an event.
package enum EventDecision: Sendable, Equatable {
    /// This happens.
    case fact(PaymentFact)
    /// It is known already.
    case known
    /// It ends the operation that is running on the payment, or on its refund, as the PSP's answer
    /// would.
    case outcome(ProviderOutcome)
}

/// What the decision about an event needs beside the payment.
package struct EventContext: Sendable {
    /// The dispute that the event is about; nil for one that is not known yet.
    package var dispute: Dispute?
    /// The refund that the event is about.
    package var refund: Refund?
    /// Whether the operation that makes that refund is running, or its outcome is not known.
    package var isRefundRunning = false
    package var now: Timestamp
    /// The fee of a chargeback where the event does not say.
    package var disputeFeeMinor: Int64 = 0
    /// Whether a warning sets the disputed amount aside.
    package var reservesOnWarning = false
    /// How long a late authorization lasts, in milliseconds.
    package var authorizationLifetime: Int64
    /// What suspense owes, in the event's currency; negative where it is owed.
    package var suspenseMinor: Int64 = 0
    /// What the merchant's available balance is, in the event's currency.
    package var availableMinor: Int64 = 0
    /// The amount of the operation that is running, other than a refund.
    package var runningMinor: Int64 = 0
    /// A call that executes the operation that the event is about is under way, so that its answer
    /// is awaited.
    package var isSent = false
    /// The authorization that runs is behind the fraud hook: nothing of it was sent.
    package var isHeldBack = false

    package init(now: Timestamp, authorizationLifetime: Int64) {
        self.now = now
        self.authorizationLifetime = authorizationLifetime
    }
}

// The transitions of docs/payments.md for events that no operation of the gateway asked for. Every
// pair of state and event that is not here is refused.
extension Payment {
    /// The most disputes of one payment: they are found by walking from the newest.
    package static let maximumDisputes: UInt16 = 16

    /// Decides the effect of an event now. Changes nothing.
    package func decide(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        // No provider has a part in payments by wallet or cash.
        guard traits.isDisjoint(with: [.wallet, .cash]) else { throw .notAllowed }
        // A payment that was never sent cannot have been authorized. Such an event would bypass the
        // fraud hook, as in a review.
        guard !context.isHeldBack || !event.type.isOfWhatWasSent else { throw .notAllowed }
        return switch event.type {
        case .settlementMatched: try decideSettlement(event)
        case .authorizationSucceeded: try decideAuthorized(event, context)
        case .authorizationFailed: try decideNotAuthorized(event, context)
        case .authorizationExpired: try decideExpired()
        case .captureSucceeded: try decideCaptured(event, context)
        case .captureFailed: try decideCaptureFailed(event, context)
        case .cancelSucceeded: try decideCancelled(event, context)
        case .cancelFailed: try decideNotCancelled(event, context)
        case .incrementSucceeded: try decideIncremented(event)
        case .incrementFailed: try decideNotIncremented(event, context)
        case .conflictResolved: try decideResolved(context)
        case .refundSucceeded, .refundFailed: try decideRefund(event, context)
        case .disputeWarning, .disputeWarningClosed, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost,
            .disputeEvidence, .disputeAccepted, .disputeOverdue:
            try decideDispute(event, context)
        case .moneyUnexplained:
            .fact(
                PaymentFact(
                    .unexplained,
                    amountMinor: event.isTaken ? -amount(event) : amount(event),
                    in: currency(event)
                )
            )
        case .moneyReclassified: try decideReclassified(event, context)
        case .balanceWrittenOff: try decideWrittenOff(event, context)
        }
    }

    func currency(_ event: ProviderEvent) -> Currency { event.currency ?? currency }

    /// - Precondition: the type needs an amount, or there is one.
    func amount(_ event: ProviderEvent) -> Int64 {
        guard let amount = event.amountMinor, amount > 0 else {
            preconditionFailure("the edge refuses an event without the amount that it needs")
        }
        return amount
    }

    // MARK: Settlement and money

    private func decideSettlement(_ event: ProviderEvent) throws(EventRefusal) -> EventDecision {
        let fits = currency(event) == currency && amount(event) <= capturedMinor - settledMinor
        if !fits, running != nil { throw .operationInProgress }
        guard capturedMinor > 0, phase == .captured || phase == .partiallyCaptured else { throw .notAllowed }
        let fee = event.feeMinor ?? 0
        guard fits, fee <= amount(event) else { throw .amountMismatch }
        var fact = PaymentFact(.settled, amountMinor: amount(event), in: currency)
        fact.feeMinor = fee
        fact.isFeeBounded = true
        return .fact(fact)
    }

    private func decideReclassified(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        let waiting = event.isTaken ? -context.suspenseMinor : context.suspenseMinor
        guard amount(event) <= waiting else { throw .amountMismatch }
        var fact = PaymentFact(
            .reclassified,
            amountMinor: event.isTaken ? -amount(event) : amount(event),
            in: currency(event)
        )
        fact.target = event.target
        return .fact(fact)
    }

    private func decideWrittenOff(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        guard context.availableMinor < 0 else { throw .notAllowed }
        guard amount(event) <= -context.availableMinor else { throw .amountMismatch }
        return .fact(PaymentFact(.writtenOff, amountMinor: amount(event), in: currency(event)))
    }

    // MARK: Authorization

    private func success(_ event: ProviderEvent) -> ProviderOutcome {
        .succeeded(
            ProviderSuccess(
                providerReference: event.reference,
                amountMinor: amount(event),
                currency: currency(event)
            )
        )
    }

    /// While the operation's own call is under way, its answer decides, and it comes soon. If the
    /// event ended the operation and the answer were a success, money would move unseen.
    private func failure(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard !context.isSent else { throw .operationInProgress }
        let code = Self.providerCode(event.reason)
        return .outcome(.declined(Decline(category: .hard, code: .genericDecline, providerCode: code)))
    }

    /// A decline keeps 64 bytes of what the PSP says.
    private static func providerCode(_ reason: String) -> String { String(reason.prefix(64)) }

    private var isAuthorizing: Bool { running == .authorize || running == .confirm }

    private func decideAuthorized(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        if isAuthorizing { return .outcome(success(event)) }
        switch phase {
        case .authorized, .partiallyCaptured, .captured: return .known
        case .requiresAction:
            // The operation that captures, `confirm`, follows the plan for sellers.
            guard running == nil, !traits.contains(.split) else { throw .operationInProgress }
            return authorization(.authorized, by: event, in: context)
        case .voided, .expired, .failed:
            // If the authorization was known, the event is late and changes nothing.
            return authorizedMinor > 0 ? .known : authorization(.authorizedLate, by: event, in: context)
        case .created, .review, .conflicted: throw .notAllowed
        }
    }

    /// An authorization (or a sale's capture) that no answer reported. In conflict when it is not
    /// for what was asked.
    private func authorization(
        _ effect: PaymentEffect,
        by event: ProviderEvent,
        in context: EventContext
    ) -> EventDecision {
        let isPartial = amount(event) < amountMinor
        let takesPart =
            !capturesAutomatically || flags.contains(.acceptsPartialAuthorization) || effect == .authorizedLate
        guard currency(event) == currency, amount(event) <= amountMinor, !isPartial || takesPart else {
            return conflict(event, moved: capturesAutomatically)
        }
        var fact = PaymentFact(effect, amountMinor: amount(event), in: currency)
        fact.deadline = capturesAutomatically ? .none : context.now.adding(milliseconds: context.authorizationLifetime)
        return .fact(fact)
    }

    private func conflict(_ event: ProviderEvent, moved: Bool) -> EventDecision {
        .fact(PaymentFact(.conflicted, amountMinor: moved ? amount(event) : 0, in: currency(event)))
    }

    private func decideNotAuthorized(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        if isAuthorizing { return try failure(event, context) }
        guard running == nil else { throw .operationInProgress }
        switch phase {
        case .requiresAction: return .fact(PaymentFact(.authorizationFailed, amountMinor: 0, in: currency))
        case .failed, .voided, .expired: return .known
        case .created, .review, .authorized, .partiallyCaptured, .captured, .conflicted: throw .notAllowed
        }
    }

    private func decideExpired() throws(EventRefusal) -> EventDecision {
        guard running == nil else { throw .operationInProgress }
        switch phase {
        case .authorized, .partiallyCaptured:
            return .fact(PaymentFact(.authorizationExpired, amountMinor: 0, in: currency))
        case .expired: return .known
        case .created, .requiresAction, .review, .captured, .voided, .failed, .conflicted: throw .notAllowed
        }
    }

    // MARK: Capture

    private func decideCaptured(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        guard (event.capture ?? 1) <= max(1, captureCount) else { throw .notAllowed }
        switch running {
        case .capture where isAboutRunningCapture(event): return .outcome(success(event))
        // An earlier capture has ended before this one began.
        case .capture where event.capture != nil: return .known
        case .authorize where capturesAutomatically, .confirm where capturesAutomatically:
            return .outcome(success(event))
        case .cancel where isOpen && currency(event) == currency && amount(event) == capturableMinor:
            let decline = Decline(category: .hard, code: .alreadyCaptured, providerCode: "")
            return .outcome(.declined(decline))
        case .some: throw .operationInProgress
        case nil: break
        }
        switch phase {
        case .captured, .partiallyCaptured: return .known
        case .requiresAction where capturesAutomatically:
            // `confirm` follows the plan, as for an authorization.
            guard !traits.contains(.split) else { throw .operationInProgress }
            return authorization(.authorized, by: event, in: context)
        case .voided, .expired, .failed:
            // The event reports the capture that failed later: it is known.
            if failure == .captureFailed { return .known }
            guard currency(event) == currency, amount(event) <= amountMinor else { return conflict(event, moved: true) }
            return .fact(PaymentFact(.capturedLate, amountMinor: amount(event), in: currency))
        case .created, .requiresAction, .review, .authorized, .conflicted: throw .notAllowed
        }
    }

    private func decideCaptureFailed(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        guard (event.capture ?? 1) <= max(1, captureCount) else { throw .notAllowed }
        switch running {
        case .capture where isAboutRunningCapture(event): return try failure(event, context)
        case .authorize where capturesAutomatically, .confirm where capturesAutomatically:
            return try failure(event, context)
        case .some: throw .operationInProgress
        case nil: break
        }
        switch phase {
        case .captured, .partiallyCaptured:
            // An operator must recover money that went on to sellers and wallets.
            guard refundableMinor > 0, traits.isDisjoint(with: [.split, .topUp]) else { throw .notAllowed }
            let amount = event.amountMinor ?? refundableMinor
            guard currency(event) == currency, amount <= refundableMinor else { throw .amountMismatch }
            return .fact(PaymentFact(.captureReversed, amountMinor: amount, in: currency))
        case .failed where failure == .captureFailed: return .known
        case .failed, .created, .requiresAction, .review, .authorized, .voided, .expired, .conflicted: throw .notAllowed
        }
    }

    /// Whether an event is about the capture that runs. Where there were several, it must say which
    /// one it is about; else the gateway asks the PSP about the one that runs.
    private func isAboutRunningCapture(_ event: ProviderEvent) -> Bool {
        event.capture.map { $0 == captureCount } ?? (captureCount == 1)
    }

    // MARK: Cancel, increment, conflict

    private func decideNotCancelled(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        if running == .cancel { return try failure(event, context) }
        guard running == nil else { throw .operationInProgress }
        // It is known that the authorization stayed open. The event contradicts one that was voided
        // after all.
        guard isOpen || phase == .requiresAction || phase == .captured, cancelCount > 0 else { throw .notAllowed }
        return .known
    }

    /// An increment's amount is the total that is held.
    private func decideIncremented(_ event: ProviderEvent) throws(EventRefusal) -> EventDecision {
        if running == .increment { return .outcome(success(event)) }
        guard currency(event) == currency else { throw .amountMismatch }
        guard running == nil || amount(event) <= authorizedMinor else { throw .operationInProgress }
        guard incrementCount > 0 else { throw .notAllowed }
        if amount(event) <= authorizedMinor { return .known }
        guard phase == .authorized, failure == nil else { throw .notAllowed }
        guard amount(event) <= Self.maximumAmountMinor else { throw .amountMismatch }
        return .fact(PaymentFact(.incremented, amountMinor: amount(event), in: currency))
    }

    private func decideNotIncremented(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        if running == .increment { return try failure(event, context) }
        guard running == nil else { throw .operationInProgress }
        guard incrementCount > 0 else { throw .notAllowed }
        return .known
    }

    private func decideResolved(_ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard running == nil else { throw .operationInProgress }
        guard phase == .conflicted else {
            guard failure == .reversal(.conflict) else { throw .notAllowed }
            return .known
        }
        var fact = PaymentFact(.conflictResolved, amountMinor: 0, in: currency)
        fact.deadline = context.now.adding(milliseconds: context.authorizationLifetime)
        return .fact(fact)
    }

    private func decideCancelled(
        _ event: ProviderEvent,
        _ context: EventContext
    ) throws(EventRefusal) -> EventDecision {
        switch running {
        case .cancel:
            return .outcome(
                .succeeded(
                    ProviderSuccess(
                        providerReference: event.reference,
                        amountMinor: context.runningMinor,
                        currency: currency
                    )
                )
            )
        case .some: throw .operationInProgress
        case nil: break
        }
        guard phase == .voided else { throw .notAllowed }
        return .known
    }

    // MARK: Refunds

    private func decideRefund(_ event: ProviderEvent, _ context: EventContext) throws(EventRefusal) -> EventDecision {
        guard let refund = context.refund else { throw .notFound }
        guard currency(event) == currency, event.amountMinor ?? refund.amountMinor == refund.amountMinor else {
            throw .amountMismatch
        }
        switch (refund.status, event.type) {
        // The PSP executed another amount, which is in suspense. An operator decides the refund's
        // outcome.
        case (.pending, .refundSucceeded) where refund.isConflicted:
            return .fact(PaymentFact(.refundConfirmed, amountMinor: refund.amountMinor, in: currency))
        case (.pending, _) where refund.isConflicted:
            return .fact(PaymentFact(.refundReversed, amountMinor: refund.amountMinor, in: currency))
        case (.pending, _) where !context.isRefundRunning: throw .notAllowed
        case (.pending, .refundSucceeded):
            return .outcome(
                .succeeded(
                    ProviderSuccess(
                        providerReference: event.reference,
                        amountMinor: refund.amountMinor,
                        currency: currency
                    )
                )
            )
        case (.pending, _): return try failure(event, context)
        case (.succeeded, .refundSucceeded), (.failed, .refundFailed): return .known
        case (.succeeded, _): return .fact(PaymentFact(.refundBounced, amountMinor: refund.amountMinor, in: currency))
        case (.failed, _): throw .notAllowed
        }
    }
}
