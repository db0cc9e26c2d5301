import Payments
import ShardCore

// What a PSP's word means (docs/payments.md, "Unknown outcomes").
extension Auditor {
    mutating func expectOutcome(_ number: Int, _ reply: Step.Reply, at now: Int64) throws(Mismatch) {
        guard let payment = payments[number], var waiting = calls[number], !waiting.isEmpty else {
            throw Mismatch(description: "the model knows of no call of p\(number)")
        }
        let call = waiting.removeFirst()
        calls[number] = waiting
        let found = call.operation == .refund ? payment.refunding[call.ordinal] : payment.running
        // An event has told of its end before: what the PSP answers now is known, or comes too late.
        guard let operation = found, operation.kind == call.operation, operation.ordinal == call.ordinal else { return }
        expectation =
            call.mode == .cancelByReference
            ? afterVoid(operation, reply, at: now) : afterCall(payment, operation, reply, at: now)
    }

    func isPastHorizon(_ operation: NaivePayment.Operation, at now: Int64) -> Bool {
        now - operation.sentAt > configuration.providerTimeout + configuration.resolution.inFlightHorizon
    }

    func afterVoid(_ operation: NaivePayment.Operation, _ reply: Step.Reply, at now: Int64) -> Expectation {
        switch reply {
        case .ok: .end(operation, .notExecuted("abandoned"))
        case .notFound where isPastHorizon(operation, at: now): .end(operation, .notExecuted("abandoned"))
        case .declined where configuration.resolution.canQuery: .query
        default: .noted
        }
    }

    static let transient: Set<String> = [
        "timeout", "connectionFailed", "connectionLost", "streamReset", "overloaded", "rateLimited", "conflict",
    ]

    func afterCall(
        _ payment: NaivePayment,
        _ operation: NaivePayment.Operation,
        _ reply: Step.Reply,
        at now: Int64
    ) -> Expectation {
        switch reply {
        case .ok(let amount, let currency, let expiresIn):
            let executed = amount ?? operation.amount
            let isPartial =
                operation.decidesAuthorization && executed > 0 && executed < operation.amount
                && (!payment.isSale || payment.acceptsPartial)
            // Of a conflict that people ended nobody knows what is held: whatever is voided is right.
            let isAnyRight = operation.kind == .cancel && payment.failure == "conflict"
            guard (currency ?? payment.currency) == payment.currency,
                executed == operation.amount || isPartial || isAnyRight
            else {
                return .end(operation, .conflicted)
            }
            var end = expiresIn > 0 ? now + expiresIn : 0
            if operation.decidesAuthorization, end == 0 { end = now + configuration.capabilities.authorizationLifetime }
            if operation.decidesAuthorization, payment.isSale { end = 0 }
            return .end(operation, .succeeded(executed, expiresAt: end))
        case .declined(let code): return .end(operation, .declined("\(code.name)"))
        case .action where operation.decidesAuthorization:
            return .end(operation, .action(deadline: now + configuration.actionLifetime))
        case .notExecuted(let reason): return afterRefusal(operation, "\(reason)", at: now)
        case .notFound:
            let proves = !operation.known && isPastHorizon(operation, at: now)
            return proves ? .end(operation, .notExecuted("timeout")) : .noted
        case .action, .pending, .unknown: return operation.uncertain ? .noted : .unresolved(operation)
        }
    }

    func afterRefusal(_ operation: NaivePayment.Operation, _ reason: String, at now: Int64) -> Expectation {
        let isTransient = Self.transient.contains(reason)
        if operation.uncertain {
            let ends = !configuration.resolution.canQuery && !isTransient && isPastHorizon(operation, at: now)
            return ends ? .end(operation, .notExecuted(reason)) : .noted
        }
        return isTransient && operation.tries <= configuration.resolution.retries.count
            ? .noted : .end(operation, .notExecuted(reason))
    }
}
