import Payments
import ShardCore
import ShardHost

/// Connectors that a payment has left. They had declined it definitely, and report something about
/// it later. If they executed it after all, the gateway raises an alarm and books the money in
/// suspense. It refuses every other report.
extension World {
    /// Plans what such a connector reports: while the next one is called, or long after.
    func planEarlierEvents(of connector: ConnectorID, _ call: ProviderCall) {
        var random = SimRandom(seed: scenario.seed &+ call.payment.worldNumber &* 0x9E37_79B9, .earlierConnectors)
        let intent = Intent.intent(of: call.amountMinor)
        guard intents.indices.contains(intent), random.chance(700_000) else { return }
        for _ in 0...random.below(3) {
            let type: PaymentEventType =
                random.chance(500_000)
                ? random.pick([.authorizationSucceeded, .captureSucceeded])
                : random.pick([
                    .captureFailed, .refundSucceeded, .refundFailed, .disputeOpened, .settlementMatched,
                    .cancelSucceeded,
                    .authorizationFailed, .balanceWrittenOff,
                ])
            var event = event(type, of: call.payment, amount: call.amountMinor, connector: connector)
            if type == .authorizationFailed || type == .cancelSucceeded { event.amountMinor = nil }
            event.reference = "late-\(events)"
            counts.earlierEvents += 1
            report(
                event,
                about: intent,
                after: random.between(0, random.chance(500_000) ? 100_000 : 300_000_000),
                random: &random
            )
        }
    }

    /// The connector that the event is about, when the payment has left it.
    func earlierConnector(of command: NonPaymentCommand) -> ConnectorID? {
        guard case .event(let event) = command, let tries = tries[event.payment.worldNumber],
            let connector = connector(of: event)
        else { return nil }
        return connector != tries.newest && tries.states[connector] == .refused ? connector : nil
    }

    private func connector(of event: ProviderEvent) -> ConnectorID? {
        registry.names.firstIndex { $0.text == event.provider }.flatMap { ConnectorID(rawValue: UInt16($0 + 1)) }
    }

    /// Notes a report of an execution that is about to be sent. The payment may have left the
    /// connector when the report arrives.
    func noteReported(_ event: ProviderEvent) {
        guard event.type.isSuccess, let connector = connector(of: event) else { return }
        let key = TryKey(payment: event.payment.worldNumber, connector: connector)
        reportedAtMost[key] = max(reportedAtMost[key] ?? 0, event.amountMinor ?? 0)
    }

    /// Planted bug: the adapter does not look at who reports.
    func misattribute(_ event: inout ProviderEvent) {
        guard scenario.planted == .earlierAsOwn, let newest = tries[event.payment.worldNumber]?.newest,
            let name = registry[newest]
        else { return }
        event.provider = name.text
    }

    // MARK: Checks

    /// The gateway must take a report of success as an alarm, and must refuse other reports.
    func checkEarlier(_ response: Response, _ answer: SimAnswer, to request: Request) {
        guard let connector = request.earlier, case .event(let event) = request.nonPayment else { return }
        if let refusal = answer.refusal, refusal.isPassing { return }
        switch event.type {
        case .moneyUnexplained, .moneyReclassified: return
        case .authorizationSucceeded, .captureSucceeded:
            guard answer.effect == .unexplained || answer.effect == PaymentEffect.none else {
                return fail(
                    "\(event.payment): \(event.type) of \(connector), which it had left, is no alarm: \(answer)"
                )
            }
            checkAlarm(response, answer, of: event)
            let key = TryKey(payment: event.payment.worldNumber, connector: connector)
            let moves = event.type == .captureSucceeded || intents[request.intent].captures
            reportedByEarlier[key] = max(reportedByEarlier[key] ?? 0, moves ? event.amountMinor ?? 0 : 0)
        default:
            guard answer.refusal != .connectorMismatch else { return }
            fail("\(event.payment): \(event.type) of \(connector), which it had left, is not refused: \(answer)")
        }
    }

    /// The process that answers has counted a double execution.
    private func checkAlarm(_ response: Response, _ answer: SimAnswer, of event: ProviderEvent) {
        guard answer.effect == .unexplained, !response.isReplay, let gateway else { return }
        let hosts = gateway.shards[Int(event.payment.shard)].hosts
        let isAlarmed = hosts.contains { $0.host.map { $0.core.statistics.doubleExecutions > 0 } ?? false }
        if !isAlarmed { fail("\(event.payment): no alarm was counted, and a connector executed it after a decline") }
    }

    /// Each report has its record, and its money is in suspense once.
    func checkSuspenseOfEarlier() {
        for (key, amount) in reportedByEarlier {
            guard let booked = journalLogs[Int(key.payment >> 48)].books.executedAfterAll[key] else {
                fail(
                    "payment \(key.payment): \(key.connector) reported that it executed it after all, and no record says so"
                )
                continue
            }
            // A report whose answer nobody received may be booked, too.
            if booked < amount {
                fail("payment \(key.payment): \(amount) moved at \(key.connector), and \(booked) is in suspense")
            }
        }
        for books in journalLogs.map(\.books) {
            for (key, booked) in books.executedAfterAll where booked > reportedAtMost[key] ?? 0 {
                let most = reportedAtMost[key] ?? 0
                fail("payment \(key.payment): at most \(most) moved at \(key.connector), and \(booked) is in suspense")
            }
        }
    }
}

extension Refusal {
    /// The same request may succeed in a moment.
    fileprivate var isPassing: Bool {
        switch self {
        case .overloaded, .journalFailed, .draining, .journalRoomShort, .merchantLimitReached, .shardUnavailable,
            .keyInUse,
            .operationInProgress:
            true
        default: false
        }
    }
}

extension PaymentEventType {
    /// A connector says that it authorized or captured.
    var isSuccess: Bool { self == .authorizationSucceeded || self == .captureSucceeded }
}
