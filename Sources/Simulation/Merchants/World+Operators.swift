import Ledger
import PSPSimulator
import Payments
import ShardCore
import Time

/// Operators report what providers, settlement files and card schemes say of payments, sometimes
/// twice, sometimes late.
extension World {
    /// An event of the payment's connector, or of one that it has left.
    func event(
        _ type: PaymentEventType,
        of payment: PaymentID,
        amount: Int64? = nil,
        connector earlier: ConnectorID? = nil
    ) -> ProviderEvent {
        events += 1
        let connector = earlier ?? tries[payment.worldNumber]?.newest ?? .first
        guard let name = registry[connector] else { preconditionFailure("calls go to connectors of the registry") }
        var event = ProviderEvent(type: type, payment: payment, id: "evt-\(events)", provider: name.text)
        event.amountMinor = amount
        return event
    }

    func report(_ event: ProviderEvent, about intent: Int, after delay: Int64, random: inout SimRandom) {
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
        case 0...12:
            settle(intent, payment, amount: random.chance(600_000) ? captured : captured / 2 + 1, random: &random)
        case 13...16: dispute(intent, payment, random: &random)
        case 17:
            report(
                event(.captureFailed, of: payment, amount: random.chance(500_000) ? nil : captured / 3),
                about: intent,
                after: delay,
                random: &random
            )
        case 18:
            var unexplained = event(.moneyUnexplained, of: payment, amount: 500 + Int64(random.below(500)))
            unexplained.isTaken = random.chance(300_000)
            report(unexplained, about: intent, after: delay, random: &random)
        default:
            report(
                event(.balanceWrittenOff, of: payment, amount: 1 + Int64(random.below(2_000))),
                about: intent,
                after: delay,
                random: &random
            )
        }
    }

    private func settle(_ intent: Int, _ payment: PaymentID, amount: Int64, random: inout SimRandom) {
        var line = event(.settlementMatched, of: payment, amount: amount)
        line.feeMinor = amount / 200
        report(line, about: intent, after: random.between(0, 30_000_000), random: &random)
    }

    /// A refund bounces that had succeeded for the merchant.
    func reportRefund(_ intent: Int, _ answer: SimAnswer, random: inout SimRandom) {
        guard let payment = intents[intent].payment, random.chance(scenario.eventRate / 5) else { return }
        var bounced = event(.refundFailed, of: payment)
        bounced.refund = RefundID(high: answer.subject.high, low: answer.subject.low)
        report(bounced, about: intent, after: random.between(0, 60_000_000), random: &random)
    }

    // MARK: Disputes

    private func dispute(_ intent: Int, _ payment: PaymentID, random: inout SimRandom) {
        let captured = max(4, intents[intent].captured)
        let amount = random.chance(500_000) ? captured : captured / 4
        var first = event(random.chance(300_000) ? .disputeWarning : .disputeOpened, of: payment, amount: amount)
        first.reference = "case-\(events)"
        dress(&first, &random)
        report(first, about: intent, after: random.between(0, 30_000_000), random: &random)
    }

    private func dress(_ event: inout ProviderEvent, _ random: inout SimRandom) {
        event.feeMinor = 1_500
        event.isChargeRefundable = random.chance(300_000)
        event.includesRefunded = random.chance(200_000)
        guard random.chance(500_000) else { return }
        event.evidenceDueAt = Timestamp(
            milliseconds: Self.epoch + wallOffset + now / 1_000 + random.between(5_000, 900_000)
        )
    }

    /// The same dispute, one step on.
    private func advance(
        _ before: ProviderEvent,
        to type: PaymentEventType,
        about intent: Int,
        random: inout SimRandom
    ) {
        var next = event(type, of: before.payment, amount: type == .disputeOpened ? before.amountMinor : nil)
        next.reference = before.reference
        dress(&next, &random)
        if type != .disputeOpened { next.evidenceDueAt = 0 }
        next.isFeeReturned = type == .disputeWon && random.chance(500_000)
        report(next, about: intent, after: isCalm ? 0 : random.between(0, 120_000_000), random: &random)
    }

    func disputeDefended(_ id: DisputeID, by request: Request, with command: NonPaymentCommand, random: inout SimRandom)
    {
        guard case .evidence = command, let opened = cases[id]?.event else { return }
        advance(
            opened,
            to: isCalm || random.chance(500_000) ? .disputeLost : .disputeWon,
            about: request.intent,
            random: &random
        )
    }

    // MARK: Going on

    /// An event was applied; what is reported next.
    func eventApplied(_ event: ProviderEvent, by request: Request, _ answer: SimAnswer, random: inout SimRandom) {
        guard let effect = answer.effect else { return }
        if effect.isDispute { return disputeMoved(by: event, effect: effect, of: request, answer, random: &random) }
        guard !isCalm else { return }
        echo(event, about: request.intent, random: &random)
        switch effect {
        case .settled:
            intents[request.intent].settled += answer.amount
            let rest = intents[request.intent].captured - intents[request.intent].settled
            if rest > 0, random.chance(600_000) { settle(request.intent, event.payment, amount: rest, random: &random) }
            moveMoney(request.merchant, upTo: answer.amount, &random)
        case .unexplained:
            // When there was only a hold, no money moved.
            guard answer.amount != 0 else { break }
            var explained = self.event(
                .moneyReclassified,
                of: event.payment,
                amount: abs(answer.amount),
                connector: request.earlier
            )
            explained.isTaken = event.isTaken
            explained.target = random.pick(SuspenseTarget.allCases)
            report(explained, about: request.intent, after: random.between(0, 60_000_000), random: &random)
        case .none, .refundBounced, .captureReversed, .authorizationExpired, .authorized, .authorizedLate,
            .capturedLate, .authorizationFailed, .conflicted, .reclassified, .writtenOff, .disputeWarned,
            .disputeOpened, .disputeUnderReview, .disputeWon, .disputeLost, .disputeLostAfterAll,
            .disputeWarningClosed, .disputeOverdue, .disputeWonAfterAll, .refundConfirmed, .refundReversed,
            .conflictResolved, .incremented:
            break
        }
    }

    private func disputeMoved(
        by event: ProviderEvent,
        effect: PaymentEffect,
        of request: Request,
        _ answer: SimAnswer,
        random: inout SimRandom
    ) {
        let id = DisputeID(high: answer.subject.high, low: answer.subject.low)
        if isCalm {
            // No dispute stays open, because a payment that was captured too late is reversed only
            // after it.
            if effect == .disputeOpened { advance(event, to: .disputeLost, about: request.intent, random: &random) }
            return
        }
        echo(event, about: request.intent, random: &random)
        switch effect {
        case .disputeWarned:
            advance(
                event,
                to: random.chance(500_000) ? .disputeOpened : .disputeWarningClosed,
                about: request.intent,
                random: &random
            )
        case .disputeOpened:
            cases[id] = (event, request.intent)
            respond(to: id, after: event, of: request, random: &random)
        case .disputeUnderReview:
            advance(
                event,
                to: random.chance(500_000) ? .disputeWon : .disputeLost,
                about: request.intent,
                random: &random
            )
        case .disputeWon, .disputeWonAfterAll:
            guard random.chance(300_000) else { return }
            let type: PaymentEventType = random.chance(500_000) ? .disputeOpened : .disputeLost
            var again = event
            again.amountMinor = answer.amount
            advance(again, to: type, about: request.intent, random: &random)
        default: break
        }
    }

    private func respond(to id: DisputeID, after event: ProviderEvent, of request: Request, random: inout SimRandom) {
        let delay = random.between(0, 60_000_000)
        switch random.below(8) {
        case 0...1: begin(.evidence(id), merchant: request.merchant, intent: request.intent, after: delay, &random)
        case 2: begin(.accept(id), merchant: request.merchant, intent: request.intent, after: delay, &random)
        case 3: advance(event, to: .disputeUnderReview, about: request.intent, random: &random)
        case 4: advance(event, to: .disputeWon, about: request.intent, random: &random)
        case 5: advance(event, to: .disputeLost, about: request.intent, random: &random)
        default: break
        }
    }

    /// The same event under another identifier, as from a provider that numbers its deliveries and
    /// not its events.
    private func echo(_ event: ProviderEvent, about intent: Int, random: inout SimRandom) {
        guard random.chance(100_000), event.type != .moneyUnexplained else { return }
        events += 1
        var again = event
        again.id = "evt-\(events)"
        report(again, about: intent, after: random.between(0, 20_000_000), random: &random)
    }

    /// Every case that may be open still is lost.
    func closeCases() {
        var random = SimRandom(seed: scenario.seed, .operators)
        for (_, opened) in cases.sorted(by: { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }) {
            advance(opened.event, to: .disputeLost, about: opened.intent, random: &random)
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
        var event = event(type, of: payment, amount: amount)
        event.reference = charge.charge
        report(event, about: intent, after: 0, random: &random)
    }

    /// What is held under a reference at all PSPs together.
    func held(_ reference: String) -> Int64 {
        psps.indices.reduce(0) { $0 + psps[$1].held(reference: reference, now: UInt32(now / 1_000)) }
    }

    /// The PSP reports that a shopper has failed.
    func reportFailure(_ intent: Int) {
        guard let payment = intents[intent].payment, auditor.charge(of: intent) == nil else { return }
        var random = SimRandom(seed: scenario.seed &+ UInt64(intent) &* 0x9E37_79B9, .operators)
        report(
            event(.authorizationFailed, of: payment),
            about: intent,
            after: random.between(0, 30_000_000),
            random: &random
        )
    }
}
