import Payments
import ShardRecords
import ShardState

// Attempts of an authorization at the connectors of its route (docs/payments.md, "Attempts").
extension ShardCore {
    /// How unknown outcomes of the slot's operation are resolved at its connector.
    func resolution(_ slot: Int) -> ResolutionPolicy {
        let operation = operations[slot]
        return configuration.connectors[payments[operation.payment].connector].resolution[operation.operation]
    }

    /// How long a call of the slot's operation may take at its connector, in milliseconds.
    func timeout(_ slot: Int) -> Int64 {
        let operation = operations[slot]
        return configuration.connectors[payments[operation.payment].connector].timeouts[operation.operation]
    }

    /// After an authorization was definitely not executed: journals the attempt's end and calls the
    /// next connector of the route, if the policy allows it. The merchant's key stays reserved, and
    /// its request waits.
    /// - Returns: whether the next connector tries; otherwise the attempt's outcome is the
    ///   authorization's.
    mutating func tryNextConnector(
        _ slot: Int,
        after outcome: EndedAttempt.Outcome,
        in turn: inout Turn
    ) -> Bool {
        let operation = operations[slot]
        // The kept room of the journal is for the ends of operations in flight, not for more
        // attempts.
        guard operation.operation == .authorize, !isInternal(slot), !room.isJournalShort else { return false }
        let payment = payments[operation.payment]
        let attempt = Attempt(
            number: operation.attempt,
            connector: payment.connector,
            position: payment.routePosition,
            wasUnknown: operation.machine.definiteNo(isAnswerToCall: operation.step == .executing) == .operation
        )
        guard
            case .next(let next) = FailoverPolicy.decide(
                after: attempt,
                result: outcome.result,
                plan: payment.route
            )
        else { return false }
        let record = AttemptEnded(
            payment: payment.id,
            ordinal: operation.ordinal,
            attempt: attempt.number,
            connector: attempt.connector,
            outcome: outcome,
            nextPosition: next.position,
            nextConnector: next.connector,
            previous: payments.lastRecord(of: payment.index),
            time: turn.now
        )
        statistics.failovers += 1
        applyAttemptEnded(record, slot: slot, at: nextPosition)
        persist(.attemptEnded(record), in: &turn)
        execute(slot, paymentMethod: paymentMethod(of: operation.payment), in: &turn)
        return true
    }
}

// Reports of earlier connectors that had definitely refused.
extension ShardCore {
    /// The attempts of the payment that ended before the connector changed, oldest first; empty for
    /// nearly all payments.
    func endedAttempts(of index: Index<Payment>) -> [EndedAttempt] {
        guard payments.hasNotes(index) else { return [] }
        return payments.withNotes(of: index) { EndedAttempt.all(inNotes: $0) }
    }

    /// Notes on the attempt what its connector reported, so that it is booked once.
    mutating func noteReported(_ record: EventApplied, payment index: Index<Payment>) {
        var attempts = endedAttempts(of: index)
        let connector = record.fact.earlierConnector
        guard let number = attempts.firstIndex(where: { $0.connector == connector }) else {
            preconditionFailure("an earlier connector has an attempt")
        }
        attempts[number].reported.formUnion(payments[index].reported(record.type))
        let changed = attempts
        let notes = payments.withNotes(of: index) { EndedAttempt.replacing(inNotes: $0, with: changed) }
        payments.setNotes(notes.bytes.span, of: index)
    }
}

extension PaymentFact {
    /// An earlier connector executed the payment after all: another one was called since.
    func isDoubleExecution(_ type: PaymentEventType) -> Bool {
        earlierConnector != nil && (type == .authorizationSucceeded || type == .captureSucceeded)
    }
}

extension EndedAttempt.Outcome {
    /// As the failover policy takes it.
    fileprivate var result: AttemptResult {
        switch self {
        case .declined(let decline): .declined(decline.category, decline.code, decline.advice)
        case .notExecuted(let failure): .notExecuted(failure)
        }
    }
}
