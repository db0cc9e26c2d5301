import Money
import Payments
import ShardCore

/// What merchants do with money beside taking payments, and what operators report: each a command
/// under a key of its own.
extension World {
    func begin(
        _ command: NonPaymentCommand,
        merchant: UInt64,
        intent: Int = -1,
        after delay: Int64,
        _ random: inout SimRandom
    ) {
        counts.requests += 1
        counts.nonPaymentCommands += 1
        var request = Request(merchant: merchant, intent: intent, kind: .nonPayment, nonPayment: command)
        request.earlier = earlierConnector(of: command)
        request.reasks = random.chance(400_000) ? 1 + random.below(3) : 0
        request.hasConflict = random.chance(60_000) && has(.conflicts) && command.canConflict
        openRequests += 1
        requests.append(request)
        queue.schedule(.send(request: requests.count - 1), at: now + delay)
    }

    /// The shard's command; `extra` adds to its amount, which makes it another request.
    func command(of command: NonPaymentCommand, extra: Int64) -> Command.Kind {
        switch command {
        case .event(var event):
            if let amount = event.amountMinor { event.amountMinor = amount + extra }
            misattribute(&event)
            return .event(event)
        case .evidence(let id): return .dispute(id, .evidence("upload-1\nparcel delivered"))
        case .accept(let id): return .dispute(id, .accept)
        case .openWallet: return .treasury(.createWallet(CreateWallet(currency: .eur, reference: "shopper")))
        case .payout(var payout):
            if let amount = payout.amountMinor { payout.amountMinor = amount + extra }
            return .treasury(.createPayout(payout))
        case .payoutEvent(let id, let event): return .treasury(.payoutEvent(id, event, reason: "as the bank says"))
        case .quote(let quote): return .treasury(.quote(quote))
        case .convert(let id): return .treasury(.convert(id))
        }
    }

    /// A command succeeded; what comes next.
    func nonPaymentCommandDone(_ number: Int, _ answer: SimAnswer) {
        let request = requests[number]
        guard let command = request.nonPayment else { return }
        var random = SimRandom(seed: scenario.seed &+ UInt64(number) &* 0xA076_1D65, .merchants)
        switch command {
        case .openWallet: wallets[request.merchant, default: []].append(WalletID(answer.subject))
        case .event(let event): eventApplied(event, by: request, answer, random: &random)
        case .evidence(let id), .accept(let id): disputeDefended(id, by: request, with: command, random: &random)
        case .payout: payoutRequested(PayoutID(answer.subject), by: request, random: &random)
        case .payoutEvent(let id, let event): payoutMoved(id, by: event, of: request, random: &random)
        case .quote: convert(QuoteID(answer.subject), of: request, random: &random)
        case .convert: break
        }
    }

    // MARK: Wallets

    /// Now and then a shopper gets a wallet, fills it, or pays from it.
    func chooseFunding(_ intent: inout Intent, _ random: inout SimRandom) {
        let draw = random.below(1_000_000)
        let known = wallets[intent.merchant] ?? []
        let chosen = random.below(max(1, known.count))
        guard draw < scenario.walletRate else { return }
        if known.count < 3 { begin(.openWallet, merchant: intent.merchant, after: 0, &random) }
        guard !known.isEmpty else { return }
        let wallet = known[chosen]
        if draw < scenario.walletRate / 2 {
            intent.funding = .topUp(wallet)
            intent.captures = true
        } else {
            intent.funding = .wallet(wallet)
            intent.method = "\(wallet)"
        }
    }

    // MARK: Splits

    private static let sellers = ["books", "toys", "tea"].compactMap { SellerName($0) }

    /// How a capture of about this amount is shared; mostly not at all.
    func chooseSplits(_ amount: Int64, _ random: inout SimRandom) -> [SplitRequest] {
        guard random.chance(scenario.splitRate) else { return [] }
        return (0...random.below(2)).map { number in
            let share: SplitRequest.Share =
                random.chance(500_000)
                ? .amount(1 + Int64(random.below(Int(max(1, amount / 3)))))
                : .basisPoints(UInt16(1 + random.below(4_500)))
            return SplitRequest(seller: Self.sellers[number + random.below(2)], share: share)
        }
    }

    // MARK: Pay-outs

    /// After a settlement there is something to pay out or to exchange.
    func moveMoney(_ merchant: UInt64, upTo amount: Int64, _ random: inout SimRandom) {
        let draw = random.below(10)
        let delay = random.between(0, 20_000_000)
        let part = max(1, amount / Int64(1 + random.below(4)))
        switch draw {
        case 0...2:
            payOut(
                to: merchant,
                amount: random.chance(400_000) ? nil : part,
                .eur,
                seller: nil,
                after: delay,
                random: &random
            )
        case 3...4:
            let seller = random.pick(Self.sellers)
            payOut(
                to: merchant,
                amount: random.chance(700_000) ? nil : part / 4 + 1,
                .eur,
                seller: seller,
                after: delay,
                random: &random
            )
        case 5...6:
            quote(for: merchant, selling: .eur, amount: part, buying: .usd, at: "1.0842", after: delay, random: &random)
        case 7:
            quote(
                for: merchant,
                selling: .usd,
                amount: part / 2 + 1,
                buying: .eur,
                at: "0.9173",
                after: delay,
                random: &random
            )
        case 8: payOut(to: merchant, amount: nil, .usd, seller: nil, after: delay, random: &random)
        default: break
        }
    }

    private func payOut(
        to merchant: UInt64,
        amount: Int64?,
        _ currency: Currency,
        seller: SellerName?,
        after delay: Int64,
        random: inout SimRandom
    ) {
        let request = CreatePayout(
            amountMinor: amount,
            currency: currency,
            seller: seller,
            destination: "account",
            minimumMinor: 10
        )
        begin(.payout(request), merchant: merchant, after: delay, &random)
    }

    private func payoutRequested(_ id: PayoutID, by request: Request, random: inout SimRandom) {
        let first: PayoutEvent = random.pick([.sent, .sent, .paid, .failed])
        reportBankResult(of: id, first, request: request, random: &random)
        // Two employees of the merchant who do not know of each other.
        if random.chance(150_000) {
            reportBankResult(
                of: id,
                random.pick([.sent, .paid, .failed, .returned]),
                request: request,
                random: &random
            )
        }
    }

    private func payoutMoved(_ id: PayoutID, by event: PayoutEvent, of request: Request, random: inout SimRandom) {
        switch event {
        case .sent:
            reportBankResult(of: id, random.chance(800_000) ? .paid : .failed, request: request, random: &random)
        case .paid: if random.chance(250_000) { reportBankResult(of: id, .returned, request: request, random: &random) }
        case .failed, .returned: break
        }
    }

    private func reportBankResult(of id: PayoutID, _ event: PayoutEvent, request: Request, random: inout SimRandom) {
        let delay = random.between(0, 60_000_000)
        begin(.payoutEvent(id, event), merchant: request.merchant, after: delay, &random)
    }

    // MARK: Exchange

    private func quote(
        for merchant: UInt64,
        selling sold: Currency,
        amount: Int64,
        buying bought: Currency,
        at rate: String,
        after delay: Int64,
        random: inout SimRandom
    ) {
        guard let rate = ExchangeRate(rate) else { preconditionFailure("a rate") }
        let request = QuoteRequest(
            sold: sold,
            soldMinor: amount,
            bought: bought,
            rate: rate,
            spreadBasisPoints: 50,
            validMilliseconds: random.between(5_000, 120_000)
        )
        begin(.quote(request), merchant: merchant, after: delay, &random)
    }

    private func convert(_ id: QuoteID, of request: Request, random: inout SimRandom) {
        begin(.convert(id), merchant: request.merchant, after: random.between(0, 30_000_000), &random)
        // A second use of a quote is refused.
        guard random.chance(250_000) else { return }
        begin(.convert(id), merchant: request.merchant, after: random.between(0, 30_000_000), &random)
    }
}

extension ShardIdentifier {
    init(_ subject: (high: UInt64, low: UInt64)) { self.init(high: subject.high, low: subject.low) }
}
