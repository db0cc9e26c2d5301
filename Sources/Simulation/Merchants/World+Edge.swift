import Money
import NIOCore
import Payments
import ShardCore
import ShardHost
import ShardRecords
import ShardState

/// Between merchants and gateway.
extension World {
    // MARK: To the gateway

    /// Sends a request. It may arrive twice, or not at all.
    func transmit(_ requestNumber: Int, _ variant: Attempt.Variant) {
        let number = attempt(requestNumber, variant)
        let delay = edge.skewed(500)
        let isLost = edge.chance(scenario.edgeLossRate)
        let isDoubled = edge.chance(scenario.edgeLossRate / 2)
        let doubled = edge.between(0, 2_000_000)
        let patience = edge.between(2_000_000, 35_000_000)
        if variant == .original {
            requests[requestNumber].current = number
            queue.schedule(.clientTimeout(number), at: now + patience)
        }
        guard has(.edge) else { return queue.schedule(.attemptArrives(number), at: now + delay) }
        if isLost || isDoubled { counts.edgeFaults += 1 }
        if isDoubled { queue.schedule(.attemptArrives(attempt(requestNumber, variant)), at: now + doubled) }
        if !isLost { queue.schedule(.attemptArrives(number), at: now + delay) }
    }

    private func attempt(_ request: Int, _ variant: Attempt.Variant) -> Int {
        counts.attempts += 1
        attempts.append(Attempt(request: request, variant: variant))
        return attempts.count - 1
    }

    func attemptArrives(_ number: Int) {
        guard let gateway, gateway.isUp else {
            // Connection refused.
            attempts[number].isOver = true
            return retryLater(attempts[number].request, ifCurrent: number)
        }
        attempts[number].boot = gateway.boot
        gateway.inbox.append(command(number))
        guard !gateway.inboxIsScheduled else { return }
        gateway.inboxIsScheduled = true
        // Commands of one read cycle travel as one batch.
        queue.schedule(.inbox(boot: gateway.boot), at: now + 150)
    }

    func processInbox(_ process: GatewayProcess) {
        process.inboxIsScheduled = false
        let commands = process.inbox
        process.inbox.removeAll(keepingCapacity: true)
        trace.note("commands", at: now, of: commands.count)
        deliver(commands, to: process)
        settle(process)
    }

    private func command(_ number: Int) -> Command {
        let attempt = attempts[number]
        let request = requests[attempt.request]
        let isRead = attempt.variant == .read
        let isOperators = !isRead && request.nonPayment?.isOperators == true
        if request.kind == .approve { approved.insert(request.intent) }
        return Command(
            kind: kind(request, attempt.variant),
            merchant: MerchantID(rawValue: request.merchant),
            requestID: RequestID(high: 1, low: UInt64(number + 1)),
            key: isRead ? nil : key(attempt.request),
            fingerprint: isRead
                ? nil : Fingerprint(high: UInt64(attempt.request), low: UInt64(attempt.variant.rawValue)),
            reply: ReplyToken(
                loop: 0,
                connection: UInt32(attempts[number].boot),
                generation: 0,
                stream: UInt32(number)
            ),
            operatorShard: isOperators ? UInt16(shard(of: request.merchant)) : nil
        )
    }

    func key(_ number: Int) -> KeyDigest {
        if let other = requests[number].keyOf { return key(other) }
        let request = requests[number]
        var low = UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15
        if isRekeyed(request) { low ^= UInt64(attempts.count) << 20 }
        return KeyDigest(high: request.nonPayment?.isOperators == true ? 0 : request.merchant, low: low)
    }

    /// Planted bugs that lose what ties a request to the one before it.
    private func isRekeyed(_ request: Request) -> Bool {
        switch (scenario.planted, request.nonPayment) {
        case (.forgetReservation, nil), (.doublePayout, .payout): request.final == nil
        case (.newEventKey, .event): true
        default: false
        }
    }

    private func kind(_ request: Request, _ variant: Attempt.Variant) -> Command.Kind {
        if let other = request.nonPayment, variant != .read {
            return command(of: other, extra: variant == .conflicting ? 5 : 0)
        }
        let id = intents[request.intent].payment
        if variant == .read, let id { return .query(.payment(id)) }
        // The conflicting variant asks for a little more than the original.
        let extra: Int64 = variant == .conflicting ? 5 : 0
        switch request.kind {
        case .create: return create(request, extra)
        case .capture:
            let amount = request.amount.map { $0 + extra }
            var instructions: CaptureInstructions?
            if !request.splits.isEmpty {
                instructions = CaptureInstructions()
                instructions?.splits = request.splits
            }
            let capture = PaymentOperation.capture(
                amountMinor: amount,
                isFinal: request.isFinal,
                instructions: instructions
            )
            return .payment(id!, capture)
        case .increment: return .payment(id!, .increment(amountMinor: request.amount! + extra))
        case .confirm: return .payment(id!, .confirm())
        case .cancel: return .payment(id!, .cancel)
        case .approve: return .review(id!, .approve)
        case .reject: return .review(id!, .reject)
        case .nonPayment: preconditionFailure("a command beside payments has no payment of its own")
        case .refund: return .payment(id!, .refund(amountMinor: request.amount.map { $0 + extra }))
        }
    }

    private func create(_ request: Request, _ extra: Int64) -> Command.Kind {
        let intent = intents[request.intent]
        var details = PaymentDetails()
        details.append(.paymentMethod, intent.method)
        details.append(.reference, "order")
        details.append(.customer, intent.customer)
        if case .topUp(let wallet) = intent.funding { details.append(.wallet, "\(wallet)") }
        if !intent.splits.isEmpty { details.append(plan: intent.splits) }
        var payment = CreatePayment(
            amountMinor: Intent.amount(of: request.intent) + extra,
            currency: .eur,
            capturesAutomatically: intent.captures,
            acceptsPartialAuthorization: intent.takesLess,
            feeBasisPoints: Recount.feeBasisPoints,
            route: route(of: intent.merchant),
            paymentMethod: intent.method,
            details: details
        )
        payment.funding = intent.funding
        if case .topUp = intent.funding { payment.feeBasisPoints = 0 }
        payment.hasSplits = !intent.splits.isEmpty
        return .create(payment)
    }

    // MARK: And back

    /// An answer leaves the gateway. From now on the gateway is bound by it, whether it arrives or
    /// not.
    func respond(_ response: Response, boot: Int) {
        let number = Int(response.reply.stream)
        if attempts[number].variant == .audit {
            audited = response
            return
        }
        guard let answer = SimAnswer(response.body) else { return fail("an answer cannot be read") }
        trace.note("answer", at: now, of: number, with: Int(response.status))
        check(response, answer, to: number)
        let delay = edge.skewed(500)
        let isLost = edge.chance(scenario.edgeLossRate)
        if has(.edge), isLost {
            counts.edgeFaults += 1
            return
        }
        attempts[number].response = response
        queue.schedule(.answerArrives(number), at: now + delay)
    }

    func answerArrives(_ number: Int) {
        guard let response = attempts[number].response else { return }
        attempts[number].response = nil
        guard !attempts[number].isOver, attempts[number].variant == .original,
            requests[attempts[number].request].current == number, let answer = SimAnswer(response.body)
        else { return }
        attempts[number].isOver = true
        requests[attempts[number].request].current = nil
        merchantReads(response, answer, to: attempts[number].request)
    }

    func clientTimeout(_ number: Int) {
        guard !attempts[number].isOver else { return }
        attempts[number].isOver = true
        retryLater(attempts[number].request, ifCurrent: number)
    }

    /// Connections end with their process; merchants see that at once, or only after their
    /// time-out.
    func loseConnections(of boot: Int) {
        // Their time-outs are scheduled already.
    }

    private func retryLater(_ request: Int, ifCurrent number: Int) {
        guard requests[request].current == number else { return }
        requests[request].current = nil
        resend(request, busy: true)
    }
}
