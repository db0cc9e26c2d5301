package import Money
package import Payments
package import Time

/// What a shard keeps beside payments: pay-outs, wallets, exchange quotes and sellers. Balances are
/// in the ledger only.
///
/// Records change it, each kind by a function of its own, live and on replay the same.
package struct Treasury: Sendable {
    /// How long a quote is remembered after it has expired, in milliseconds, so that the answer to
    /// a late use says why.
    package static let quoteMemory: Int64 = 3_600_000

    package private(set) var payouts = SparseTable<Payout>()
    package private(set) var wallets = SparseTable<Wallet>()
    /// Sums of wallets with money, in memory or not. Sums of zero leave with the next snapshot.
    package private(set) var sums = SparseTable<WalletSums>()
    package private(set) var quotes = SparseTable<ExchangeQuote>()
    /// No quote before this one is here.
    package private(set) var firstQuote = 0
    package private(set) var sellers = SellerTable()
    private var walletCounts: [MerchantID: Int] = [:]
    private var payoutCounts: [MerchantID: Int] = [:]
    private var quoteCounts: [MerchantID: Int] = [:]

    package init() {}

    /// What a snapshot is made from: the tables, which share their chunks with it, without the
    /// counts beside them.
    package var forSnapshot: Treasury {
        var copy = self
        copy.sellers = sellers.withoutIndexes
        copy.walletCounts = [:]
        copy.payoutCounts = [:]
        copy.quoteCounts = [:]
        return copy
    }

    // MARK: Pay-outs

    /// Pay-outs of one merchant in memory.
    package func payoutCount(of merchant: MerchantID) -> Int { payoutCounts[merchant] ?? 0 }

    /// - Returns: the pay-out's place in its table.
    package mutating func append(_ payout: Payout) -> Int {
        Self.count(payout.merchant, 1, in: &payoutCounts)
        return payouts.append(payout)
    }

    /// A record changed the pay-out, or was the first of it.
    /// - Precondition: its state allows the event.
    package mutating func record(
        _ event: PayoutEvent?,
        ofPayout index: Int,
        reason: String,
        at time: Timestamp,
        record: UInt64
    ) {
        if let event { payouts[index].apply(event, reason: reason, at: time) }
        payouts[index].recorded(at: record)
    }

    /// Takes in what a snapshot or a cold file holds.
    package mutating func insert(_ payout: Payout) -> Bool {
        guard let index = place(of: payout.id, in: payouts) else { return false }
        payouts.insert(payout, at: index)
        Self.count(payout.merchant, 1, in: &payoutCounts)
        return true
    }

    // MARK: Wallets

    /// Wallets of one merchant in memory.
    package func walletCount(of merchant: MerchantID) -> Int { walletCounts[merchant] ?? 0 }

    /// - Returns: the wallet's place in its table.
    package mutating func append(_ wallet: Wallet) -> Int {
        Self.count(wallet.merchant, 1, in: &walletCounts)
        sums.reserveNumbers(upTo: wallets.count + 1)
        return wallets.append(wallet)
    }

    /// Takes in what a snapshot or a cold file holds.
    package mutating func insert(_ wallet: Wallet) -> Bool {
        guard let index = place(of: wallet.id, in: wallets) else { return false }
        wallets.insert(wallet, at: index)
        Self.count(wallet.merchant, 1, in: &walletCounts)
        return true
    }

    /// A command asks for the wallet: it stays in memory for a while.
    package mutating func use(wallet index: Int, at time: Timestamp) {
        wallets[index].usedAt = max(wallets[index].usedAt, time)
    }

    /// What waits for a settlement of a wallet's money; zeros for a wallet without any.
    package func sums(ofWallet index: Int) -> (unsettledMinor: Int64, pendingMinor: Int64) {
        guard sums.contains(index) else { return (0, 0) }
        return (sums[index].unsettledMinor, sums[index].pendingMinor)
    }

    /// A record books to the wallet's accounts, or changes what of its top-ups is unsettled.
    package mutating func addSums(
        ofWallet index: Int,
        pending: Int64 = 0,
        unsettled: Int64 = 0,
        merchant: MerchantID,
        currency: Currency
    ) {
        if !sums.contains(index) { sums.insert(WalletSums(merchant: merchant, currency: currency), at: index) }
        sums[index].pendingMinor += pending
        sums[index].unsettledMinor += unsettled
        precondition(sums[index].pendingMinor >= 0, "more became available than a wallet's payments had left pending")
    }

    /// Takes in what a snapshot holds.
    package mutating func restore(_ restored: WalletSums, ofWallet index: Int) -> Bool {
        guard index >= 0, index < sums.count, !sums.contains(index) else { return false }
        sums.insert(restored, at: index)
        return true
    }

    // MARK: Memory

    /// The numbers that a snapshot goes on from. What it holds follows.
    package mutating func reserveNumbers(payouts: Int, wallets: Int, quotes: Int, sellers: Int) {
        self.payouts.reserveNumbers(upTo: payouts)
        self.wallets.reserveNumbers(upTo: wallets)
        sums.reserveNumbers(upTo: wallets)
        self.quotes.reserveNumbers(upTo: quotes)
        firstQuote = quotes
        self.sellers.reserveNumbers(upTo: sellers)
    }

    /// Removes from memory what a snapshot has put on disk. It visits at most `limit` chunks.
    /// - Parameter isEmpty: says whether the wallet's accounts are closed.
    /// - Returns: how many pay-outs, and how many wallets left.
    package mutating func release(
        _ plan: inout ReleasePlan,
        limit: Int,
        isEmpty: (_ wallet: Int, WalletSums) -> Bool
    ) -> (payouts: Int, wallets: Int) {
        var left = (payouts: 0, wallets: 0)
        var rest = limit
        while rest > 0, let chunk = plan.payouts.next() {
            rest -= 1
            payouts.forEach(inChunk: chunk) { index, payout in
                if plan.leaves(index, payout) { Self.count(payout.merchant, -1, in: &payoutCounts) }
            }
            left.payouts += payouts.remove(inChunk: chunk) { plan.leaves($0, $1) }
        }
        while rest > 0, let chunk = plan.wallets.next() {
            rest -= 1
            wallets.forEach(inChunk: chunk) { index, wallet in
                if plan.leaves(index, wallet) { Self.count(wallet.merchant, -1, in: &walletCounts) }
            }
            left.wallets += wallets.remove(inChunk: chunk) { plan.leaves($0, $1) }
        }
        while rest > 0, let chunk = plan.walletSums.next() {
            rest -= 1
            _ = sums.remove(inChunk: chunk) { $1.isZero && isEmpty($0, $1) }
        }
        return left
    }

    /// The bytes of these tables.
    package var reservedBytes: Int {
        payouts.reservedBytes + wallets.reservedBytes + sums.reservedBytes + quotes.reservedBytes
            + sellers.sellers.reservedBytes
    }

    /// Where an element belongs that is not here; nil when it is, or when its number was not given
    /// out.
    private func place<Element>(of id: some ShardIdentifier, in table: SparseTable<Element>) -> Int? {
        guard id.sequence >= 1, id.sequence <= UInt64(table.count) else { return nil }
        let index = Int(id.sequence) - 1
        return table.contains(index) ? nil : index
    }

    private static func count(_ merchant: MerchantID, _ change: Int, in counts: inout [MerchantID: Int]) {
        let count = (counts[merchant] ?? 0) + change
        precondition(count >= 0, "what left memory was counted less twice")
        counts[merchant] = count == 0 ? nil : count
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

    // MARK: Quotes

    /// Quotes of one merchant that are still remembered when another one is made at `time`.
    package func quoteCount(of merchant: MerchantID, at time: Timestamp) -> Int {
        var count = quoteCounts[merchant] ?? 0
        guard count > 0, hasForgettableQuote(at: time) else { return count }
        quotes.forEach(inChunk: firstQuote >> SparseTable<ExchangeQuote>.chunkShift) { _, quote in
            if quote.merchant == merchant, quote.isForgotten(at: time) { count -= 1 }
        }
        return count
    }

    /// Whether a quote could be forgotten at `time` by making another one.
    package func hasForgettableQuote(at time: Timestamp) -> Bool {
        quotes.presentCount > 0 && quotes[firstQuote].isForgotten(at: time)
    }

    /// Adds a quote, and forgets old ones. It looks only at the 512 around the oldest, so that this
    /// takes a few microseconds. It goes by the record's time, so that it does the same live and on
    /// replay.
    package mutating func append(_ quote: ExchangeQuote, at time: Timestamp) {
        if hasForgettableQuote(at: time) {
            let chunk = firstQuote >> SparseTable<ExchangeQuote>.chunkShift
            quotes.forEach(inChunk: chunk) { _, quote in
                if quote.isForgotten(at: time) { Self.count(quote.merchant, -1, in: &quoteCounts) }
            }
            _ = quotes.remove(inChunk: chunk) { $1.isForgotten(at: time) }
        }
        Self.count(quote.merchant, 1, in: &quoteCounts)
        _ = quotes.append(quote)
        findFirstQuote()
    }

    /// Takes in what a snapshot holds.
    package mutating func restore(_ quote: ExchangeQuote) -> Bool {
        guard let index = place(of: quote.id, in: quotes) else { return false }
        firstQuote = min(firstQuote, index)
        quotes.insert(quote, at: index)
        Self.count(quote.merchant, 1, in: &quoteCounts)
        return true
    }

    package mutating func convertQuote(_ index: Int, record: UInt64, at time: Timestamp) {
        quotes[index].convert(at: time)
        quotes[index].lastRecord = record
    }

    private mutating func findFirstQuote() {
        while firstQuote < quotes.count, !quotes.contains(firstQuote) { firstQuote += 1 }
    }
}

extension ExchangeQuote {
    fileprivate func isForgotten(at time: Timestamp) -> Bool {
        time.milliseconds(since: expiresAt) >= Treasury.quoteMemory
    }
}
