import Ledger
import Money
import Payments
import ShardCore

// Pay-outs and exchange: mostly what may come next, sometimes anything.
extension WorkloadRandom {
    static let currencies: [Currency] = [.eur, .usd, .jpy]

    mutating func treasury(_ driver: borrowing ShardDriver) -> Step {
        switch below(100) {
        case ..<50: .treasury(payout(driver))
        case ..<90: .treasury(exchange(driver))
        default: .treasury(.balance(merchant()))
        }
    }

    mutating func merchant() -> UInt64 { UInt64(1 + below(5)) }

    /// One of the newest of so many, sometimes any, now and then none that there is.
    mutating func recent(of count: Int) -> Int {
        guard count > 0, !chance(2) else { return 0 }
        return chance(80) ? max(1, count - below(8)) : 1 + below(count)
    }

    /// Another merchant than the owner, now and then; nil for the owner.
    private mutating func stranger() -> UInt64? { chance(5) ? merchant() : nil }

    // MARK: Pay-outs

    private mutating func payout(_ driver: borrowing ShardDriver) -> Step.Treasury {
        switch below(100) {
        case ..<35: return request(driver)
        case ..<85: return bank()
        default: return .readPayout(recent(of: payouts), merchant: stranger())
        }
    }

    private mutating func request(_ driver: borrowing ShardDriver) -> Step.Treasury {
        payouts += 1
        if chance(35), !shared.isEmpty {
            let (merchant, seller, currency) = shared[below(shared.count)]
            // A small pay-out leaves a seller's number to it, all gives it up.
            var request = Step.PayoutRequest(amount: chance(30) ? Int64(1 + below(500)) : nil, currency: currency)
            request.merchant = merchant
            request.seller = chance(95) ? seller : "nobody"
            return .payout(payouts, request)
        }
        let (merchant, currency, available) = funds(driver)
        var request = Step.PayoutRequest(amount: nil, currency: currency)
        request.merchant = merchant
        if chance(70) { request.amount = part(of: max(0, chance(50) ? available : available / 8)) }
        if chance(15) { request.minimum = Int64(1 + below(20_000)) }
        request.isHeld = chance(3)
        return .payout(payouts, request)
    }

    /// Mostly a balance that can be paid out.
    private mutating func funds(_ driver: borrowing ShardDriver) -> (merchant: UInt64, Currency, available: Int64) {
        var found = (merchant(), Self.currencies[below(3)], Int64(0))
        for _ in 0..<(chance(85) ? 12 : 1) where found.2 <= 0 {
            found = (merchant(), Self.currencies[below(3)], 0)
            found.2 = Int64(-driver.core.balance(of: Account(.merchantAvailable, owner: found.0, currency: found.1)))
        }
        return found
    }

    private mutating func bank() -> Step.Treasury {
        let event: PayoutEvent =
            switch below(10) {
            case ..<3: .sent
            case ..<7: .paid
            case 7, 8: .failed
            default: .returned
            }
        return .bank(recent(of: payouts), event, reason: event == .failed || event == .returned ? "account_closed" : "")
    }

    // MARK: Exchange

    private mutating func exchange(_ driver: borrowing ShardDriver) -> Step.Treasury {
        guard quotes == 0 || chance(35) else { return .convert(recent(of: quotes), merchant: stranger()) }
        quotes += 1
        let (owner, sold, available) = funds(driver)
        let others = Self.currencies.filter { $0 != sold }
        var terms = Step.QuoteTerms(
            amount: chance(15) ? Int64(1 + below(200)) : part(of: max(0, available / Int64(1 + below(4)))),
            sold: sold,
            bought: others[below(2)],
            rate: Self.rates[chance(90) ? below(4) : below(Self.rates.count)]
        )
        terms.merchant = owner
        terms.spread = [0, 50, 125, 333, 10_000][chance(3) ? 4 : below(4)]
        terms.valid = Int64(1 + below(chance(25) ? 20 : 3_600)) * 1_000
        return .quote(quotes, terms)
    }

    private static let rates = ["1.0842", "0.92233", "161.735", "3.333333333333", "1", "0.0061825", "0.000001"]

    // MARK: Wallets

    mutating func wallet() -> Step.Treasury {
        guard wallets == 0 || chance(8) else { return .readWallet(recent(of: wallets), merchant: stranger()) }
        wallets += 1
        var request = Step.WalletRequest(currency: Self.currencies[below(3)])
        request.merchant = merchant()
        return .wallet(wallets, request)
    }

    /// A payment from a wallet, or one that fills it; mostly one that is possible.
    mutating func fund(_ creation: inout Step.Creation, _ driver: borrowing ShardDriver) {
        let number = recent(of: wallets)
        var available: Int64 = 0
        if let (id, merchant) = driver.wallets[number] {
            if !chance(3) { creation.merchant = merchant }
            if !chance(3), let currency = driver.walletCurrencies[number] { creation.currency = currency }
            available = Int64(-driver.core.balance(of: id.account(in: creation.currency)))
        }
        guard available > 0, chance(60) else {
            creation.funding = .topUp(number)
            return
        }
        creation.funding = .wallet(number)
        creation.amount = part(of: available / Int64(1 + below(4)))
        if chance(2), let seller = SellerName("a") {
            creation.splits = [SplitRequest(seller: seller, share: .basisPoints(1_000))]
        }
    }
}
