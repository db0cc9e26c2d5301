import Payments
import ShardCore
import Time

// Pay-outs, wallets and exchange.
extension ShardDriver {
    mutating func take(_ step: Step.Treasury) {
        switch step {
        case .payout(let number, let request):
            guard number > 0, payouts[number] == nil else { return didNothing = true }
            lastMade = number
            send(.createPayout(command(request)), merchant: request.merchant)
        case .bank(let number, let event, let reason):
            guard let id = payout(number)?.id else { return didNothing = true }
            send(.payoutEvent(id, event, reason: reason), merchant: 0, operatorShard: configuration.shard)
        case .readPayout(let number, let merchant):
            guard let (id, owner) = payout(number) else { return didNothing = true }
            send(.getPayout(id), merchant: merchant ?? owner, isRead: true)
        case .wallet(let number, let request):
            guard number > 0, wallets[number] == nil else { return didNothing = true }
            lastMade = number
            send(
                .createWallet(CreateWallet(currency: request.currency, reference: "shopper-\(number)")),
                merchant: request.merchant
            )
        case .readWallet(let number, let merchant):
            guard let (id, owner) = wallet(number) else { return didNothing = true }
            send(.getWallet(id), merchant: merchant ?? owner, isRead: true)
        case .quote(let number, let terms):
            guard number > 0, quotes[number] == nil, let request = command(terms) else { return didNothing = true }
            lastMade = number
            send(.quoteExchange(request), merchant: terms.merchant)
        case .convert(let number, let merchant):
            guard let (id, owner) = quote(number) else { return didNothing = true }
            send(.convertExchange(id), merchant: merchant ?? owner)
        case .balance(let merchant): send(.getBalance, merchant: merchant, isRead: true)
        }
    }

    // 0 names what nobody made: an identifier of this shard all the same.

    private func payout(_ number: Int) -> (id: PayoutID, merchant: UInt64)? {
        number == 0 ? (unmade(), 7) : payouts[number]
    }

    private func wallet(_ number: Int) -> (id: WalletID, merchant: UInt64)? {
        number == 0 ? (unmade(), 7) : wallets[number]
    }

    private func quote(_ number: Int) -> (id: QuoteID, merchant: UInt64)? {
        number == 0 ? (unmade(), 7) : quotes[number]
    }

    private func unmade<ID: ShardIdentifier>() -> ID {
        ID(createdAt: Timestamp(milliseconds: Self.start), shard: configuration.shard, sequence: 1 << 20)
    }

    /// What pays for a payment; nil where the wallet is not there.
    func funding(_ creation: Step.Creation) -> PaymentFunding? {
        switch creation.funding {
        case nil: .provider
        case .wallet(let number): wallet(number).map { .wallet($0.id) }
        case .topUp(let number): wallet(number).map { .topUp($0.id) }
        }
    }

    private func command(_ request: Step.PayoutRequest) -> CreatePayout {
        CreatePayout(
            amountMinor: request.amount,
            currency: request.currency,
            seller: request.seller.flatMap(SellerName.init),
            destination: "ba_1",
            minimumMinor: request.minimum,
            isHeld: request.isHeld
        )
    }

    private func command(_ terms: Step.QuoteTerms) -> QuoteRequest? {
        guard let rate = ExchangeRate(terms.rate) else { return nil }
        return QuoteRequest(
            sold: terms.sold,
            soldMinor: terms.amount,
            bought: terms.bought,
            rate: rate,
            spreadBasisPoints: terms.spread,
            validMilliseconds: terms.valid
        )
    }
}
