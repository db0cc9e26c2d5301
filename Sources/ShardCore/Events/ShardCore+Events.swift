import Ledger
import Money
import Payments
import ShardRecords
import ShardState
import Time

// Events: what providers, settlement lines and operators report about payments (docs/payments.md).
// Each is applied once, under the key of its provider and its identifier. An event that the
// payment's state does not take is refused. Nothing is kept of it, so that it may be reported
// again.
extension ShardCore {
    /// An operator posts what was reported.
    mutating func handle(_ event: ProviderEvent, _ admitted: AdmittedCommand, in turn: inout Turn) {
        let caller = admitted.caller
        guard let index = find(event.payment, for: caller) else { return refuse(caller, .notFound, in: &turn) }
        guard keys.hasRoom(for: payments[index].merchant, in: .events) else {
            return refuse(caller, .eventTableFull, in: &turn)
        }
        let earlier: EndedAttempt?
        switch reporter(of: event, index) {
        case .success(let found): earlier = found
        case .failure(let refused):
            statistics.eventsRefused += 1
            return refuse(caller, refused.refusal, in: &turn)
        }
        let dispute = event.type.isDispute ? payments.dispute(of: index, reference: event.reference) : nil
        let refund = event.type.isRefund ? refundIndex(of: event, payment: index) : nil
        let context = context(event, index, dispute: dispute, refund: refund, of: earlier?.connector, at: turn.now)
        let decision: EventDecision
        do throws(EventRefusal) {
            if isRemembered(admitted.key, payment: index) {
                decision = .known
            } else if let earlier {
                decision = try payments[index].decide(event, ofEarlier: earlier, context)
            } else {
                decision = try payments[index].decide(event, context)
            }
        } catch {
            return refuse(event, for: error, of: index, dispute: dispute, refund: refund, to: caller, in: &turn)
        }
        if event.type == .disputeWarning || event.type == .disputeOpened, dispute == nil, isOutOfDisputeNumbers {
            return refuse(caller, .paymentTableFull, in: &turn)
        }
        var record = EventApplied(
            payment: event.payment,
            type: event.type,
            fact: PaymentFact(.none, amountMinor: 0, in: payments[index].currency),
            refund: refund.map { payments[$0].id.ordinal } ?? 0,
            provider: event.provider,
            eventID: event.id,
            reference: event.reference,
            reason: event.reason,
            key: admitted.key,
            transfers: Transfers(),
            time: turn.now
        )
        switch decision {
        case .known: break
        case .outcome(let outcome): record.ended = end(outcome, index, refund: refund, in: &turn)
        case .fact(let fact): record.fact = fact
        }
        write(&record, index, dispute: dispute, answering: caller, in: &turn)
    }

    /// The refund that an event is about: by its identifier, or by the provider's reference.
    private func refundIndex(of event: ProviderEvent, payment index: Index<Payment>) -> Index<Refund>? {
        if let id = event.refund { return payments.refund(of: index) { payments[$0].id == id } }
        guard !event.reference.isEmpty else { return nil }
        return payments.refund(of: index) { payments.providerReference(of: $0) == event.reference }
    }

    /// An event is taken from the payment's own connector. An event of another one would book money
    /// at the wrong connector. There is one exception. A connector that tried before, and refused,
    /// may report a success: it moved money that no operation explains.
    /// - Returns: the attempt of an earlier connector; nil for the payment's own.
    private func reporter(of event: ProviderEvent, _ index: Index<Payment>) -> Result<EndedAttempt?, EventRefused> {
        guard let connector = configuration.connectors.id(named: event.provider) else {
            return .failure(EventRefused(refusal: .connectorUnknown))
        }
        if connector == payments[index].connector { return .success(nil) }
        guard Payment.takesOfEarlierConnector(event.type),
            let attempt = endedAttempts(of: index).first(where: { $0.connector == connector })
        else { return .failure(EventRefused(refusal: .connectorMismatch)) }
        return .success(attempt)
    }

    /// Disputes are linked in 32 bits. Their number in memory has no limit of its own. Only events
    /// open them, and a payment has at most `Payment.maximumDisputes`. So the limit of payments
    /// bounds them.
    private var isOutOfDisputeNumbers: Bool { payments.disputeCount >= OptionalIndex<Dispute>.maximumCount }

    func context(
        _ event: ProviderEvent,
        _ index: Index<Payment>,
        dispute: Index<Dispute>?,
        refund: Index<Refund>?,
        of earlier: ConnectorID? = nil,
        at now: Timestamp
    ) -> EventContext {
        let payment = payments[index]
        let currency = event.currency ?? payment.currency
        var context = EventContext(
            now: now,
            authorizationLifetime: configuration.connectors[payment.connector].capabilities.authorizationLifetime
        )
        context.dispute = dispute.map { self.payments[$0] }
        context.refund = refund.map { payments[$0] }
        let disputes = configuration.connectors[payment.connector].disputes
        context.disputeFeeMinor = disputes.fees[currency] ?? 0
        context.reservesOnWarning = disputes.reservesOnWarning
        let holder = earlier ?? payment.connector
        let suspense = Account(.suspense, owner: UInt64(holder.rawValue), currency: currency)
        context.suspenseMinor = ledger.owed(suspense)
        context.availableMinor = availableMinor(payment.merchant, currency)
        switch operationPlace(payment: index, refund: nil) {
        case .none: break
        case .calling(let slot):
            context.runningMinor = operations[slot].amountMinor
            context.isHeldBack = operations[slot].hold != .none
        case .waiting(let slot): context.runningMinor = waiting[slot].amountMinor
        }
        let refundPlace = refund.map { payments.operation(of: $0) } ?? .none
        context.isRefundRunning = refundPlace != .none
        let place = event.type.isRefund ? refundPlace : payments.operation(of: index)
        if case .calling(let slot) = place { context.isSent = operations[slot].step == .executing }
        return context
    }

    private func availableMinor(_ merchant: MerchantID, _ currency: Currency) -> Int64 {
        ledger.owed(Account(.merchantAvailable, owner: merchant.rawValue, currency: currency))
    }

    /// The operation ends by an event that reports the PSP's outcome.
    /// - Returns: the operation that it ended.
    private mutating func end(
        _ outcome: ProviderOutcome,
        _ index: Index<Payment>,
        refund: Index<Refund>?,
        in turn: inout Turn
    ) -> ProviderOperation {
        let slot = callSlot(of: operationPlace(payment: index, refund: refund))
        let operation = operations[slot].operation
        // A call about it may be under way. Its answer then comes too late, and finds the operation
        // gone.
        operations[slot].step = .querying
        end(outcome, of: operations.token(slot), in: &turn)
        return operation
    }

    /// Applies the record and journals it with its answer.
    mutating func write(
        _ record: inout EventApplied,
        _ index: Index<Payment>,
        dispute: Index<Dispute>?,
        answering caller: Caller,
        in turn: inout Turn
    ) {
        record.previous = payments.lastRecord(of: index)
        if record.fact.effect.isDispute {
            record.dispute = dispute.map { payments[$0].id.ordinal } ?? payments[index].disputeCount + 1
        }
        record.transfers = Postings.of(
            record.fact,
            on: payments[index],
            dispute: dispute.map { payments[$0] },
            rail: rail(of: payments[index])
        )
        // Sellers' parts follow: a second transfer of the same record.
        if record.fact.effect == .settled {
            if let sellers = sellersSettled(payments[index], amountMinor: record.fact.amountMinor) {
                record.transfers = Transfers(record.transfers.first, sellers)
            }
        }
        applyEvent(record, at: nextPosition)
        count(record)
        let answer = eventAnswer(record, index)
        record.responseStatus = answer.status
        record.response = answer.body
        persist(.eventApplied(record), in: &turn)
        respond(answer, to: caller, in: &turn)
    }

    private mutating func count(_ record: EventApplied) {
        switch record.fact.effect {
        case .none where record.ended == nil: statistics.eventsKnown += 1
        case .authorizedLate, .capturedLate: statistics.lateSuccesses += 1
        case .conflicted: statistics.conflicted += 1
        case .unexplained where record.fact.amountMinor == 0: break
        case .unexplained: statistics.unexplained += 1
        case .none, .settled, .refundBounced, .captureReversed, .authorizationExpired, .authorized,
            .authorizationFailed, .disputeWarned, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost,
            .disputeLostAfterAll, .disputeWarningClosed, .disputeOverdue, .disputeWonAfterAll, .refundConfirmed,
            .refundReversed, .reclassified, .writtenOff, .conflictResolved, .incremented:
            break
        }
        if record.fact.isDoubleExecution(record.type) { statistics.doubleExecutions += 1 }
        statistics.eventsApplied += 1
    }

    private func eventAnswer(_ record: EventApplied, _ index: Index<Payment>) -> Answer {
        var body = makeBody()
        let payment = payments[index]
        switch record.type {
        case .disputeEvidence, .disputeAccepted:
            guard let dispute = disputeIndex(payment: index, ordinal: record.dispute) else {
                preconditionFailure("its record has just been applied")
            }
            renderer.renderDispute(view(dispute, payment), into: &body)
        case .settlementMatched, .authorizationSucceeded, .authorizationFailed, .authorizationExpired,
            .captureSucceeded, .captureFailed, .cancelSucceeded, .refundSucceeded, .refundFailed, .disputeWarning,
            .disputeWarningClosed, .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost, .disputeOverdue,
            .moneyUnexplained, .moneyReclassified, .balanceWrittenOff, .conflictResolved, .incrementSucceeded,
            .incrementFailed, .cancelFailed:
            let dispute = disputeIndex(payment: index, ordinal: record.dispute)
            let view = EventView(
                type: record.type,
                effect: record.fact.effect,
                provider: record.provider,
                id: record.eventID,
                payment: record.payment,
                status: payment.status,
                amountMinor: record.fact.amountMinor,
                currency: record.fact.currency,
                dispute: dispute.map { payments[$0].id },
                ended: record.ended,
                merchantOwes: availableMinor(payment.merchant, record.fact.currency) < 0,
                appliedAt: record.time
            )
            renderer.renderEvent(view, into: &body)
        }
        return Answer(status: 200, body: body)
    }

    // MARK: Refusals

    private mutating func refuse(
        _ event: ProviderEvent,
        for reason: EventRefusal,
        of index: Index<Payment>,
        dispute: Index<Dispute>?,
        refund: Index<Refund>?,
        to caller: Caller,
        in turn: inout Turn
    ) {
        statistics.eventsRefused += 1
        switch reason {
        case .notFound: refuse(caller, .notFound, in: &turn)
        case .amountMismatch: refuse(caller, .eventAmountMismatch, showing: index, in: &turn)
        case .tooManyDisputes: refuse(caller, .tooManyDisputes, in: &turn)
        case .operationInProgress:
            // The PSP is asked now for the outcome of the operation, before its next resolution is
            // due (docs/payments.md, "Unknown outcomes").
            wake(index, in: &turn)
            refuse(caller, .operationInProgress, showing: index, in: &turn)
        case .notAllowed:
            let allowed = allowedEvents(event, index, dispute: dispute, refund: refund, at: turn.now)
            refuse(caller, .eventNotAllowed, showing: index, allowedEvents: allowed, in: &turn)
        }
    }

    private mutating func wake(_ index: Index<Payment>, in turn: inout Turn) {
        switch operationPlace(payment: index, refund: nil) {
        case .none: break
        case .waiting(let slot): resolveNow(slot, in: &turn)
        case .calling(let slot):
            guard operations[slot].step == .waiting, operations[slot].isUncertain else { return }
            operationDue(operations.token(slot), in: &turn)
        }
    }

    /// The types of events that the payment would take now, by bits of their raw values. They are
    /// about the same dispute and refund. They are in the payment's own currency, whatever the
    /// refused event was in.
    private func allowedEvents(
        _ event: ProviderEvent,
        _ index: Index<Payment>,
        dispute: Index<Dispute>?,
        refund: Index<Refund>?,
        at now: Timestamp
    ) -> UInt32 {
        var allowed: UInt32 = 0
        for type in PaymentEventType.allCases where type.isPosted {
            var other = ProviderEvent(type: type, payment: event.payment, id: "", provider: "")
            other.amountMinor = type.needsAmount ? 1 : nil
            let context = context(other, index, dispute: dispute, refund: refund, at: now)
            do throws(EventRefusal) {
                if try payments[index].decide(other, context) != .known { allowed |= 1 << UInt32(type.rawValue) }
            } catch {
                continue
            }
        }
        return allowed
    }
}

/// Why an event is not taken, whatever the payment's state.
private struct EventRefused: Error {
    var refusal: Refusal
}
