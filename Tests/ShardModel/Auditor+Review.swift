import Money
import Payments
import Risk
import ShardCore
import ShardRecords
import Time

/// What the fraud hook decides, as docs/risk.md has it.
struct NaiveVerdict: Equatable {
    enum Band: String { case allow, review, block }

    var score: Int
    var reasons: [String]
    var isScorers: Bool
    var atLeast = Band.allow

    /// The documented bands.
    var band: Band {
        let band: Band = score >= 80 ? .block : score >= 50 ? .review : .allow
        return atLeast == .review && band == .allow ? .review : band
    }
}

// What is looked at before anything is sent: rules, scorer, people.
extension Auditor {
    /// Asks the rules. nil where nothing is decided yet: it is sent, or the scorer is asked.
    func assess(_ payment: inout NaivePayment) -> NaiveVerdict? {
        guard let risk = configuration.risk else { return nil }
        payment.score = 0
        payment.reasons = []
        for rule in risk.rules {
            guard case .amount(let over, let currency) = rule.condition, currency == payment.currency,
                payment.amount > over
            else { continue }
            payment.score = min(100, payment.score + Int(rule.score))
            payment.reasons.append(rule.name)
        }
        let verdict = NaiveVerdict(score: payment.score, reasons: payment.reasons, isScorers: false)
        return verdict.band == .allow || asksScorer(payment) ? nil : verdict
    }

    func asksScorer(_ payment: NaivePayment) -> Bool {
        configuration.risk?.scorer != nil && payment.score < 80
    }

    mutating func hear(_ question: ScoreRequest) throws(Mismatch) {
        let number = try number(question.payment)
        guard let payment = payments[number], payment.running?.heldBack == true, !questions.contains(number) else {
            throw Mismatch(description: "the scorer was asked about p\(number)")
        }
        guard Int(question.score) == payment.score, question.reasons == payment.reasons,
            question.amountMinor == payment.amount
        else { throw Mismatch(description: "the scorer was asked with \(question.score), not \(payment.score)") }
        questions.append(number)
    }

    mutating func expectVerdict(_ score: UInt8?) throws(Mismatch) {
        guard !questions.isEmpty, let payment = payments[questions[0]] else {
            throw Mismatch(description: "the model knows of no question")
        }
        questions.removeFirst()
        var verdict = NaiveVerdict(score: payment.score, reasons: payment.reasons, isScorers: true)
        if let score {
            verdict.score = max(verdict.score, Int(score))
            verdict.reasons.append("scorer")
        } else {
            // The scenarios' policy: people decide.
            verdict.atLeast = .review
            verdict.reasons.append("scorer_failed")
        }
        expectation = .verdict(verdict)
    }

    mutating func judged(_ record: RiskDecided, _ number: Int, at now: Int64) throws(Mismatch) {
        guard case .verdict(let verdict) = expectation, var payment = payments[number], let operation = payment.running,
            operation.heldBack
        else { throw Mismatch(description: "judged unasked") }
        let band = faults.contains(.reviewBlocks) && record.band == .review ? "block" : "\(record.band)"
        guard band == verdict.band.rawValue, Int(record.score) == verdict.score, record.reasons == verdict.reasons,
            (record.source == .scorer) == verdict.isScorers
        else { throw Mismatch(description: "judged \(band) \(record.score) \(record.reasons), not \(verdict)") }
        payment.score = verdict.score
        guard verdict.band != .allow else {
            payment.running?.heldBack = false
            payments[number] = payment
            expectation = .nothing
            if let running = payment.running { send(running, number, at: now) }
            return
        }
        expectation = .nothing
        payment.running = nil
        let isReview = verdict.band == .review
        if isReview { payment.counts[.authorize] = 0 } else { payment.failure = "blocked" }
        payment.phase = isReview ? .review : .failed
        payment.deadline = isReview ? now + (configuration.risk?.reviewTimeout ?? 0) : 0
        payments[number] = payment
        guard record.deadline.milliseconds == payment.deadline, record.responseStatus == (isReview ? 202 : 402) else {
            throw Mismatch(description: "judged until \(record.deadline), stored \(record.responseStatus)")
        }
        if last?.step.payment == number, case .running(.authorize, 1) = last?.key { last?.key = .done(record: records) }
        guard operation.waitsForReply else { return }
        answers.append(isReview ? (202, payment.text) : (402, "declined | \(payment.text)"))
    }

    mutating func endReview(
        _ change: PaymentChange,
        _ payment: inout NaivePayment,
        at now: Int64
    ) throws(Mismatch) {
        guard payment.phase == .review else { throw Mismatch(description: "\(change) in no review") }
        payment.phase = .failed
        payment.failure = "\(change)"
        if change == .reviewTimedOut {
            guard payment.deadline <= now else { throw Mismatch(description: "timed out before its time") }
        } else {
            guard case .rejected = expectation else { throw Mismatch(description: "rejected unasked") }
            expectation = .nothing
            last?.key = .done(record: records)
        }
        payment.deadline = 0
        if change == .reviewRejected { answers.append((200, payment.text)) }
    }
}
