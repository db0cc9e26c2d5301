import Money
import Payments
import ShardCore

// What ought to come of a step.
extension Auditor {
    mutating func expect(_ step: Step, at now: Int64) throws(Mismatch) {
        switch step {
        case .create(let number, let creation): expectCreation(number, creation, at: now)
        case .capture(let number, _, _, _), .cancel(let number), .increment(let number, _), .confirm(let number),
            .refund(let number, _), .approve(let number), .reject(let number), .event(let number, _),
            .evidence(let number, _), .accept(let number, _):
            expectRequest(step, number, toldAt: now, at: now)
        case .dispute(let number, let dispute): answers.append((200, disputeText(number, Int(dispute))))
        case .read(let number): answers.append((200, payments[number]?.text ?? ""))
        case .treasury(let treasury): expectTreasury(treasury, at: now)
        case .again: try expectRepetition(at: now)
        case .provider(let number, let reply): try expectOutcome(number, reply, at: now)
        case .score(let score): try expectVerdict(score)
        case .wait, .snapshot: break
        case .restart, .restore: restart(at: now)
        }
    }

    /// A request under a key, told first at `toldAt`.
    mutating func expectRequest(_ step: Step, _ number: Int, toldAt: Int64, at now: Int64) {
        var step = step
        // It comes from the connector that has the payment when it is reported first; a repetition
        // says the same.
        if case .event(_, var event) = step, event.connector == nil {
            event.connector = payments[number]?.connector
            step = .event(number, event)
        }
        last = (step, .unused, toldAt)
        switch step {
        case .create(_, let creation): expectCreation(number, creation, at: now)
        case .event(_, let event): expectEvent(event, number, toldAt: toldAt, at: now)
        case .evidence(_, let dispute): expectDefence(.disputeEvidence, of: number, dispute: Int(dispute), at: now)
        case .accept(_, let dispute): expectDefence(.disputeAccepted, of: number, dispute: Int(dispute), at: now)
        default: expectOperation(step, number, at: now)
        }
    }

    mutating func expectCreation(_ number: Int, _ creation: Step.Creation, at now: Int64) {
        var payment = NaivePayment(
            number: number,
            merchant: creation.merchant,
            route: creation.route,
            currency: creation.currency,
            fee: creation.isTopUp ? 0 : creation.fee,
            isSale: creation.captures || creation.isTopUp,
            acceptsPartial: creation.acceptsPartial,
            overCapture: creation.isFromWallet ? 0 : overCapture(creation.route),
            amount: creation.amount,
            splits: creation.splits,
            isShared: !creation.splits.isEmpty,
            funding: creation.funding
        )
        last = (.create(number, creation), .unused, now)
        let refusal = walletRefusal(creation) ?? payment.refusal(creation.splits, of: creation.amount)
        if let refusal = refusal ?? sellerRefusal(creation.splits, of: creation.merchant) {
            return answers.append((Self.status(refusal), "refused \(refusal)"))
        }
        payment.running = NaivePayment.Operation(
            kind: .authorize,
            ordinal: 1,
            amount: creation.amount,
            startedAt: now,
            sentAt: now,
            asked: true,
            waitsForReply: !creation.async
        )
        payment.counts[.authorize] = 1
        let verdict = assess(&payment)
        // What the rules hold back is answered with what they say; what a wallet pays, with what
        // came of it.
        let isImmediate = verdict != nil || payment.isFromWallet && !asksScorer(payment)
        if isImmediate { payment.running?.waitsForReply = true }
        let isHeldBack = verdict != nil || asksScorer(payment)
        payment.running?.heldBack = isHeldBack
        expectation = .create(payment)
        if creation.async, !isImmediate { answers.append((202, payment.text)) }
        last = (.create(number, creation), .running(.authorize, ordinal: 1), now)
    }

    /// Whichever connector gets the payment must allow it.
    private func overCapture(_ route: [UInt16]) -> Int64 {
        Int64(route.map { configuration[$0].capabilities.overCaptureBasisPoints }.min() ?? 0)
    }

    mutating func expectOperation(_ step: Step, _ number: Int, at now: Int64) {
        guard let payment = payments[number] else { return }
        let (refused, amount, open) = payment.refusal(step)
        var splits: [SplitRequest] = []
        switch step {
        case .capture(_, _, _, let wanted): splits = wanted
        // A sale that waited for an operator or its shopper goes on.
        case .approve, .confirm: splits = payment.splits
        default: break
        }
        if let refusal = refused ?? sellerRefusal(splits, of: payment.merchant) {
            return answers.append((Self.status(refusal), "refused \(refusal) | \(payment.text)"))
        }
        if case .refund = step, !canRefund(payment, amount) {
            return answers.append((422, "refused walletFundsInsufficient | \(payment.text)"))
        }
        guard let kind = step.operation else {
            expectation = .rejected
            return
        }
        var operation = NaivePayment.Operation(
            kind: kind,
            ordinal: payment.counts[kind, default: 0] + 1,
            amount: amount,
            open: open,
            splits: splits,
            startedAt: now,
            sentAt: now,
            asked: true,
            waitsForReply: true
        )
        if case .approve = step { operation.isApproved = true }
        last?.key = .running(kind, ordinal: operation.ordinal)
        expectation = .start(operation)
    }

    static func status(_ refusal: String) -> UInt16 {
        switch refusal {
        case "operationInProgress", "unexpectedState", "keyInUse", "disputed", "notInReview", "eventNotAllowed",
            "eventAmountMismatch", "disputeUnexpectedState",
            "connectorMismatch", "payoutsOnHold", "payoutUnexpectedState", "quoteExpired", "quoteUsed":
            409
        case "notFound": 404
        case "sellerTableFull": 503
        default: 422
        }
    }

    mutating func expectRepetition(at now: Int64) throws(Mismatch) {
        guard let (step, key, toldAt) = last else { return }
        if case .treasury(let treasury) = step {
            guard case .done(let record) = key else { return expectTreasury(treasury, at: now) }
            return replays.append(record)
        }
        guard let number = step.payment else { return }
        switch key {
        case .unused: expectRequest(step, number, toldAt: toldAt, at: now)
        case .done(let record): replays.append(record)
        case .running(let kind, let ordinal):
            let operation = kind == .refund ? payments[number]?.refunding[ordinal] : payments[number]?.running
            guard let operation else { throw Mismatch(description: "the model lost an operation") }
            if operation.waitsForReply { return answers.append((409, "refused keyInUse")) }
            answers.append((202, processingText(number, operation)))
        }
    }

    func processingText(_ number: Int, _ operation: NaivePayment.Operation) -> String {
        operation.kind == .refund ? "refund pending \(operation.amount)" : payments[number]?.text ?? ""
    }

    mutating func restart(at now: Int64) {
        calls = [:]
        questions = []
        for number in payments.keys {
            payments[number]?.running?.afterRestart(at: now)
            for ordinal in payments[number]?.refunding.keys.sorted() ?? [] {
                payments[number]?.refunding[ordinal]?.afterRestart(at: now)
            }
        }
    }
}
