package import Payments

/// What a shard keeps beside payments: pay-outs, wallets, exchange quotes and sellers. Balances are in the ledger only.
///
/// Records change it, each kind by a function of its own, live and on replay the same.
package struct Treasury: Sendable {
    /// How long a quote is remembered after it has expired, in milliseconds, so that the answer to a late use says why.
    package static let quoteMemory: Int64 = 3_600_000

    package private(set) var payouts = SparseTable<Payout>()
    package private(set) var wallets = SparseTable<Wallet>()
    package private(set) var quotes = SparseTable<ExchangeQuote>()
    /// No quote before this one is here.
    package private(set) var firstQuote = 0
    package private(set) var sellers = SellerTable()
    private var walletCounts: [MerchantID: Int] = [:]
    private var payoutCounts: [MerchantID: Int] = [:]

    package init() {}

    /// What a snapshot is made from: the tables, which share their chunks with it, without the counts beside them.
    package var forSnapshot: Treasury {
        var copy = self
        copy.sellers = sellers.withoutIndexes
        copy.walletCounts = [:]
        copy.payoutCounts = [:]
        return copy
    }

    // MARK: Pay-outs

    /// Pay-outs of one merchant.
    package func payoutCount(of merchant: MerchantID) -> Int { payoutCounts[merchant] ?? 0 }

    /// - Returns: the pay-out's place in its table.
    package mutating func append(_ payout: Payout) -> Int {
        payoutCounts[payout.merchant, default: 0] += 1
        return payouts.append(payout)
    }

    /// A record changed the pay-out, or was the first of it.
    /// - Precondition: its state allows the event.
    package mutating func record(
        _ event: PayoutEvent?,
        ofPayout index: Int,
        reason: String,
        at time: Int64,
        record: UInt64
    ) {
        if let event { payouts[index].apply(event, reason: reason, at: time) }
        payouts[index].lastRecord = record
    }

    // MARK: Wallets

    /// Wallets of one merchant.
    package func walletCount(of merchant: MerchantID) -> Int { walletCounts[merchant] ?? 0 }

    /// - Returns: the wallet's place in its table.
    package mutating func append(_ wallet: Wallet) -> Int {
        walletCounts[wallet.merchant, default: 0] += 1
        return wallets.append(wallet)
    }

    /// A record of a payment from the wallet, or of a top-up, changed what of its money waits for a settlement.
    package mutating func keepPending(_ minor: Int64, ofWallet index: Int) { wallets[index].pendingMinor = minor }

    package mutating func addUnsettled(_ change: Int64, ofWallet index: Int) {
        wallets[index].unsettledMinor += change
    }

    // MARK: Sellers

    /// The seller's number: the one that it has, or the next. For a record that books to it.
    package mutating func number(_ name: SellerName, of merchant: MerchantID) -> Int {
        sellers.number(name, merchant: merchant)
    }

    /// A capture that names the seller has begun: the seller takes a place until it ends.
    package mutating func claim(_ name: SellerName, of merchant: MerchantID) {
        sellers.claim(name, merchant: merchant)
    }

    /// A capture that named the seller has ended.
    package mutating func releaseClaim(of name: SellerName, of merchant: MerchantID) {
        sellers.releaseClaim(name, merchant: merchant)
    }

    /// The seller has no account left.
    package mutating func forgetSeller(_ number: Int) { sellers.forget(number) }

    /// Takes in what a snapshot holds.
    package mutating func restore(_ seller: Seller, number: Int) -> Bool { sellers.restore(seller, number: number) }

    package mutating func reserveSellerNumbers(upTo count: Int) { sellers.reserveNumbers(upTo: count) }

    // MARK: Quotes

    /// Whether a quote could be forgotten at `time` by making another one.
    package func hasForgettableQuote(at time: Int64) -> Bool {
        quotes.presentCount > 0 && quotes[firstQuote].isForgotten(at: time)
    }

    /// Adds a quote, and forgets old ones: only those among the 512 around the oldest are looked at, so that this takes a few
    /// microseconds. By the record's time: live and on replay the same.
    package mutating func append(_ quote: ExchangeQuote, at time: Int64) {
        if hasForgettableQuote(at: time) {
            let chunk = firstQuote >> SparseTable<ExchangeQuote>.chunkShift
            _ = quotes.remove(inChunk: chunk) { $1.isForgotten(at: time) }
        }
        _ = quotes.append(quote)
        findFirstQuote()
    }

    /// Takes in what a snapshot holds.
    package mutating func restore(_ quote: ExchangeQuote) -> Bool {
        let index = Int(quote.id.sequence) - 1
        guard quote.id.sequence <= UInt64(quotes.count), index >= 0, !quotes.contains(index) else { return false }
        firstQuote = min(firstQuote, index)
        quotes.insert(quote, at: index)
        return true
    }

    package mutating func reserveQuoteNumbers(upTo count: Int) {
        quotes.reserveNumbers(upTo: count)
        firstQuote = quotes.count
    }

    package mutating func convertQuote(_ index: Int, record: UInt64, at time: Int64) {
        quotes[index].convert(at: time)
        quotes[index].lastRecord = record
    }

    private mutating func findFirstQuote() {
        while firstQuote < quotes.count, !quotes.contains(firstQuote) { firstQuote += 1 }
    }
}

extension ExchangeQuote {
    fileprivate func isForgotten(at time: Int64) -> Bool { time - expiresAt >= Treasury.quoteMemory }
}
