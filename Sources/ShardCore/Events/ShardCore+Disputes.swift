import Journal
import Payments
import ShardRecords
import ShardState

// Disputes: what merchants do about them, and what time does.
extension ShardCore {
    /// Walks a payment's disputes from the newest to the oldest.
    func disputeIndex(payment: Int, where matches: (Dispute) -> Bool) -> Int? {
        var next = payments[payment].newestDispute
        while next != 0 {
            let dispute = Int(next) - 1
            if matches(disputes[dispute]) { return dispute }
            next = disputes[dispute].older
        }
        return nil
    }

    /// The dispute that the provider knows by this reference.
    func disputeIndex(payment: Int, reference: String) -> Int? {
        let wanted = Array(reference.utf8)
        return disputeIndex(payment: payment) { dispute in
            arena.withBytes(dispute.providerReference) { bytes in
                guard bytes.count == wanted.count else { return false }
                for index in wanted.indices where bytes[index] != wanted[index] { return false }
                return true
            }
        }
    }

    func disputeIndex(payment: Int, ordinal: UInt16) -> Int? {
        ordinal == 0 ? nil : disputeIndex(payment: payment) { $0.id.ordinal == ordinal }
    }

    /// The dispute of a payment in memory that `id` names, if the caller may know of it.
    func find(_ id: DisputeID, for caller: Caller) -> Int? {
        guard let payment = index(of: PaymentNumber(id)), payments[payment].merchant == caller.merchant else {
            return nil
        }
        return disputeIndex(payment: payment) { $0.id == id }
    }

    func view(_ dispute: Dispute, _ payment: Payment) -> DisputeView {
        let evidence = arena.string(dispute.evidence)
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
            providerReference: arena.string(dispute.providerReference),
            reason: arena.string(dispute.reason),
            evidenceReference: evidence.isEmpty ? nil : String(parts[0]),
            evidenceText: parts.count > 1 ? String(parts[1]) : "",
            evidenceDueAt: dispute.evidenceDueAt,
            createdAt: Int64(dispute.id.milliseconds),
            updatedAt: dispute.updatedAt
        )
    }

    /// A payment's disputes, oldest first, for audits.
    /// - Parameter sequence: the payment's number, from 1.
    /// - Returns: nil where the payment is not in memory.
    package func disputes(ofPayment sequence: UInt64) -> [DisputeView]? {
        guard sequence >= 1, sequence <= UInt64(payments.count), payments.contains(Int(sequence) - 1) else {
            return nil
        }
        let payment = payments[Int(sequence) - 1]
        var found: [DisputeView] = []
        var next = payment.newestDispute
        while next != 0 {
            let dispute = disputes[Int(next) - 1]
            found.append(view(dispute, payment))
            next = dispute.older
        }
        return found.reversed()
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
        let index = Int(id.paymentSequence) - 1
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
    private mutating func refuse(_ caller: Caller, showing dispute: Int, of index: Int, in turn: inout Turn) {
        statistics.refusals += 1
        var body = makeBody()
        let refusal = Refusal.disputeUnexpectedState
        renderer.renderDisputeRefused(
            refusal,
            view(disputes[dispute], payments[index]),
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
        turn.release(.respond(response), restingOn: disputes[dispute].lastRecord)
    }

    // MARK: Time

    /// When the first of the payment's disputes is lost for want of evidence; nil for never.
    func evidenceDueAt(_ index: Int) -> Int64? {
        guard payments[index].disputedMinor > 0 else { return nil }
        var first: Int64?
        var next = payments[index].newestDispute
        while next != 0 {
            let dispute = disputes[Int(next) - 1]
            next = dispute.older
            guard dispute.status == .open, dispute.evidenceDueAt != 0 else { continue }
            first = min(first ?? .max, dispute.evidenceDueAt)
        }
        return first
    }

    /// Ends the disputes of the payment whose time for evidence has passed.
    mutating func endOverdueDisputes(_ index: Int, in turn: inout Turn) {
        while let dispute = disputeIndex(
            payment: index,
            where: { $0.status == .open && $0.evidenceDueAt != 0 && $0.evidenceDueAt < turn.now }
        ) {
            let fact = PaymentFact(.disputeOverdue, disputes[dispute].amountMinor, payments[index].currency)
            let record = EventApplied(
                payment: payments[index].id,
                type: .disputeOverdue,
                fact: fact,
                dispute: disputes[dispute].id.ordinal,
                transfers: Transfers(),
                previous: payments[index].lastRecord,
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
        payments[index].recorded(at: position)
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
        if record.type.isPosted {
            return completeEvent(key, of: payments[index].merchant, record: position, at: record.time)
        }
        let reserved = idempotency.reserve(
            key.digest,
            key.fingerprint,
            operation: 0,
            of: payments[index].merchant,
            at: record.time
        )
        precondition(reserved, "room in the idempotency table is checked before")
        complete(key, record: position, at: record.time)
    }

    // The table of keys forgets after a day or a month; what was applied to a payment must not be applied to it ever again.

    func isRemembered(_ key: RequestKey, payment index: Int) -> Bool {
        arena.hasApplied(key.digest.low, in: payments[index].notes)
    }

    private mutating func remember(_ key: RequestKey, payment index: Int) {
        guard !isRemembered(key, payment: index) else { return }
        payments[index].notes = arena.append(applied: key.digest.low, to: payments[index].notes)
    }

    private mutating func applyToRefund(_ record: EventApplied, payment index: Int, at position: RecordPosition) {
        let effect = record.fact.effect
        guard effect == .refundBounced || effect == .refundConfirmed || effect == .refundReversed else { return }
        guard let refund = refundIndex(payment: index, where: { $0.id.ordinal == record.refund }) else {
            preconditionFailure("the refund of an event is not in the journal")
        }
        if effect == .refundBounced {
            refunds[refund].bounced(at: record.time)
        } else {
            refunds[refund].decided(succeeded: effect == .refundConfirmed, at: record.time)
        }
        refunds[refund].lastRecord = position
    }

    private mutating func applyToDispute(_ record: EventApplied, payment index: Int, at position: RecordPosition) {
        let dispute = disputeIndex(payment: index, ordinal: record.dispute) ?? openDispute(record, payment: index)
        disputes[dispute].apply(record.fact, at: record.time)
        disputes[dispute].lastRecord = position
        if !record.reason.isEmpty { disputes[dispute].reason = arena.append(record.reason) }
        if !record.evidence.isEmpty { disputes[dispute].evidence = arena.append(record.evidence) }
    }

    /// Whether there are open disputes, and the provider has said of each that refunds go on.
    private func areOpenDisputesRefundable(payment: Int) -> Bool {
        guard payments[payment].disputedMinor > 0 else { return false }
        return disputeIndex(payment: payment) { $0.status.isOpen && !$0.isChargeRefundable } == nil
    }

    private mutating func openDispute(_ record: EventApplied, payment index: Int) -> Int {
        precondition(record.dispute == payments[index].disputeCount + 1, "disputes are numbered without gaps")
        let id = DisputeID(
            milliseconds: UInt64(max(0, record.time)),
            shard: configuration.shard,
            paymentSequence: record.payment.sequence,
            ordinal: record.dispute
        )
        var dispute = Dispute(
            id: id,
            payment: record.payment,
            amountMinor: record.fact.amountMinor,
            at: record.time,
            older: payments[index].newestDispute
        )
        dispute.providerReference = arena.append(record.reference)
        let number = disputes.append(dispute)
        payments[index].newestDispute = UInt32(number + 1)
        payments[index].disputeCount += 1
        return number
    }

    /// What was authorized without an answer of ours needs the PSP's reference for everything after it.
    private mutating func keepReference(_ record: EventApplied, payment index: Int) {
        switch record.fact.effect {
        case .authorized, .authorizedLate, .capturedLate:
            if !record.reference.isEmpty { payments[index].providerReference = arena.append(record.reference) }
            payments[index].nextAction = .empty
        case .authorizationFailed:
            payments[index].declineProviderCode = arena.append(String(record.reason.prefix(64)))
            payments[index].nextAction = .empty
        case .conflicted: payments[index].nextAction = .empty
        case .none, .settled, .refundBounced, .captureReversed, .authorizationExpired, .disputeWarned, .disputeOpened,
            .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll, .disputeWarningClosed, .unexplained,
            .disputeOverdue, .disputeWonAfterAll, .refundConfirmed, .refundReversed, .reclassified, .writtenOff,
            .conflictResolved, .incremented:
            break
        }
    }
}
