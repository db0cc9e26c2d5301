package import Payments

/// What a shard keeps beside payments: pay-outs, wallets, exchange quotes and sellers. Values that share their chunks with a
/// copy, like the table of payments. Balances are in the ledger only.
package struct MoneyTables: Sendable {
    /// How long a quote is remembered after it has expired, in milliseconds, so that the answer to a late use says why.
    package static let quoteMemory: Int64 = 3_600_000

    package var payouts = SparseTable<Payout>()
    package var wallets = SparseTable<Wallet>()
    package private(set) var quotes = SparseTable<ExchangeQuote>()
    /// No quote before this one is here.
    package private(set) var firstQuote = 0
    package var sellers = SellerTable()
    private var walletCounts: [MerchantID: Int] = [:]
    private var payoutCounts: [MerchantID: Int] = [:]

    package init() {}

    /// Wallets of one merchant.
    package func walletCount(of merchant: MerchantID) -> Int { walletCounts[merchant] ?? 0 }

    /// Pay-outs of one merchant.
    package func payoutCount(of merchant: MerchantID) -> Int { payoutCounts[merchant] ?? 0 }

    /// - Returns: the pay-out's place in its table.
    package mutating func append(_ payout: Payout) -> Int {
        payoutCounts[payout.merchant, default: 0] += 1
        return payouts.append(payout)
    }

    /// - Returns: the wallet's place in its table.
    package mutating func append(_ wallet: Wallet) -> Int {
        walletCounts[wallet.merchant, default: 0] += 1
        return wallets.append(wallet)
    }

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
    fileprivate func isForgotten(at time: Int64) -> Bool { time - expiresAt >= MoneyTables.quoteMemory }
}

/// A seller of a merchant.
package struct Seller: Sendable, Equatable {
    package var merchant: MerchantID
    package var name: SellerName

    package init(
        merchant: MerchantID,
        name: SellerName
    ) {
        self.merchant = merchant
        self.name = name
    }
}

/// The sellers of a shard, numbered from 1 as they are first named. Never removed: their accounts stay.
package struct SellerTable: Sendable {
    private struct Key: Hashable {
        var merchant: MerchantID
        var name: SellerName
    }

    package private(set) var sellers: [Seller] = []
    private var numbers: [Key: Int] = [:]
    private var byMerchant: [MerchantID: [Int]] = [:]

    package var count: Int { sellers.count }

    /// The seller's number, nil when nobody named it yet.
    package func number(of name: SellerName, merchant: MerchantID) -> Int? {
        numbers[Key(merchant: merchant, name: name)]
    }

    /// The numbers of a merchant's sellers, in the order in which they were first named.
    package func numbers(of merchant: MerchantID) -> [Int] { byMerchant[merchant] ?? [] }

    package func name(_ number: Int) -> SellerName { sellers[number - 1].name }

    /// The seller's number, a new one if need be.
    package mutating func open(_ name: SellerName, merchant: MerchantID) -> Int {
        let key = Key(merchant: merchant, name: name)
        if let number = numbers[key] { return number }
        sellers.append(Seller(merchant: merchant, name: name))
        numbers[key] = sellers.count
        byMerchant[merchant, default: []].append(sellers.count)
        return sellers.count
    }

    /// The owner of the seller's accounts, unique among all shards.
    package static func accountOwner(_ number: Int, shard: UInt16) -> UInt64 { UInt64(shard) << 48 | UInt64(number) }
}
