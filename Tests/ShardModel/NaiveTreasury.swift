import Money
import Payments

/// A pay-out as docs/payouts-wallets-fx.md describes it.
struct NaivePayout {
    enum State: String {
        case requested, paid, failed, returned
        case inTransit = "in_transit"
    }

    var merchant: UInt64
    var amount: Int64
    var currency: Currency
    var seller: String?
    var state = State.requested
    var reason = ""

    /// As `WorkloadRenderer` writes it.
    var text: String {
        "payout \(state.rawValue) \(amount) \(currency) \(seller ?? "-") \(reason.isEmpty ? "-" : reason)"
    }

    /// The state behind an event; nil where the table does not have it.
    func next(_ event: PayoutEvent) -> State? {
        switch (state, event) {
        case (.requested, .sent): .inTransit
        case (.requested, .paid), (.inTransit, .paid): .paid
        case (.requested, .failed), (.inTransit, .failed): .failed
        case (.paid, .returned): .returned
        default: nil
        }
    }

    /// P9, and what its events book; the account that pays is the merchant's or the seller's.
    func postings(_ event: PayoutEvent?, source: NaivePosting) -> [NaivePosting] {
        let (from, to): (NaivePosting, NaivePosting)
        let transit = NaivePosting(account: "payout:in_transit", owner: 0, amount: 0)
        let bank = NaivePosting(account: "bank:cash", owner: 1, amount: 0)
        switch event {
        case nil: (from, to) = (source, transit)
        case .sent: return []
        case .paid: (from, to) = (transit, bank)
        case .failed: (from, to) = (transit, source)
        case .returned: (from, to) = (bank, source)
        }
        return [from.debited(amount, currency), to.debited(-amount, currency)]
    }
}

/// What an exchange gives, fixed when it is quoted.
struct NaiveQuote {
    var merchant: UInt64
    var sold: Currency
    var soldAmount: Int64
    var bought: Currency
    /// At the rate, before the spread.
    var gross: Int64
    var spread: Int64
    var expiresAt: Int64
    var isUsed = false

    /// nil where less than one minor unit would be left.
    init?(_ terms: Step.QuoteTerms, at now: Int64) {
        let digits = terms.rate.split(separator: ".").map(String.init)
        let scale = digits.count > 1 ? digits[1].count : 0
        guard let mantissa = Int128(digits.joined()) else { return nil }
        // floor(sold × mantissa × 10^digits(bought) / (10^digits(sold) × 10^scale))
        let above = Int128(terms.amount) * mantissa * Self.power(terms.bought.exponent)
        gross = Int64(above / (Self.power(terms.sold.exponent) * Self.power(scale)))
        spread = Int64((Int128(gross) * Int128(terms.spread) + 9_999) / 10_000)
        guard gross - spread >= 1 else { return nil }
        merchant = terms.merchant
        sold = terms.sold
        soldAmount = terms.amount
        bought = terms.bought
        expiresAt = now + terms.valid
    }

    private static func power(_ digits: Int) -> Int128 { (0..<digits).reduce(Int128(1)) { power, _ in power * 10 } }

    /// As `WorkloadRenderer` writes it.
    var text: String { "\(soldAmount) \(sold) \(gross - spread) \(bought) spread \(spread) until \(expiresAt)" }

    /// P10.
    var postings: [NaivePosting] {
        let merchants = NaivePosting(account: "merchant:available", owner: merchant, amount: 0)
        let position = NaivePosting(account: "fx:position", owner: 0, amount: 0)
        let platform = NaivePosting(account: "platform:fx_spread", owner: 0, amount: 0)
        return [
            merchants.debited(soldAmount, sold), position.debited(-soldAmount, sold), position.debited(gross, bought),
            merchants.debited(spread - gross, bought), platform.debited(-spread, bought),
        ]
    }
}

/// A seller of a merchant that has money.
struct NaiveSeller {
    struct Key: Hashable {
        var merchant: UInt64
        var name: String
    }

    /// The owner of its accounts.
    var owner: UInt64
    /// Credits less debits, by account and currency.
    var sums: [String: Int64] = [:]
}

/// A wallet: its money is in the ledger.
struct NaiveWallet {
    var merchant: UInt64
    var currency: Currency
    /// The owner of its accounts.
    var owner: UInt64 = 0
    /// The payments that fill it.
    var topUps: [Int] = []
    /// What it has paid to the merchant and no provider has settled.
    var pendingAtMerchant: Int64 = 0
}

extension NaivePosting {
    /// The same account in a currency, as `Auditor.totals` names it.
    func debited(_ amount: Int64, _ currency: Currency) -> NaivePosting {
        NaivePosting(account: "\(account) \(currency)", owner: owner, amount: amount)
    }
}
