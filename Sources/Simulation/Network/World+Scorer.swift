import Payments
import Risk
import ShardHost

/// Between gateway and scorer, and the scorer itself.
extension World {
    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64, boot: Int) {
        counts.questions += 1
        let draw = scorer.below(100)
        let quick = scorer.between(1_000, 60_000)
        let isFault = draw < 25 && has(.scorer)
        // The same payment has the same score whenever it is asked for.
        var taste = SimRandom(seed: UInt64(question.amountMinor), .scorer)
        let score = UInt8([5, 10, 20, 35, 45, 55, 70, 79, 85, 100][taste.below(10)])
        var outcome = ScoreOutcome.scored(score, reasons: score > 50 ? ["odd"] : [])
        var delay = quick
        if isFault {
            counts.scorerFaults += 1
            let failure: ScoreFailure = [.timeout, .unreachable, .overloaded, .badAnswer][draw % 4]
            if failure == .timeout { delay = timeout * 1_000 }
            outcome = scenario.planted == .failOpen ? .scored(0, reasons: []) : .failed(failure)
        }
        trace.note("score", at: now, of: Int(question.payment.worldNumber), with: isFault ? -1 : Int(score))
        expectations.append((question.payment.worldNumber, isAllowed(question, isFault ? nil : score)))
        scores.append(outcome)
        queue.schedule(.scored(owner: boot, token: token, scores.count - 1), at: now + delay)
    }

    /// What the policy says of this score, plainly; nil for none.
    private func isAllowed(_ question: ScoreRequest, _ score: UInt8?) -> Bool {
        guard question.score < 50 else { return false }
        guard let score else { return scenario.risk?.scorer?.onFailure == .allow }
        return score < 50
    }

    func scored(owner: Int, token: UInt64, number: Int) {
        guard let gateway, let at = gateway.host(of: owner) else { return }
        let (payment, isAllowed) = expectations[number]
        // An answer to a replaced owner decides nothing; its successor has asked again.
        if at === at.shard.serving { clearances[payment] = isAllowed }
        let outcome = scores[number]
        at.perform { host in
            host.scored(token, outcome)
            host.scoresDelivered()
        }
        settle(gateway)
    }

    /// Checks that no call goes to the PSP without the scorer's or a review's permission.
    func checkCleared(_ call: ProviderCall) {
        guard call.operation == .authorize, call.mode == .execute else { return }
        let payment = call.payment.worldNumber
        let isApproved = approved.contains(Intent.intent(of: call.amountMinor))
        if clearances[payment] == false, !isApproved {
            fail("payment \(payment) goes to the PSP, and the scorer did not let it")
        }
        if reviewed.contains(payment), !isApproved {
            fail("payment \(payment) goes to the PSP, and nobody approved it")
        }
    }
}
