import Money
import PSPSimulator
import Payments
import ShardCore
import ShardHost

/// Merchants: they ask, ask again with the same key until they know, and go on with what they know.
extension World {
    // MARK: Shoppers

    func newIntent() {
        guard !isCalm, intents.count < scenario.intents else { return }
        queue.schedule(.intent, at: now + edge.skewed(scenario.interval) / 2)
        // A generator for each intent, so that the choices of one do not change those of others.
        var random = SimRandom(seed: scenario.seed &+ UInt64(intents.count) &* 0x9E37_79B9, .merchants)
        let isSpecial = random.chance(350_000)
        let special = random.pick(Intent.specialMethods)
        let captures = random.chance(600_000)
        let takesLess = random.chance(500_000)
        var intent = Intent(
            merchant: UInt64(random.below(scenario.merchants) + 1),
            captures: captures,
            method: has(.psp) && isSpecial ? special : "tok_visa",
            takesLess: takesLess
        )
        intent.customer = "cus-\(random.below(30))"
        chooseFunding(&intent, &random)
        if intent.captures, intent.funding == .provider {
            intent.splits = chooseSplits(Intent.amount(of: intents.count), &random)
        }
        intents.append(intent)
        counts.payments += 1
        if random.chance(scenario.eventRate / 2) {
            queue.schedule(.truth(intent: intents.count - 1), at: now + random.between(10_000, 900_000_000))
        }
        begin(.create, intents.count - 1, amount: nil, random: &random)
    }

    func begin(
        _ kind: Request.Kind,
        _ intent: Int,
        amount: Int64?,
        isFinal: Bool = true,
        after delay: Int64 = 0,
        random: inout SimRandom
    ) {
        counts.requests += 1
        var request = Request(merchant: intents[intent].merchant, intent: intent, kind: kind, amount: amount)
        request.isFinal = isFinal
        if kind == .capture, intents[intent].funding == .provider {
            request.splits = chooseSplits(amount ?? Intent.amount(of: intent), &random)
        }
        request.reasks = random.chance(300_000) ? 1 + random.below(3) : 0
        request.hasConflict = random.chance(40_000) && has(.conflicts) && (kind == .create || amount != nil)
        openRequests += 1
        requests.append(request)
        queue.schedule(.send(request: requests.count - 1), at: now + delay)
    }

    // MARK: Asking

    func send(_ number: Int) {
        let request = requests[number]
        guard request.current == nil else { return }
        if isForgotten(number) {
            noteRepeatGivenUp(number)
            requests[number].wasAnsweredInCalm = true
            return
        }
        requests[number].sends += 1
        transmit(number, .original)
        if request.hasConflict, request.sends < 2, has(.conflicts) {
            counts.conflicts += 1
            transmit(number, .conflicting)
        }
        if request.intent >= 0, intents[request.intent].payment != nil, edge.chance(100_000) { transmit(number, .read) }
    }

    /// Asks again after a while that grows.
    func resend(_ number: Int, busy: Bool) {
        let sends = requests[number].sends
        let wait = Int64(busy ? 200_000 : 1_000_000) << Int64(min(sends, isCalm ? 9 : 5))
        let later = now + edge.between(wait / 2, wait)
        if requests[number].outcome == .open || (isCalm && isOwedAnswer(number)) {
            queue.schedule(.send(request: number), at: later)
        }
    }

    // MARK: Reading answers

    func merchantReads(_ response: Response, _ answer: SimAnswer, to number: Int) {
        let request = requests[number]
        guard request.outcome == .open else {
            if response.status == 503 { return resend(number, busy: true) }
            if isCalm { requests[number].wasAnsweredInCalm = true }
            requests[number].timeLeftForRepeat = nil
            return askAgain(number)
        }
        switch response.status {
        case 200, 201: settle(number, as: .succeeded, by: answer)
        case 402, 502: settle(number, as: .failed, by: answer)
        case 202:
            if answer.paymentStatus == .conflicted {
                settle(number, as: .conflicted, by: answer)
            } else if request.kind == .create, answer.paymentStatus == .review {
                settle(number, as: .succeeded, by: answer)
            } else {
                resend(number, busy: false)
            }
        case 409:
            switch answer.refusal {
            case .keyInUse: resend(number, busy: true)
            // An operator who reports about a busy payment reports again, for a while.
            case .operationInProgress where request.kind != .nonPayment || request.sends < 6:
                resend(number, busy: true)
            default: settle(number, as: .refused, by: answer)
            }
        case 422, 404: settle(number, as: .refused, by: answer)
        case 503: resend(number, busy: true)
        default: fail("an answer has status \(response.status)")
        }
    }

    private func settle(_ number: Int, as outcome: Request.Outcome, by answer: SimAnswer) {
        requests[number].outcome = outcome
        openRequests -= 1
        trace.note("merchant knows", at: now, of: number, with: Int(outcome.rawValue))
        note(number, became: outcome, by: answer)
        askAgain(number)
        guard outcome != .refused, outcome != .conflicted else { return }
        if requests[number].kind == .nonPayment { return nonPaymentCommandDone(number, answer) }
        if !isCalm { followUp(number, answer) }
    }

    /// What the merchant now believes of the money.
    private func note(_ number: Int, became outcome: Request.Outcome, by answer: SimAnswer) {
        let request = requests[number]
        if request.kind == .create, outcome != .refused { intents[request.intent].payment = answer.payment }
        guard outcome == .succeeded else { return }
        switch request.kind {
        case .nonPayment, .reject: break
        case .create, .capture, .confirm, .approve:
            intents[request.intent].captured = max(intents[request.intent].captured, answer.captured)
        case .increment: break
        // Of a payment of which a part was captured, only the rest is gone.
        case .cancel: intents[request.intent].isCancelled = answer.paymentStatus == .cancelled
        case .refund: intents[request.intent].refunded += answer.amount
        }
    }

    /// A merchant that lost its notes asks again for what it knows already.
    func askAgain(_ number: Int) {
        guard requests[number].final != nil else { return }
        if isCalm {
            guard isOwedAnswer(number) else { return }
        } else {
            guard requests[number].reasks > 0 else { return }
            requests[number].reasks -= 1
        }
        queue.schedule(.send(request: number), at: now + edge.between(1_000, isCalm ? 10_000_000 : 600_000_000))
    }

    /// Without faults, every final answer is given once more.
    private func isOwedAnswer(_ number: Int) -> Bool {
        requests[number].final != nil && !requests[number].wasAnsweredInCalm
    }

    // MARK: The end

    /// No faults any more: what is open goes on, and every final answer is asked for once more.
    func becomeCalm() {
        isCalm = true
        trace.note("calm", at: now)
        disk.faults = SimDisk.Faults(neverDurable: disk.faults.neverDurable)
        partition = .none
        for number in psps.indices { setProfile(.clean, of: number) }
        repair()
        closeCases()
        for number in requests.indices {
            if requests[number].outcome == .open {
                if requests[number].current == nil { queue.schedule(.send(request: number), at: now) }
            } else if requests[number].current == nil {
                askAgain(number)
            } else {
                requests[number].reasks = 0
            }
        }
    }

    /// Nothing is left to happen.
    var isFinished: Bool {
        guard openRequests == 0, let gateway, gateway.isUp,
            gateway.shards.allSatisfy({ shard in
                guard let host = shard.host else { return false }
                return host.core.runningCount == 0 && shard.isAcknowledged && waiting(at: host).isEmpty
            })
        else { return false }
        return requests.allSatisfy { $0.current == nil && ($0.final == nil || $0.wasAnsweredInCalm) }
    }

    /// The payments that only the passing of time must still change. At a PSP that refuses every
    /// refund the gateway can reverse nothing. It tries for ever, ever more rarely, and the money
    /// stays booked as captured.
    private func waiting(at host: ShardHost) -> [Payment] {
        host.core.awaitingTime.filter { payment in
            let intent = Intent.intent(of: payment.amountMinor)
            guard payment.phase == .captured, intents.indices.contains(intent) else { return true }
            // A top-up cannot be reversed while its money is spent. Nor can it while the money that
            // is left belongs to another top-up and is not settled.
            if host.core.canReverse(payment) == false { return false }
            if intents[intent].isBeyondPSP { return false }
            return !["tok_refund_fails", "tok_refund_pending_fails"].contains(intents[intent].method)
        }
    }

    private static func text(_ payment: Payment) -> String {
        "\(payment.id) \(payment.phase) \(payment.amountMinor) \(payment.failure.map { "\($0)" } ?? "") "
            + "captured \(payment.capturedMinor) refundable \(payment.refundableMinor) disputed \(payment.disputedMinor) "
            + "until \(payment.deadline)"
    }

    var whatIsLeft: String {
        let shards = gateway?.shards ?? []
        let running = shards.reduce(0) { $0 + ($1.host?.core.runningCount ?? -1) }
        let waiting = shards.compactMap(\.host).flatMap { self.waiting(at: $0) }
        let open = requests.indices.filter { requests[$0].outcome == .open }.prefix(5)
        return
            "\(openRequests) requests open (\(open.map { "\($0)" }.joined(separator: " "))), \(running) operations running, "
            + "\(shards.count { !$0.isAcknowledged }) shards with records that are not acknowledged, "
            + "\(requests.count { $0.current != nil }) requests under way, "
            + "\(requests.count { $0.final != nil && !$0.wasAnsweredInCalm }) answers not asked for again, "
            + "gateway \(gateway?.isUp == true ? "up" : "down"), "
            + "waiting: \(waiting.prefix(3).map(Self.text))"
    }
}
