/// What follows an attempt of an authorization.
package enum FailoverDecision: Sendable, Hashable {
    /// The next connector of the route plan tries.
    case next(Attempt)
    /// The attempt's result is the payment's.
    case stop(Reason)

    /// Why no further connector tries.
    package enum Reason: UInt8, Sendable, CaseIterable {
        /// The PSP has executed it, or waits for the shopper: there is nothing to try again.
        case executed = 1
        /// It is not known whether it was executed. Another attempt could charge the shopper twice.
        case unknownOutcome = 2
        /// The decline's class forbids another attempt.
        case declineClass = 3
        /// The network's or the issuer's advice forbids another attempt now.
        case advice = 4
        /// The request has had as many attempts as one may have.
        case attemptLimit = 5
        /// No connector is left in the route plan.
        case planExhausted = 6
    }
}

/// Whether an authorization moves on to the next connector (docs/payments.md, "Attempts"). Pure:
/// the same arguments always decide the same, and the decision is journaled with the attempt, so
/// that a replay does not ask again.
package enum FailoverPolicy {
    /// The most attempts of one request, at all its connectors together.
    package static let maximumAttempts: UInt16 = 3

    /// What follows `attempt`, whose result is `result`.
    package static func decide(
        after attempt: Attempt,
        result: AttemptResult,
        plan: RoutePlan
    ) -> FailoverDecision {
        if let reason = finality(of: result) { return .stop(reason) }
        // A call of this attempt may still be on its way, whatever a later answer says.
        guard !attempt.wasUnknown else { return .stop(.unknownOutcome) }
        guard attempt.number < maximumAttempts else { return .stop(.attemptLimit) }
        let position = attempt.position + 1
        guard let connector = plan[Int(position)] else { return .stop(.planExhausted) }
        return .next(Attempt(number: attempt.number + 1, connector: connector, position: position))
    }

    /// Why no connector may try again after this result; `nil` when one may.
    package static func finality(of result: AttemptResult) -> FailoverDecision.Reason? {
        switch result {
        case .approved, .actionRequired, .conflicted: .executed
        case .unknown: .unknownOutcome
        case .notExecuted(let failure): failure.leavesDoubt ? .unknownOutcome : nil
        case .declined(let category, let code, let advice):
            !allowsNext(category, code) ? .declineClass : advice == .none ? nil : .advice
        }
    }

    /// A soft technical decline and a configuration decline say nothing about the shopper's means.
    /// Insufficient funds never moves on, whatever class the adapter gave it.
    private static func allowsNext(_ category: DeclineClass, _ code: DeclineCode) -> Bool {
        guard code != .insufficientFunds else { return false }
        return switch category {
        case .softTechnical, .configuration: true
        case .hard, .softLater, .authentication, .fixData: false
        }
    }
}

extension CallFailure {
    /// Whether the PSP may have executed the call although an adapter reports that it did not. An
    /// adapter must not report such failures as certain. If one does, no other connector tries.
    package var leavesDoubt: Bool {
        switch self {
        case .serverError, .badResponse, .conflict, .pendingAtProvider: true
        case .timeout, .connectionFailed, .connectionLost, .streamReset, .overloaded, .rateLimited, .misconfigured:
            false
        }
    }
}
