import Payments
import ShardCore
import ShardRecords

// What the shard wrote.
extension Auditor {
    mutating func hear(_ record: ShardRecord, _ number: Int, at now: Int64) throws(Mismatch) {
        var expected: [NaivePosting] = []
        switch record {
        case .paymentCreated:
            guard case .create(let payment) = expectation else { throw Mismatch(description: "created unasked") }
            payments[number] = payment
            if case .topUp(let wallet) = payment.funding { wallets[wallet]?.topUps.append(number) }
            var judged = payment
            expectation = assess(&judged).map { .verdict($0) } ?? .nothing
            if payment.running?.heldBack == false, let operation = payment.running { send(operation, number, at: now) }
        case .operationStarted(let started): expected = try begun(started, number, at: now)
        case .operationFinished(let finished): expected = try ended(finished, number, at: now)
        case .operationUnresolved(let unresolved):
            guard case .unresolved(let operation) = expectation else {
                throw Mismatch(description: "unresolved unasked")
            }
            expectation = .nothing
            change(number, operation: operation) {
                $0.uncertain = true
                $0.known = unresolved.reason == .pendingAtProvider
            }
            try answerProcessing(number, operation)
        case .operationAttempted(let attempted):
            guard case .noted = expectation else { return try noteOfQuery(attempted) }
            if attempted.answer == .pending,
                let operation = find(number, kind: attempted.operation, ordinal: Int(attempted.ordinal))
            {
                change(number, operation: operation) { $0.known = true }
            }
        case .attemptEnded(let attempt):
            guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
            try nextAttempt(attempt, &payment, at: now)
            payments[number] = payment
            expectation = .nothing
            sending.insert(Sending(payment: number, kind: .authorize, ordinal: Int(attempt.ordinal)))
        case .paymentChanged(let changed): expected = try altered(changed, number, at: now)
        case .riskDecided(let decided): try judged(decided, number, at: now)
        case .eventApplied(let applied): expected = try self.applied(applied, number, at: now)
        default: throw Mismatch(description: "a record the model does not know: \(record)")
        }
        expected = railed(expected, by: record, of: number)
        try compare(numbered(expected, of: payments[number]?.merchant ?? 0), with: record, of: number)
        if case .eventApplied(let applied) = record { try answer(applied, number) }
    }

    func noteOfQuery(_ attempted: OperationAttempted) throws(Mismatch) {
        throw Mismatch(description: "a note of nothing: \(attempted.answer)")
    }

    func find(_ number: Int, kind: ProviderOperation, ordinal: Int) -> NaivePayment.Operation? {
        kind == .refund ? payments[number]?.refunding[ordinal] : payments[number]?.running
    }

    mutating func change(
        _ number: Int,
        operation: NaivePayment.Operation,
        by body: (inout NaivePayment.Operation) -> Void
    ) {
        guard var changed = find(number, kind: operation.kind, ordinal: operation.ordinal) else { return }
        body(&changed)
        if operation.kind == .refund {
            payments[number]?.refunding[operation.ordinal] = changed
        } else {
            payments[number]?.running = changed
        }
    }

    mutating func answerProcessing(_ number: Int, _ operation: NaivePayment.Operation) throws(Mismatch) {
        guard operation.waitsForReply else { return }
        change(number, operation: operation) { $0.waitsForReply = false }
        answers.append((202, processingText(number, operation)))
    }

    mutating func begun(
        _ record: OperationStarted,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
        defer { payments[number] = payment }
        if record.key != nil {
            guard case .start(let operation) = expectation, operation.kind == record.operation,
                operation.amount == record.amountMinor, operation.ordinal == Int(record.ordinal)
            else { throw Mismatch(description: "\(record.operation) started unasked, of \(record.amountMinor)") }
            expectation = .nothing
            send(operation, number, at: now)
            return payment.start(operation)
        }
        // The gateway's own.
        let amount = try payment.ownOperation(record.operation, at: now)
        guard amount == record.amountMinor else { throw Mismatch(description: "took back \(record.amountMinor)") }
        if record.cause != nil { payment.failure = "abandoned" }
        guard record.operation != .refund || canRefund(payment, amount) else {
            throw Mismatch(description: "took back what the wallet does not hold")
        }
        let operation = NaivePayment.Operation(
            kind: record.operation,
            ordinal: payment.counts[record.operation, default: 0] + 1,
            amount: amount,
            startedAt: now,
            sentAt: now,
            asked: false,
            waitsForReply: false
        )
        send(operation, number, at: now)
        return payment.start(operation)
    }

    mutating func ended(
        _ record: OperationFinished,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard case .end(let operation, let result) = expectation, var payment = payments[number],
            operation.kind == record.operation, operation.ordinal == Int(record.ordinal)
        else { throw Mismatch(description: "\(record.operation) ended by itself: \(record.result)") }
        expectation = .nothing
        guard record.result.name == result.name else {
            throw Mismatch(description: "\(record.operation) ended as \(record.result), not \(result)")
        }
        var postings = payment.finish(operation, result)
        if record.result == .conflicted { postings = payment.unexplained(operation, executed: record.executedMinor) }
        payments[number] = payment
        if operation.asked {
            if last?.step.payment == number, case .running(operation.kind, operation.ordinal) = last?.key {
                last?.key = .done(record: records)
            }
            let answer = payment.answer(operation, result)
            guard record.responseStatus == answer.status else {
                throw Mismatch(description: "stored \(record.responseStatus), not \(answer.status)")
            }
            if operation.waitsForReply { answers.append(answer) }
        }
        return postings
    }

    mutating func altered(
        _ record: PaymentChanged,
        _ number: Int,
        at now: Int64
    ) throws(Mismatch) -> [NaivePosting] {
        guard var payment = payments[number] else { throw Mismatch(description: "no p\(number)") }
        defer { payments[number] = payment }
        if record.change == .expired {
            guard payment.isOpen, payment.running == nil, payment.deadline != 0, payment.deadline <= now else {
                throw Mismatch(description: "expired before its time")
            }
            return payment.expire()
        }
        if record.change == .reviewRejected || record.change == .reviewTimedOut {
            try endReview(record.change, &payment, at: now)
            return []
        }
        guard record.change == .abandoned else {
            throw Mismatch(description: "a change the model does not know: \(record.change)")
        }
        guard let operation = payment.running, operation.decidesAuthorization, operation.uncertain, !operation.known,
            now - operation.startedAt >= configuration[payment.connector].resolution[operation.kind].abandonAfter
        else { throw Mismatch(description: "given up before its time") }
        payment.failure = "abandoned"
        return []
    }
}
