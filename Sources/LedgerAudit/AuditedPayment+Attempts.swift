import Payments
import ShardRecords

extension AuditedPayment {
    /// Takes in that the next connector of the route tries (docs/payments.md, "Attempts"). It books
    /// nothing.
    mutating func endAttempt(_ record: AttemptEnded) -> Result<ExpectedPostings, Violation> {
        guard running == .authorize, record.ordinal == authorizations else {
            return .failure("an attempt of an authorization ends that is not running")
        }
        guard !isUnknown, !isAbandoned else { return .failure("another connector tries after an unknown outcome") }
        guard record.attempt == attempt, record.connector == connector else {
            return .failure("attempt \(record.attempt) at \(record.connector) ends, not \(attempt) at \(connector)")
        }
        guard attempt < 3 else { return .failure("a fourth attempt of one request") }
        guard record.nextPosition > routePosition, route[Int(record.nextPosition)] == record.nextConnector else {
            return .failure("\(record.nextConnector) is not next in \(route)")
        }
        guard Self.allowsAnother(record.outcome) else {
            return .failure("another connector tries after a final answer")
        }
        attempt += 1
        connector = record.nextConnector
        routePosition = record.nextPosition
        return .success([:])
    }

    /// Only outcomes that certainly moved no money and say nothing about the shopper.
    private static func allowsAnother(_ outcome: EndedAttempt.Outcome) -> Bool {
        switch outcome {
        case .declined(let decline):
            (decline.category == .softTechnical || decline.category == .configuration)
                && decline.code != .insufficientFunds && decline.advice == .none
        case .notExecuted(let failure):
            switch failure {
            case .serverError, .badResponse, .conflict, .pendingAtProvider: false
            case .timeout, .connectionFailed, .connectionLost, .streamReset, .overloaded, .rateLimited, .misconfigured:
                true
            }
        }
    }

    /// Whether an earlier connector, if the event names one, was called before the payment's own.
    func isCalled(_ earlier: ConnectorID?) -> Bool {
        guard let earlier else { return true }
        return (0..<Int(routePosition)).contains { route[$0] == earlier }
    }

    /// Whether the end of an operation names the connector and the attempt that the payment has
    /// come to.
    func isOwn(_ record: OperationFinished) -> Bool {
        record.connector == connector && record.attempt == (record.operation == .authorize ? attempt : 1)
    }
}
