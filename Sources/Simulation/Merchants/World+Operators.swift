import Ledger
import PSPSimulator
import Payments
import ShardCore

/// Operators report what providers, settlement files and card schemes say of payments, sometimes twice, sometimes late.
extension World {
    /// News of the payment's connector, or of one that it has left.
    func event(
        _ type: PaymentEventType,
        _ payment: PaymentID,
        _ amount: Int64? = nil,
        of earlier: ConnectorID? = nil
    ) -> ProviderEvent {
        events += 1
        let connector = earlier ?? tries[payment.worldNumber]?.newest ?? .first
        guard let name = registry[connector] else { preconditionFailure("calls go to connectors of the registry") }
        var event = ProviderEvent(type: type, payment: payment, id: "evt-\(events)", provider: name.text)
        event.amountMinor = amount
        return event
    }

    func report(_ event: ProviderEvent, _ intent: Int, after delay: Int64, _ random: inout SimRandom) {
        noteReported(event)
        begin(.event(event), merchant: intents[intent].merchant, intent: intent, after: delay, &random)
    }

    // MARK: Of what was captured

    /// A payment was captured: it is settled, disputed, fails after all, or nothing is heard of it.
    func reportCapture(_ intent: Int, _ random: inout SimRandom) {
        guard let payment = intents[intent].payment, random.chance(scenario.eventRate) else { return }
        if case .wallet = intents[intent].funding, random.chance(900_000) { return }
        let captured = max(1, intents[intent].captured - intents[intent].settled)
        let delay = random.between(0, 60_000_000)
        switch random.below(20) {
        case 0...12: settle(intent, payment, random.chance(600_000) ? captured : captured / 2 + 1, &random)
        case 13...16: dispute(intent, payment, &random)
        case 17:
            report(
                event(.captureFailed, payment, random.chance(500_000) ? nil : captured / 3),
                intent,
                after: delay,
                &random
            )
        case 18:
            var unexplained = event(.moneyUnexplained, payment, 500 + Int64(random.below(500)))
            unexplained.isTaken = random.chance(300_000)
            report(unexplained, intent, after: delay, &random)
        default:
            report(event(.balanceWrittenOff, payment, 1 + Int64(random.below(2_000))), intent, after: delay, &random)
        }
    }

    private func settle(_ intent: Int, _ payment: PaymentID, _ amount: Int64, _ random: inout SimRandom) {
        var line = event(.settlementMatched, payment, amount)
        line.feeMinor = amount / 200
        report(line, intent, after: random.between(0, 30_000_000), &random)
    }

    /// A refund bounces that had succeeded for the merchant.
    func reportRefund(_ intent: Int, _ answer: SimAnswer, _ random: inout SimRandom) {
        guard let payment = intents[intent].payment, random.chance(scenario.eventRate / 5) else { return }
        var bounced = event(.refundFailed, payment)
        bounced.refund = RefundID(high: answer.subject.high, low: answer.subject.low)
        report(bounced, intent, after: random.between(0, 60_000_000), &random)
    }

    // MARK: Disputes

    private func dispute(_ intent: Int, _ payment: PaymentID, _ random: inout SimRandom) {
        let captured = max(4, intents[intent].captured)
        let amount = random.chance(500_000) ? captured : captured / 4
        var first = event(random.chance(300_000) ? .disputeWarning : .disputeOpened, payment, amount)
        first.reference = "case-\(events)"
        dress(&first, &random)
        report(first, intent, after: random.between(0, 30_000_000), &random)
    }

    private func dress(_ event: inout ProviderEvent, _ random: inout SimRandom) {
        event.feeMinor = 1_500
        event.isChargeRefundable = random.chance(300_000)
        event.includesRefunded = random.chance(200_000)
        guard random.chance(500_000) else { return }
        event.evidenceDueAt = Self.epoch + wallOffset + now / 1_000 + random.between(5_000, 900_000)
    }

    /// The same dispute, one step on.
    private func advance(
        _ before: ProviderEvent,
        _ type: PaymentEventType,
        _ intent: Int,
        _ random: inout SimRandom
    ) {
        var next = event(type, before.payment, type == .disputeOpened ? before.amountMinor : nil)
        next.reference = before.reference
        dress(&next, &random)
        if type != .disputeOpened { next.evidenceDueAt = 0 }
        next.isFeeReturned = type == .disputeWon && random.chance(500_000)
        report(next, intent, after: isCalm ? 0 : random.between(0, 120_000_000), &random)
    }

    func disputeDefended(_ id: DisputeID, _ request: Request, _ command: NonPaymentCommand, _ random: inout SimRandom) {
        guard case .evidence = command, let opened = cases[id]?.event else { return }
        advance(opened, isCalm || random.chance(500_000) ? .disputeLost : .disputeWon, request.intent, &random)
    }

    // MARK: Going on

    /// An event was applied; what is reported next.
    func eventApplied(_ event: ProviderEvent, _ request: Request, _ answer: SimAnswer, _ random: inout SimRandom) {
        guard let effect = answer.effect else { return }
        if effect.isDispute { return disputeMoved(event, effect, request, answer, &random) }
        guard !isCalm else { return }
        echo(event, request.intent, &random)
        switch effect {
        case .settled:
            intents[request.intent].settled += answer.amount
            let rest = intents[request.intent].captured - intents[request.intent].settled
            if rest > 0, random.chance(600_000) { settle(request.intent, event.payment, rest, &random) }
            moveMoney(request.merchant, upTo: answer.amount, &random)
        case .unexplained:
            // Of a hold alone nothing moved.
            guard answer.amount != 0 else { break }
            var explained = self.event(.moneyReclassified, event.payment, abs(answer.amount), of: request.earlier)
            explained.isTaken = event.isTaken
            explained.target = random.pick(SuspenseTarget.allCases)
            report(explained, request.intent, after: random.between(0, 60_000_000), &random)
        case .none, .refundBounced, .captureReversed, .authorizationExpired, .authorized, .authorizedLate,
            .capturedLate, .authorizationFailed, .conflicted, .reclassified, .writtenOff, .disputeWarned,
            .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll,
            .disputeWarningClosed, .disputeOverdue, .disputeWonAfterAll, .refundConfirmed, .refundReversed,
            .conflictResolved, .incremented:
            break
        }
    }

    private func disputeMoved(
        _ event: ProviderEvent,
        _ effect: PaymentEffect,
        _ request: Request,
        _ answer: SimAnswer,
        _ random: inout SimRandom
    ) {
        let id = DisputeID(high: answer.subject.high, low: answer.subject.low)
        if isCalm {
            // No case stays open: what came too late is reversed only then.
            if effect == .disputeOpened { advance(event, .disputeLost, request.intent, &random) }
            return
        }
        echo(event, request.intent, &random)
        switch effect {
        case .disputeWarned:
            advance(event, random.chance(500_000) ? .disputeOpened : .disputeWarningClosed, request.intent, &random)
        case .disputeOpened:
            cases[id] = (event, request.intent)
            respond(to: id, event, request, &random)
        case .disputeUnderReview:
            advance(event, random.chance(500_000) ? .disputeWon : .disputeLost, request.intent, &random)
        case .disputeWon, .disputeWonAfterAll:
            guard random.chance(300_000) else { return }
            let type: PaymentEventType = random.chance(500_000) ? .disputeOpened : .disputeLost
            var again = event
            again.amountMinor = answer.amount
            advance(again, type, request.intent, &random)
        default: break
        }
    }

    private func respond(to id: DisputeID, _ event: ProviderEvent, _ request: Request, _ random: inout SimRandom) {
        let delay = random.between(0, 60_000_000)
        switch random.below(8) {
        case 0...1: begin(.evidence(id), merchant: request.merchant, intent: request.intent, after: delay, &random)
        case 2: begin(.accept(id), merchant: request.merchant, intent: request.intent, after: delay, &random)
        case 3: advance(event, .disputeUnderReview, request.intent, &random)
        case 4: advance(event, .disputeWon, request.intent, &random)
        case 5: advance(event, .disputeLost, request.intent, &random)
        default: break
        }
    }

    /// The same news under another identifier: a provider that numbers its deliveries and not its events.
    private func echo(_ event: ProviderEvent, _ intent: Int, _ random: inout SimRandom) {
        guard random.chance(100_000), event.type != .moneyUnexplained else { return }
        events += 1
        var again = event
        again.id = "evt-\(events)"
        report(again, intent, after: random.between(0, 20_000_000), &random)
    }

    /// Every case that may be open still is lost.
    func closeCases() {
        var random = SimRandom(seed: scenario.seed, .operators)
        for (_, opened) in cases.sorted(by: { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }) {
            advance(opened.event, .disputeLost, opened.intent, &random)
        }
    }

    // MARK: What the PSP knows

    /// The PSP reports what it did for this shopper, whether the gateway has heard of it or not.
    func reportTruth(_ intent: Int) {
        guard !isCalm, let charge = auditor.charge(of: intent), charge.isEuro, let payment = PaymentID(charge.reference)
        else { return }
        var random = SimRandom(seed: scenario.seed &+ UInt64(intent) &* 0x9E37_79B9, .operators)
        let held = held(charge.reference)
        let type: PaymentEventType
        var amount: Int64? = charge.amountMinor
        if auditor.wasCancelled(charge.reference) {
            (type, amount) = (.cancelSucceeded, nil)
        } else if auditor.wasRefunded(charge.reference) {
            return
        } else if let captured = auditor.firstCapture(charge.reference) {
            (type, amount) = (.captureSucceeded, captured)
        } else if charge.isSale {
            type = random.chance(500_000) ? .captureSucceeded : .authorizationSucceeded
        } else if held > 0 {
            type = .authorizationSucceeded
        } else {
            (type, amount) = (.authorizationExpired, nil)
        }
        var event = event(type, payment, amount)
        event.reference = charge.charge
        report(event, intent, after: 0, &random)
    }

    /// What is held under a reference at all PSPs together.
    func held(_ reference: String) -> Int64 {
        psps.indices.reduce(0) { $0 + psps[$1].held(reference: reference, now: UInt32(now / 1_000)) }
    }

    /// The PSP reports that a shopper has failed.
    func reportFailure(_ intent: Int) {
        guard let payment = intents[intent].payment, auditor.charge(of: intent) == nil else { return }
        var random = SimRandom(seed: scenario.seed &+ UInt64(intent) &* 0x9E37_79B9, .operators)
        report(event(.authorizationFailed, payment), intent, after: random.between(0, 30_000_000), &random)
    }
}
