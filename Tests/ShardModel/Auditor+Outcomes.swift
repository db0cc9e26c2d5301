import Payments
import ShardCore
import ShardRecords

// What a PSP's word means (docs/payments.md, "Unknown outcomes").
extension Auditor {
    mutating func expectOutcome(_ number: Int, _ reply: Step.Reply, at now: Int64) throws(Mismatch) {
        guard let payment = payments[number], var waiting = calls[number], !waiting.isEmpty else {
            throw Mismatch(description: "the model knows of no call of p\(number)")
        }
        let call = waiting.removeFirst()
        calls[number] = waiting
        let found = call.operation == .refund ? payment.refunding[call.ordinal] : payment.running
        // An event has told of its end before: what the PSP answers now is known, or comes too
        // late.
        guard let operation = found, operation.kind == call.operation, operation.ordinal == call.ordinal else { return }
        expectation =
            call.mode == .cancelByReference
            ? afterVoid(operation, reply, of: payment, at: now)
            : afterCall(payment, of: operation, with: reply, at: now)
        // Only the answer to the call itself says that nothing of the attempt is on its way.
        guard call.mode == .execute, case .end(_, let result) = expectation, operation.attempt < 3,
            operation.kind == .authorize, payment.place + 1 < payment.route.count, letsNextTry(result, reply),
            !operation.uncertain
        else { return }
        expectation = .nextAttempt(operation)
    }

    /// Whether a definite no says nothing of the shopper's means (docs/payments.md, "Attempts").
    private func letsNextTry(_ result: NaivePayment.Result, _ reply: Step.Reply) -> Bool {
        switch (result, reply) {
        case (.declined, .declined(let code)):
            [.issuerUnavailable, .processingError, .currencyNotSupported, .invalidAmount].contains(code)
        case (.notExecuted, .notExecuted(let reason)):
            ![.serverError, .badResponse, .conflict, .pendingAtProvider].contains(reason)
        default: false
        }
    }

    /// The end of an attempt, and the next connector's turn.
    func nextAttempt(_ record: AttemptEnded, _ payment: inout NaivePayment, at now: Int64) throws(Mismatch) {
        guard case .nextAttempt(var operation) = expectation, record.attempt == operation.attempt,
            record.connector.rawValue == payment.connector, record.ordinal == operation.ordinal
        else { throw Mismatch(description: "attempt \(record.attempt) ended, and that is not expected") }
        payment.place += 1
        guard record.nextConnector.rawValue == payment.connector, record.nextPosition == payment.place else {
            throw Mismatch(description: "goes to connector \(record.nextConnector), not \(payment.connector)")
        }
        operation.attempt += 1
        operation.tries = 0
        operation.sentAt = now
        operation.key = ""
        payment.running = operation
    }

    func isPastHorizon(_ payment: NaivePayment, _ operation: NaivePayment.Operation, at now: Int64) -> Bool {
        let connector = configuration[payment.connector]
        let horizon = connector.resolution[operation.kind].inFlightHorizon
        return now - operation.sentAt > connector.timeouts[operation.kind] + horizon
    }

    func afterVoid(
        _ operation: NaivePayment.Operation,
        _ reply: Step.Reply,
        of payment: NaivePayment,
        at now: Int64
    ) -> Expectation {
        switch reply {
        case .ok: .end(operation, .notExecuted("abandoned"))
        case .notFound where isPastHorizon(payment, operation, at: now): .end(operation, .notExecuted("abandoned"))
        case .declined where configuration[payment.connector].resolution[operation.kind].canQuery: .query
        default: .noted
        }
    }

    static let transient: Set<String> = [
        "timeout", "connectionFailed", "connectionLost", "streamReset", "overloaded", "rateLimited", "conflict",
    ]

    func afterCall(
        _ payment: NaivePayment,
        of operation: NaivePayment.Operation,
        with reply: Step.Reply,
        at now: Int64
    ) -> Expectation {
        let lifetime = configuration[payment.connector].capabilities.authorizationLifetime
        switch reply {
        case .ok(let amount, let currency, let expiresIn):
            let executed = amount ?? operation.amount
            let isPartial =
                operation.decidesAuthorization && executed > 0 && executed < operation.amount
                && (!payment.isSale || payment.acceptsPartial)
            // Of a conflict that people ended nobody knows what is held: whatever is voided is
            // right.
            let isAnyRight = operation.kind == .cancel && payment.failure == "conflict"
            guard (currency ?? payment.currency) == payment.currency,
                executed == operation.amount || isPartial || isAnyRight
            else {
                return .end(operation, .conflicted)
            }
            var end = expiresIn > 0 ? now + expiresIn : 0
            if operation.decidesAuthorization, end == 0 { end = now + lifetime }
            if operation.decidesAuthorization, payment.isSale { end = 0 }
            return .end(operation, .succeeded(executed, expiresAt: end))
        case .declined(let code): return .end(operation, .declined("\(code.name)"))
        case .action where operation.decidesAuthorization:
            return .end(operation, .action(deadline: now + configuration.actionLifetime))
        case .notExecuted(let reason): return afterRefusal(operation, "\(reason)", of: payment, at: now)
        case .notFound:
            let proves = !operation.known && isPastHorizon(payment, operation, at: now)
            return proves ? .end(operation, .notExecuted("timeout")) : .noted
        case .action, .pending, .unknown: return operation.uncertain ? .noted : .unresolved(operation)
        }
    }

    func afterRefusal(
        _ operation: NaivePayment.Operation,
        _ reason: String,
        of payment: NaivePayment,
        at now: Int64
    ) -> Expectation {
        let isTransient = Self.transient.contains(reason)
        let resolution = configuration[payment.connector].resolution[operation.kind]
        if operation.uncertain {
            let ends = !resolution.canQuery && !isTransient && isPastHorizon(payment, operation, at: now)
            return ends ? .end(operation, .notExecuted(reason)) : .noted
        }
        return isTransient && operation.tries <= resolution.retries.count
            ? .noted : .end(operation, .notExecuted(reason))
    }
}
