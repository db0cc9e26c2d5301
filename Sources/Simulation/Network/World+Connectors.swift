import PSPSimulator
import Payments
import ShardCore

/// What is known of one payment's authorization at the connectors, from the calls themselves.
struct PaymentTries {
    enum State {
        /// Called, and the process that called has no definite outcome.
        case doubtful
        /// Every call was definitely declined or not executed.
        case refused
    }

    var states: [ConnectorID: State] = [:]
    var newest: ConnectorID
}

/// Two connectors, and merchants with one or both of them in their route. It also has the checks of
/// both.
extension World {
    /// The connectors that a merchant's payments may try.
    func route(of merchant: UInt64) -> RoutePlan {
        guard let alpha = ConnectorID(rawValue: 1), let beta = ConnectorID(rawValue: 2),
            let both = RoutePlan([alpha, beta]), let reversed = RoutePlan([beta, alpha])
        else { preconditionFailure("two connectors make a route") }
        guard Int(merchant % 4) < scenario.routesOfBoth else { return RoutePlan(merchant % 8 < 4 ? alpha : beta) }
        return merchant % 8 < 4 ? both : reversed
    }

    /// Checks before a connector is asked to authorize: every other one that was asked must have
    /// refused definitely.
    func checkTries(before call: ProviderCall) {
        guard call.operation == .authorize else { return }
        let sequence = call.payment.worldNumber
        var tries = tries[sequence] ?? PaymentTries(newest: call.connector)
        let left = tries.newest
        tries.newest = call.connector
        defer { if left != call.connector { hasLeft(left, call) } }
        guard call.mode == .execute else { return self.tries[sequence] = tries }
        if tries.states.contains(where: { $0.key != call.connector && $0.value == .doubtful }) {
            fail("\(call.payment) is sent to \(call.connector) after an unknown outcome at another")
        }
        tries.states[call.connector] = .doubtful
        openTries[TryKey(payment: sequence, connector: call.connector), default: 0] += 1
        self.tries[sequence] = tries
    }

    /// A payment goes on to another connector.
    private func hasLeft(_ connector: ConnectorID, _ call: ProviderCall) {
        counts.failovers += 1
        guard scenario.hasEarlierEvents, !isCalm else { return }
        planEarlierEvents(of: connector, call)
    }

    /// What came back of a call, before any planted bug changes it.
    func noteTry(_ call: ProviderCall, _ outcome: ProviderOutcome) {
        guard call.operation == .authorize, call.mode == .execute else { return }
        let key = TryKey(payment: call.payment.worldNumber, connector: call.connector)
        switch outcome {
        case .declined, .notExecuted: openTries[key, default: 0] -= 1
        case .succeeded, .actionRequired, .pending, .unknown, .notFound: return
        }
        if openTries[key] == 0 { tries[call.payment.worldNumber]?.states[call.connector] = .refused }
    }

    // MARK: Planted bugs

    /// Planted bug: an adapter that takes a missing answer for a refusal.
    func planted(_ outcome: ProviderOutcome, of call: SimCall) -> ProviderOutcome {
        guard scenario.planted == .failoverAfterUnknown, call.call.operation == .authorize, call.call.mode == .execute,
            case .unknown = outcome
        else { return outcome }
        return .notExecuted(.misconfigured)
    }

    /// Planted bug: a gateway that calls the next connector at once after a definite refusal,
    /// without a record. It takes the answer for the first connector's.
    func sendsWithoutRecord(_ call: SimCall, _ outcome: ProviderOutcome) -> Bool {
        guard scenario.planted == .attemptWithoutRecord, call.call.operation == .authorize, call.call.mode == .execute,
            call.call.attempt == 1, case .declined(let decline) = outcome, decline.category == .softTechnical
        else { return false }
        let route = route(of: intents[Intent.intent(of: call.call.amountMinor)].merchant)
        guard let next = route[1], call.call.connector == route.first else { return false }
        var second = call.call
        second.connector = next
        second.attempt = 2
        callProvider(second, token: call.token, timeout: 10_000, boot: call.boot)
        return true
    }
}

extension PaymentID {
    /// A number of its own among the payments of all shards.
    var worldNumber: UInt64 { UInt64(shard) << 48 | sequence }
}

/// One payment at one connector.
struct TryKey: Hashable {
    var payment: UInt64
    var connector: ConnectorID
}
