import Payments
import ShardRecords
import ShardState
import Time

// The effects of time on payments: authorizations run out, shoppers do not come back, and late
// operations are reversed. A payment has its deadline, so that a restart changes nothing. The queue
// here only says when to look at a payment.
extension ShardCore {
    /// When to try again after a failure, in milliseconds. It is twice as long after each try, up
    /// to 17 hours.
    private static let retryInterval: Int64 = 60_000

    private static func retryInterval(after tries: UInt16) -> Int64 { retryInterval << Int64(min(tries, 10)) }

    /// A payment has come to a state that time may end. It may be waiting for the end of the state
    /// before, which is later.
    mutating func awaitDeadline(_ index: Index<Payment>, at now: Timestamp, isNews: Bool = true) {
        let payment = payments[index]
        if payment.needsReversal { return deadlines.add(index, at: now, always: isNews) }
        // After a restart `now` comes from a snapshot.
        let end = now.addingClamped(milliseconds: DeadlineQueue.horizon)
        if let due = evidenceDueAt(index), due < end {
            deadlines.add(index, at: max(now, due), always: isNews)
        }
        guard payment.deadline != .none, payment.deadline < end else { return }
        deadlines.add(index, at: max(now, payment.deadline), always: isNews)
    }

    /// Time passes.
    mutating func advanceDeadlines(in turn: inout Turn) {
        sweep(at: turn.now)
        for index in deadlines.takePayments(dueAt: turn.now) { deadlineDue(index, in: &turn) }
    }

    /// Looks at the next of the payments in memory, and puts those in the queue whose end is near.
    private mutating func sweep(at now: Timestamp) {
        let chunkCount = payments.chunkNumbers.count
        let end = now.addingClamped(milliseconds: DeadlineQueue.horizon)
        for _ in 0..<deadlines.chunksToSweep(at: now, of: chunkCount) {
            let chunk = deadlines.nextChunkToSweep(of: chunkCount)
            for index in payments.awaitingTime(inChunk: chunk, before: end) {
                awaitDeadline(index, at: now, isNews: false)
            }
        }
    }

    private mutating func deadlineDue(_ index: Index<Payment>, in turn: inout Turn) {
        guard payments.contains(index) else { return }
        let payment = payments[index]
        if payment.disputedMinor > 0, room.refusal == nil {
            if isTimeCertain { endOverdueDisputes(index, in: &turn) }
            if let due = evidenceDueAt(index), due.milliseconds(since: turn.now) < DeadlineQueue.horizon {
                let soonest = isTimeCertain ? turn.now : turn.now.adding(milliseconds: Self.retryInterval)
                deadlines.add(index, at: max(soonest, due))
            }
        }
        guard payment.needsReversal || payment.deadline != .none else { return }
        // If an operation is under way, or nothing new may be begun now, it is tried later.
        guard payment.running == nil, room.refusal == nil, mayBegin(for: payment.merchant) else {
            return deadlines.add(index, at: turn.now.adding(milliseconds: Self.retryInterval))
        }
        // A hold that the PSP does not release ends by itself.
        let isOver =
            isTimeCertain && payment.isOpen && payment.deadline != .none && payment.deadline <= turn.now
        if payment.needsReversal, !isOver {
            reverse(index, in: &turn)
            let tries = payment.phase == .captured ? payment.refundCount : payment.cancelCount
            let next = turn.now.adding(milliseconds: Self.retryInterval(after: tries))
            let isNear = payment.deadline > turn.now && payment.deadline < next
            return deadlines.add(index, at: isNear ? payment.deadline : next)
        }
        guard payment.deadline <= turn.now else {
            guard payment.deadline.milliseconds(since: turn.now) < DeadlineQueue.horizon else { return }
            return deadlines.add(index, at: payment.deadline)
        }
        guard isTimeCertain else { return deadlines.add(index, at: turn.now.adding(milliseconds: Self.retryInterval)) }
        switch payment.phase {
        case .authorized, .partiallyCaptured:
            change(index, .expired, in: &turn)
            statistics.expired += 1
        case .requiresAction:
            if payment.cancelCount < .max { begin(.cancel, index, cause: .abandoned, in: &turn) }
            deadlines.add(index, at: turn.now.adding(milliseconds: Self.retryInterval(after: payment.cancelCount)))
        case .review: reviewTimedOut(index, in: &turn)
        case .created, .captured, .voided, .failed, .conflicted, .expired: break
        }
    }

    /// Voids or refunds a payment that must be reversed.
    private mutating func reverse(_ index: Index<Payment>, in turn: inout Turn) {
        let payment = payments[index]
        let isPossible: Bool
        if payment.phase == .captured {
            // The money of a top-up may be spent already. Then the reversal is tried again later.
            let money = refundRefusal(of: payment, amountMinor: payment.refundableMinor)
            isPossible =
                payment.refundCount < Payment.maximumRefunds && payment.disputedMinor == 0 && money == nil
                && !isFullOfRefunds
        } else {
            isPossible = payment.cancelCount < .max
        }
        guard isPossible else { return statistics.reversalsFailed += 1 }
        begin(payment.phase == .captured ? .refund : .cancel, index, cause: nil, in: &turn)
    }

    /// The gateway had given a shopper up, and the PSP refuses to cancel, because the shopper has
    /// finished after all. The PSP is asked for the outcome, and that is reversed.
    mutating func afterRefusedCancel(_ index: Index<Payment>, in turn: inout Turn) {
        let payment = payments[index]
        guard payment.phase == .requiresAction, payment.failure == .reversal(.abandoned), payment.running == nil,
            payment.confirmCount < .max, room.refusal == nil, mayBegin(for: payment.merchant)
        else { return }
        begin(.confirm, index, cause: .abandoned, in: &turn)
    }

    /// Begins an operation that no merchant asked for.
    private mutating func begin(
        _ operation: ProviderOperation,
        _ index: Index<Payment>,
        cause: ReversalReason?,
        in turn: inout Turn
    ) {
        let payment = payments[index]
        let amount: Int64
        switch operation {
        case .refund: amount = payment.refundableMinor
        case .cancel: amount = payment.cancelledMinor
        case .authorize, .capture, .increment, .confirm: amount = payment.amountMinor
        }
        let record = OperationStarted(
            payment: payment.id,
            operation: operation,
            ordinal: nextOrdinal(operation, payment),
            amountMinor: amount,
            cause: cause,
            key: nil,
            transfers: Postings.started(operation, amountMinor: amount, of: payment, rail: rail(of: payment)),
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        let slot = applyStarted(record, at: nextPosition)
        persist(.operationStarted(record), in: &turn)
        statistics.begunByGateway += 1
        execute(slot, paymentMethod: "", in: &turn)
    }

    /// Journals a change without a request.
    mutating func change(_ index: Index<Payment>, _ change: PaymentChange, in turn: inout Turn) {
        let payment = payments[index]
        let record = PaymentChanged(
            payment: payment.id,
            change: change,
            transfers: Postings.changed(change, payment, rail: rail(of: payment)),
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        applyChanged(record, at: nextPosition)
        persist(.paymentChanged(record), in: &turn)
    }
}
