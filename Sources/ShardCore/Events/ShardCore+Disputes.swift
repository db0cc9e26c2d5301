import Journal
import Payments
import ShardRecords
import ShardState
import Time

// Disputes: the merchants' responses, and the effect of deadlines.
extension ShardCore {
    /// The payment's dispute with this number; 0 names none.
    func disputeIndex(payment: Index<Payment>, ordinal: UInt16) -> Index<Dispute>? {
        ordinal == 0 ? nil : payments.dispute(of: payment) { payments[$0].id.ordinal == ordinal }
    }

    /// The dispute of a payment in memory that `id` names, if the caller may know of it.
    func find(_ id: DisputeID, for caller: Caller) -> Index<Dispute>? {
        guard let payment = index(of: PaymentNumber(id)), payments[payment].merchant == caller.merchant else {
            return nil
        }
        return payments.dispute(of: payment) { payments[$0].id == id }
    }

    func view(_ index: Index<Dispute>, _ payment: Payment) -> DisputeView {
        let dispute = payments[index]
        let evidence = payments.evidence(of: index)
        let parts = evidence.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return DisputeView(
            id: dispute.id,
            payment: dispute.payment,
            status: dispute.status,
            amountMinor: dispute.amountMinor,
            feeMinor: dispute.feeMinor,
            reservedMinor: dispute.reservedMinor,
            currency: payment.currency,
            chargebacks: dispute.chargebacks,
            isChargeRefundable: dispute.isChargeRefundable,
            providerReference: payments.providerReference(of: index),
            reason: payments.reason(of: index),
            evidenceReference: evidence.isEmpty ? nil : String(parts[0]),
            evidenceText: parts.count > 1 ? String(parts[1]) : "",
            evidenceDueAt: dispute.evidenceDueAt,
            createdAt: dispute.id.createdAt,
            updatedAt: dispute.updatedAt
        )
    }

    /// A payment's disputes, oldest first, for audits.
    /// - Parameter sequence: the payment's number, from 1.
    /// - Returns: nil where the payment is not in memory.
    package func disputes(ofPayment sequence: UInt64) -> [DisputeView]? {
        let index = Index<Payment>(sequence: sequence)
        guard payments.contains(index) else { return nil }
        return payments.disputes(of: index).reversed().map { view($0, payments[index]) }
    }

    /// The merchant sends evidence, or gives the dispute up.
    mutating func respond(
        _ response: DisputeResponse,
        to id: DisputeID,
        _ admitted: AdmittedCommand,
        in turn: inout Turn
    ) {
        guard let dispute = find(id, for: admitted.caller) else {
            return refuse(admitted.caller, .notFound, in: &turn)
        }
        let type: PaymentEventType
        let evidence: String
        switch response {
        case .evidence(let text): (type, evidence) = (.disputeEvidence, text)
        case .accept: (type, evidence) = (.disputeAccepted, "")
        }
        let index = Index<Payment>(sequence: id.paymentSequence)
        let event = ProviderEvent(type: type, payment: payments[index].id, id: "", provider: "")
        let context = context(event, index, dispute: dispute, refund: nil, at: turn.now)
        let decision: EventDecision
        do throws(EventRefusal) {
            decision = try payments[index].decide(event, context)
        } catch {
            return refuse(admitted.caller, showing: dispute, of: index, in: &turn)
        }
        guard case .fact(let fact) = decision else { preconditionFailure("a merchant tells no outcome") }
        var record = EventApplied(
            payment: event.payment,
            type: type,
            fact: fact,
            evidence: evidence,
            key: admitted.key,
            transfers: Transfers(),
            time: turn.now
        )
        write(&record, index, dispute: dispute, answering: admitted.caller, in: &turn)
    }

    /// The dispute does not allow the response.
    private mutating func refuse(
        _ caller: Caller,
        showing dispute: Index<Dispute>,
        of index: Index<Payment>,
        in turn: inout Turn
    ) {
        statistics.refusals += 1
        var body = makeBody()
        let refusal = Refusal.disputeUnexpectedState
        renderer.renderDisputeRefused(
            refusal,
            view(dispute, payments[index]),
            requestID: caller.requestID,
            into: &body
        )
        let response = Response(
            reply: caller.reply,
            requestID: caller.requestID,
            status: refusal.httpStatus,
            isReplay: false,
            retryAfterSeconds: refusal.retryAfterSeconds,
            body: body
        )
        turn.release(.respond(response), restingOn: payments.lastRecord(of: dispute))
    }

    // MARK: Time

    /// When the first of the payment's disputes is lost for lack of evidence; nil for never.
    func evidenceDueAt(_ index: Index<Payment>) -> Timestamp? {
        guard payments[index].disputedMinor > 0 else { return nil }
        var first: Timestamp?
        for dispute in payments.disputes(of: index) {
            guard payments[dispute].status == .open, payments[dispute].evidenceDueAt != .none else { continue }
            first = min(first ?? .latest, payments[dispute].evidenceDueAt)
        }
        return first
    }

    /// Ends the disputes of the payment whose time for evidence has passed.
    mutating func endOverdueDisputes(_ index: Index<Payment>, in turn: inout Turn) {
        let now = turn.now
        while let dispute = payments.dispute(
            of: index,
            where: {
                let dispute = payments[$0]
                return dispute.status == .open && dispute.evidenceDueAt != .none && dispute.evidenceDueAt < now
            }
        ) {
            let fact = PaymentFact(
                .disputeOverdue,
                amountMinor: payments[dispute].amountMinor,
                in: payments[index].currency
            )
            let record = EventApplied(
                payment: payments[index].id,
                type: .disputeOverdue,
                fact: fact,
                dispute: payments[dispute].id.ordinal,
                transfers: Transfers(),
                previous: payments.lastRecord(of: index),
                time: turn.now
            )
            applyEvent(record, at: nextPosition)
            persist(.eventApplied(record), in: &turn)
            statistics.disputesOverdue += 1
        }
    }

    // MARK: Records

    mutating func applyEvent(_ record: EventApplied, at position: RecordPosition) {
        let index = existingPayment(record.payment)
        book(record.transfers, of: index, at: position)
        payments.recorded(index, at: position)
        if record.fact.effect.isDispute { applyToDispute(record, payment: index, at: position) }
        applyToRefund(record, payment: index, at: position)
        payments[index].apply(record.fact, at: record.time)
        if record.fact.effect.isDispute {
            payments[index].disputesChanged(areRefundable: areOpenDisputesRefundable(payment: index))
        }
        if record.fact.effect == .settled { applySellersSettled(record.fact.amountMinor, payment: index) }
        keepUnsettled(index)
        keepReference(record, payment: index)
        if record.fact.isDoubleExecution(record.type) { noteReported(record, payment: index) }
        awaitDeadline(index, at: record.time)
        guard let key = record.key else { return }
        if !record.eventID.isEmpty { remember(key, payment: index) }
        keys.completeAtOnce(
            key,
            in: record.type.keyTable,
            of: payments[index].merchant,
            record: position,
            at: record.time
        )
    }

    // The table of keys forgets after a day or a month. But an event that was applied to a payment
    // must never be applied to it again.

    func isRemembered(_ key: RequestKey, payment index: Index<Payment>) -> Bool {
        payments.hasApplied(key.digest.low, to: index)
    }

    private mutating func remember(_ key: RequestKey, payment index: Index<Payment>) {
        guard !isRemembered(key, payment: index) else { return }
        payments.noteApplied(key.digest.low, to: index)
    }

    private mutating func applyToRefund(
        _ record: EventApplied,
        payment index: Index<Payment>,
        at position: RecordPosition
    ) {
        let effect = record.fact.effect
        guard effect == .refundBounced || effect == .refundConfirmed || effect == .refundReversed else { return }
        guard let refund = payments.refund(of: index, where: { payments[$0].id.ordinal == record.refund }) else {
            preconditionFailure("the refund of an event is not in the journal")
        }
        if effect == .refundBounced {
            payments[refund].bounced(at: record.time)
        } else {
            payments[refund].decided(succeeded: effect == .refundConfirmed, at: record.time)
        }
        payments.recorded(refund, at: position)
    }

    private mutating func applyToDispute(
        _ record: EventApplied,
        payment index: Index<Payment>,
        at position: RecordPosition
    ) {
        let dispute = disputeIndex(payment: index, ordinal: record.dispute) ?? openDispute(record, payment: index)
        payments[dispute].apply(record.fact, at: record.time)
        payments.recorded(dispute, at: position)
        if !record.reason.isEmpty { payments.setReason(record.reason, of: dispute) }
        if !record.evidence.isEmpty { payments.setEvidence(record.evidence, of: dispute) }
    }

    /// Whether there are open disputes, and the provider permits refunds during each of them.
    private func areOpenDisputesRefundable(payment: Index<Payment>) -> Bool {
        guard payments[payment].disputedMinor > 0 else { return false }
        return payments.dispute(of: payment) {
            payments[$0].status.isOpen && !payments[$0].isChargeRefundable
        } == nil
    }

    private mutating func openDispute(_ record: EventApplied, payment index: Index<Payment>) -> Index<Dispute> {
        precondition(record.dispute == payments[index].disputeCount + 1, "disputes are numbered without gaps")
        let id = DisputeID(
            createdAt: max(.none, record.time),
            shard: configuration.shard,
            paymentSequence: record.payment.sequence,
            ordinal: record.dispute
        )
        let dispute = Dispute(
            id: id,
            payment: record.payment,
            amountMinor: record.fact.amountMinor,
            at: record.time
        )
        return payments.append(dispute, to: index, providerReference: record.reference)
    }

    /// An authorization that an event reported needs the PSP's reference for everything after it.
    private mutating func keepReference(_ record: EventApplied, payment index: Index<Payment>) {
        switch record.fact.effect {
        case .authorized, .authorizedLate, .capturedLate:
            if !record.reference.isEmpty { payments.setProviderReference(record.reference, of: index) }
            payments.setNextAction(Span(), of: index)
        case .authorizationFailed:
            payments.setDeclineProviderCode(String(record.reason.prefix(64)), of: index)
            payments.setNextAction(Span(), of: index)
        case .conflicted: payments.setNextAction(Span(), of: index)
        case .none, .settled, .refundBounced, .captureReversed, .authorizationExpired, .disputeWarned, .disputeOpened,
            .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll, .disputeWarningClosed, .unexplained,
            .disputeOverdue, .disputeWonAfterAll, .refundConfirmed, .refundReversed, .reclassified, .writtenOff,
            .conflictResolved, .incremented:
            break
        }
    }
}

extension PaymentEventType {
    /// The table that remembers the key of an event: what a merchant does about a dispute is a
    /// request.
    var keyTable: KeyStore.Table { isPosted ? .events : .requests }
}
