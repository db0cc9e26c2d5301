import PSPSimulator
import Payments

/// What merchants and shoppers do next.
extension World {
    /// After an authorization: captures, increments or a cancel; after a capture: refunds; where a
    /// shopper is asked: confirmations.
    func followUp(_ number: Int, _ answer: SimAnswer) {
        let request = requests[number]
        guard let payment = intents[request.intent].payment, payment.sequence > 0 else { return }
        var random = SimRandom(seed: scenario.seed &+ UInt64(number) &* 0xA076_1D65, .merchants)
        guard request.outcome == .succeeded || request.kind == .refund || request.kind == .increment else { return }
        switch request.kind {
        case .create, .confirm, .approve:
            switch answer.paymentStatus {
            case .review: look(request.intent, &random)
            case .requiresAction: awaitShopper(request, &random)
            case .authorized: afterAuthorization(request.intent, &random)
            default:
                reportCapture(request.intent, &random)
                if random.chance(400_000) { refund(request.intent, &random) }
            }
        case .increment: afterAuthorization(request.intent, &random)
        case .capture:
            reportCapture(request.intent, &random)
            if answer.paymentStatus == .partiallyCaptured {
                afterPart(request.intent, answer, random: &random)
            } else if random.chance(400_000) {
                refund(request.intent, &random)
            }
        case .cancel, .reject, .nonPayment: break
        case .refund:
            if request.outcome == .succeeded { reportRefund(request.intent, answer, random: &random) }
            if random.chance(400_000) { refund(request.intent, &random) }
        }
    }

    /// A payment waits for a review: it is approved, rejected, or decided too late.
    private func look(_ intent: Int, _ random: inout SimRandom) {
        let delay = random.between(0, scenario.reviewTimeout * 1_500)
        switch random.below(10) {
        case 0...4: begin(.approve, intent, amount: nil, after: delay, random: &random)
        case 5...6: begin(.reject, intent, amount: nil, after: delay, random: &random)
        case 7:
            begin(.approve, intent, amount: nil, after: delay, random: &random)
            begin(.reject, intent, amount: nil, after: delay, random: &random)
        default: break
        }
    }

    private func afterAuthorization(_ intent: Int, _ random: inout SimRandom) {
        let amount = Intent.amount(of: intent)
        switch random.below(20) {
        case 0...6: begin(.capture, intent, amount: nil, random: &random)
        case 7...9: begin(.capture, intent, amount: amount / 2, random: &random)
        case 10...11: begin(.capture, intent, amount: amount / 3, isFinal: false, random: &random)
        // More than was authorized. Some providers accept that, and the gateway refuses it for
        // others.
        case 12: begin(.capture, intent, amount: amount + amount / 20 * Int64(random.below(5)), random: &random)
        case 13...15: begin(.cancel, intent, amount: nil, random: &random)
        case 16...18 where intents[intent].increments < 3:
            intents[intent].increments += 1
            let total = amount + Intent.incrementStep * Int64(intents[intent].increments)
            begin(.increment, intent, amount: total, random: &random)
        default: break
        }
    }

    /// A part was captured, and the rest is open.
    private func afterPart(_ intent: Int, _ answer: SimAnswer, random: inout SimRandom) {
        let rest = max(3, answer.authorized - answer.captured)
        switch random.below(10) {
        case 0...2: begin(.capture, intent, amount: nil, random: &random)
        case 3...4: begin(.capture, intent, amount: rest / 3, isFinal: false, random: &random)
        case 5...6: begin(.capture, intent, amount: rest / 3, random: &random)
        case 7...8: begin(.cancel, intent, amount: nil, random: &random)
        default: break
        }
    }

    /// Sometimes two at once, sometimes all that is left.
    private func refund(_ intent: Int, _ random: inout SimRandom) {
        let part = max(1, intents[intent].captured / 4)
        if random.chance(200_000) { return begin(.refund, intent, amount: nil, random: &random) }
        begin(.refund, intent, amount: part, random: &random)
        if random.chance(300_000) { begin(.refund, intent, amount: part, random: &random) }
    }

    // MARK: Shoppers

    /// The shopper does what was asked, fails, or never comes back. The merchant asks now and then,
    /// cancels, or forgets the payment.
    private func awaitShopper(_ request: Request, _ random: inout SimRandom) {
        let intent = request.intent
        if request.kind != .confirm {
            let end = random.below(10)
            let pause = random.between(100_000, 90_000_000)
            if end < 8 { queue.schedule(.shopper(intent: intent, succeeds: end < 6), at: now + pause) }
        }
        if random.chance(100_000) {
            return begin(.cancel, intent, amount: nil, after: random.between(0, 60_000_000), random: &random)
        }
        guard intents[intent].confirms < Intent.maximumConfirms, random.chance(850_000) else { return }
        intents[intent].confirms += 1
        begin(.confirm, intent, amount: nil, after: random.between(100_000, 60_000_000), random: &random)
    }

    func shopperIsDone(_ intent: Int, succeeds: Bool) {
        guard let payment = intents[intent].payment else { return }
        for number in psps.indices {
            psps[number].finishAction(reference: "\(payment)", succeeds: succeeds, now: UInt32(now / 1_000))
        }
        trace.note("shopper", at: now, of: intent, with: succeeds ? 1 : 0)
        let isOnlyAction = ["tok_3ds", "tok_redirect"].contains(intents[intent].method)
        if !succeeds, isOnlyAction { reportFailure(intent) }
    }
}
