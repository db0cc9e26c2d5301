import Journal
import Ledger
import Payments
import ShardRecords
import ShardState
import Time

// The only way from a record to state. Live decisions call these functions directly. The record is
// encoded after them, so that it can hold the answer rendered from the new state. Replay calls them
// with the journal's records. Nothing here decides, and nothing here leaves the shard.
extension ShardCore {
    /// - Returns: the slot of the authorization that runs from now on. It is nil for a payment that
    ///   is held back: the next record of the decision completes its key.
    mutating func applyCreated(_ record: PaymentCreated, at position: RecordPosition) -> Int? {
        precondition(
            record.id.sequence == UInt64(payments.count + 1) && record.id.shard == configuration.shard,
            "payments are numbered without gaps"
        )
        let payment = Payment(
            id: record.id,
            merchant: record.merchant,
            amountMinor: record.amountMinor,
            currency: record.currency,
            feeBasisPoints: record.feeBasisPoints,
            capturesAutomatically: record.capturesAutomatically,
            route: record.route,
            flags: record.flags,
            overCaptureBasisPoints: record.overCaptureBasisPoints,
            traits: record.traits,
            createdAt: record.time
        )
        countForRisk(record)
        ledger.openMerchant(record.merchant, record.currency)
        let index: Index<Payment>
        if record.traits.contains(.split) {
            let parts = PaymentDetails.separatingPlan(in: record.details.span)
            index = payments.append(
                payment,
                details: parts.details.bytes.span,
                notes: parts.notes.bytes.span,
                at: position
            )
        } else {
            index = payments.append(payment, details: record.details.span, at: position)
        }
        guard !record.flags.contains(.heldBack) else { return nil }
        let slot = begin(
            .authorize,
            payment: index,
            refund: .none,
            ordinal: 1,
            amountMinor: record.amountMinor,
            key: record.key,
            hold: Self.riskHold(record.details.span),
            at: record.time
        )
        payments.setOperation(.calling(slot: slot), of: index)
        if record.traits.contains(.split) { followPlan(slot) }
        if !record.traits.isEmpty { claimAccounts(operations[slot]) }
        return slot
    }

    /// - Returns: the slot of the operation that runs from now on.
    mutating func applyStarted(_ record: OperationStarted, at position: RecordPosition) -> Int {
        let index = existingPayment(record.payment)
        book(record.transfers, of: index, at: position)
        payments.recorded(index, at: position)
        guard record.operation == .refund else {
            if !record.instructions.isEmpty { addInstructions(record.instructions, to: index) }
            payments[index].operationStarted(record.operation, cause: record.cause, at: record.time)
            let slot = begin(
                record.operation,
                payment: index,
                refund: .none,
                ordinal: record.ordinal,
                amountMinor: record.amountMinor,
                key: record.key,
                at: record.time
            )
            payments.setOperation(.calling(slot: slot), of: index)
            operations[slot].staysOpen = record.staysOpen
            operations[slot].isApproved = record.operation == .authorize
            if !record.instructions.isEmpty { follow(record.instructions, slot) }
            if record.operation.mayFollowPlan, payments[index].traits.contains(.split) { followPlan(slot) }
            claimAccounts(operations[slot])
            return slot
        }
        return applyRefundStarted(record, payment: index, at: position)
    }

    private mutating func applyRefundStarted(
        _ record: OperationStarted,
        payment index: Index<Payment>,
        at position: RecordPosition
    ) -> Int {
        payments[index].refundStarted(amountMinor: record.amountMinor, at: record.time)
        keepUnsettled(index)
        let id = RefundID(
            createdAt: max(.none, record.time),
            shard: configuration.shard,
            paymentSequence: record.payment.sequence,
            ordinal: record.ordinal
        )
        let refund = Refund(
            id: id,
            payment: record.payment,
            amountMinor: record.amountMinor,
            requestedAt: record.time
        )
        let refundIndex = payments.append(refund, to: index, at: position)
        let slot = begin(
            .refund,
            payment: index,
            refund: OptionalIndex(refundIndex),
            ordinal: record.ordinal,
            amountMinor: record.amountMinor,
            key: record.key,
            at: record.time
        )
        payments.setOperation(.calling(slot: slot), of: refundIndex)
        claimAccounts(operations[slot])
        return slot
    }

    private mutating func begin(
        _ operation: ProviderOperation,
        payment: Index<Payment>,
        refund: OptionalIndex<Refund>,
        ordinal: UInt16,
        amountMinor: Int64,
        key: RequestKey?,
        hold: RiskHold = .none,
        at time: Timestamp
    ) -> Int {
        let slot = operations.insert(
            RunningOperation(
                payment: payment,
                refund: refund,
                operation: operation,
                ordinal: ordinal,
                attempt: 1,
                amountMinor: amountMinor,
                key: key,
                reply: nil,
                step: .waiting,
                hold: hold,
                isUncertain: false,
                isKnownToProvider: false,
                tries: 0,
                replays: 0,
                startedAt: time,
                reservedBytes: outcomeFrameBytes(operation, payment: payment, hold),
                sentAt: time
            ),
            of: payments[payment].merchant
        )
        if let key {
            keys.reserve(key, operation: operations.token(slot), of: payments[payment].merchant, at: time)
        }
        return slot
    }

    /// Ends the operation of `slot`.
    mutating func applyFinished(_ record: OperationFinished, slot: Int, at position: RecordPosition) {
        let operation = operations[slot]
        let index = operation.payment
        precondition(operation.operation == record.operation && operation.ordinal == record.ordinal)
        if operation.hasSplitPlan { numberSellers(record, operation) }
        book(record.transfers, of: index, at: position)
        releaseAccounts(operation)
        payments.recorded(index, at: position)
        if let refund = operation.refund.index {
            applyRefundFinished(record, refund: refund, payment: index, at: position)
        } else {
            payments[index].operationFinished(
                record.operation,
                record.result,
                amountMinor: record.effectiveMinor,
                staysOpen: record.staysOpen,
                deadline: record.deadline,
                at: record.time
            )
            payments.setOperation(.none, of: index)
            if record.operation == .authorize || record.operation == .confirm { keepAnswer(record, payment: index) }
            if record.operation == .confirm { dropReturnData(index) }
            // While the shopper is awaited, the plan stays.
            if operation.hasSplitPlan, payments[index].phase != .requiresAction { applySplits(record, payment: index) }
            // An operation that the gateway began by itself and that failed has its next try
            // scheduled already, later each time.
            if operation.key != nil || record.result == .succeeded { awaitDeadline(index, at: record.time) }
        }
        keepUnsettled(index)
        if let key = operation.key { keys.complete(key, record: position, at: record.time) }
        operations.remove(slot)
    }

    /// What the PSP said of an authorization.
    private mutating func keepAnswer(_ record: OperationFinished, payment index: Index<Payment>) {
        if !record.providerReference.isEmpty {
            payments.setProviderReference(record.providerReference, of: index)
        }
        payments.setDeclineProviderCode(record.declineProviderCode, of: index)
        payments[index].advised(record.advice)
        if payments[index].phase != .requiresAction {
            payments.setNextAction(Span(), of: index)
        } else if !record.nextAction.isEmpty {
            payments.setNextAction(record.nextAction.span, of: index)
        }
    }

    mutating func applyChanged(_ record: PaymentChanged, at position: RecordPosition) {
        let index = existingPayment(record.payment)
        book(record.transfers, of: index, at: position)
        payments.recorded(index, at: position)
        payments[index].changed(
            record.change,
            amountMinor: record.amountMinor,
            deadline: record.deadline,
            at: record.time
        )
        awaitDeadline(index, at: record.time)
        guard let key = record.key else { return }
        keys.completeAtOnce(
            key,
            in: .requests,
            of: payments[index].merchant,
            record: position,
            at: record.time
        )
    }

    private mutating func applyRefundFinished(
        _ record: OperationFinished,
        refund: Index<Refund>,
        payment index: Index<Payment>,
        at position: RecordPosition
    ) {
        payments[refund].finished(record.result, at: record.time)
        payments.recorded(refund, at: position)
        payments.setOperation(.none, of: refund)
        payments.setProviderReference(record.providerReference, of: refund)
        payments.setDeclineProviderCode(record.declineProviderCode, of: refund)
        // A refund of another amount than asked stays pending on the payment, until an operator
        // decides.
        guard record.result != .conflicted else { return }
        payments[index].refundFinished(
            succeeded: record.result == .succeeded,
            amountMinor: record.amountMinor,
            at: record.time
        )
    }

    mutating func applyUnresolved(_ record: OperationUnresolved, slot: Int, at position: RecordPosition) {
        let operation = operations[slot]
        operations[slot].isUncertain = true
        operations[slot].isKnownToProvider = record.reason == .pendingAtProvider
        operations[slot].tries = 0
        payments.recorded(operation.payment, at: position)
        guard !record.providerReference.isEmpty else { return }
        if record.operation == .authorize {
            payments.setProviderReference(record.providerReference, of: operation.payment)
        } else if let refund = operation.refund.index {
            // So that an event may name the refund as the provider does.
            payments.setProviderReference(record.providerReference, of: refund)
        }
    }

    mutating func applyAttempted(_ record: OperationAttempted, slot: Int, at position: RecordPosition) {
        payments.recorded(operations[slot].payment, at: position)
        // From then on "not found" contradicts what the PSP said, also after a restart.
        if record.answer == .pending { operations[slot].isKnownToProvider = true }
    }

    /// The running authorization goes to the next connector, under the next number.
    mutating func applyAttemptEnded(_ record: AttemptEnded, slot: Int, at position: RecordPosition) {
        let index = operations[slot].payment
        precondition(operations[slot].attempt == record.attempt, "attempts end in order")
        payments.recorded(index, at: position)
        payments[index].attemptEnded(nextPosition: record.nextPosition, at: record.time)
        note(.endedAttempt, record.ended.packed, on: index)
        operations[slot].attempt = record.attempt + 1
        operations[slot].tries = 0
        operations[slot].replays = 0
        operations[slot].sentAt = record.time
    }

    /// Adds a field to what is noted on a payment.
    private mutating func note(_ field: PaymentDetails.Field, _ value: [UInt8], on index: Index<Payment>) {
        var notes = payments.withNotes(of: index) {
            PaymentDetails(packed: $0.withUnsafeBufferPointer { Array($0) })
        }
        notes.append(field, value.span)
        payments.setNotes(notes.bytes.span, of: index)
    }

    mutating func applyBounced(_ record: RefundBounced, at position: RecordPosition) {
        let index = existingPayment(record.payment)
        guard let refund = payments.refund(of: index, where: { payments[$0].id == record.refund }) else {
            preconditionFailure("a bounced refund is not in the journal")
        }
        book(record.transfers, of: index, at: position)
        payments[refund].bounced(at: record.time)
        payments.recorded(refund, at: position)
        payments[index].refundBounced(amountMinor: record.amountMinor, at: record.time)
        keepUnsettled(index)
        payments.recorded(index, at: position)
    }

    func existingPayment(_ id: PaymentID) -> Index<Payment> {
        precondition(id.sequence >= 1 && id.sequence <= UInt64(payments.count), "a record names no payment")
        let index = Index<Payment>(id)
        precondition(payments.contains(index), "a record names a payment that is not in memory")
        precondition(payments[index].id == id, "a record names another payment")
        return index
    }

    /// Books what a record of a payment books, and keeps what it leaves of the payment on its
    /// merchant's pending balance.
    mutating func book(_ transfers: Transfers, of index: Index<Payment>, at position: RecordPosition) {
        guard let first = transfers.first else { return }
        payments[index].booked(first)
        if let second = transfers.second { payments[index].booked(second) }
        if !payments[index].traits.isDisjoint(with: .ofWallets) { keepWalletFunds(transfers, of: index) }
        book(transfers, for: payments[index].merchant, at: position)
        if payments[index].traits.contains(.split) { forgetSellers(transfers) }
    }

    /// Books what a record books, and keeps what `persist` then writes of it: the merchant's record
    /// before this one.
    mutating func book(_ transfers: Transfers, for merchant: MerchantID, at position: RecordPosition) {
        guard let link = ledger.post(transfers, for: merchant, at: position) else { return }
        recordContext.link(to: link)
    }

    /// Encodes a record, which was just applied, behind the ones already decided.
    mutating func persist(_ record: ShardRecord, in turn: inout Turn) {
        let facts = record.facts
        record.encodeFramed(
            header: header(of: facts),
            entryLink: recordContext.entryLink,
            into: &turn.records
        )
        recordContext.unlink()
        recordContext.advance(to: nextPosition)
        recordContext.see(facts.time)
        turn.recordCount += 1
        persistDueMark(at: facts.time, in: &turn)
    }
}
