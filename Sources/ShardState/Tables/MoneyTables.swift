import Payments

/// What a shard keeps beside payments: pay-outs, wallets, exchange quotes and sellers. Values that share their chunks with a
/// copy, like the table of payments. Balances are in the ledger only.
struct MoneyTables: Sendable {
    /// How long a quote is remembered after it has expired, in milliseconds, so that a late use is told why it is refused.
    static let quoteMemory: Int64 = 3_600_000

    var payouts = SparseTable<Payout>()
    var wallets = SparseTable<Wallet>()
    private(set) var quotes = SparseTable<ExchangeQuote>()
    /// No quote before this one is here.
    private(set) var firstQuote = 0
    var sellers = SellerTable()

    /// Whether a quote could be forgotten at `time` by making another one.
    func hasForgettableQuote(at time: Int64) -> Bool {
        quotes.presentCount > 0 && quotes[firstQuote].isForgotten(at: time)
    }

    /// Adds a quote, and forgets old ones: only those among the 512 around the oldest are looked at, so that this takes a few
    /// microseconds. By the record's time: live and on replay the same.
    mutating func append(_ quote: ExchangeQuote, at time: Int64) {
        if hasForgettableQuote(at: time) {
            let chunk = firstQuote >> SparseTable<ExchangeQuote>.chunkShift
            _ = quotes.remove(inChunk: chunk) { $1.isForgotten(at: time) }
        }
        _ = quotes.append(quote)
        findFirstQuote()
    }

    /// Takes in what a snapshot holds.
    mutating func restore(_ quote: ExchangeQuote) -> Bool {
        let index = Int(quote.id.sequence) - 1
        guard quote.id.sequence <= UInt64(quotes.count), index >= 0, !quotes.contains(index) else { return false }
        firstQuote = min(firstQuote, index)
        quotes.insert(quote, at: index)
        return true
    }

    mutating func reserveQuoteNumbers(upTo count: Int) {
        quotes.reserveNumbers(upTo: count)
        firstQuote = quotes.count
    }

    mutating func convertQuote(_ index: Int, record: UInt64, at time: Int64) {
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
struct Seller: Sendable, Equatable {
    var merchant: MerchantID
    var name: SellerName
}

/// The sellers of a shard, numbered from 1 as they are first named. Never removed: their accounts stay.
struct SellerTable: Sendable {
    private struct Key: Hashable {
        var merchant: MerchantID
        var name: SellerName
    }

    private(set) var sellers: [Seller] = []
    private var numbers: [Key: Int] = [:]
    private var byMerchant: [MerchantID: [Int]] = [:]

    var count: Int { sellers.count }

    /// The seller's number, nil when nobody named it yet.
    func number(of name: SellerName, merchant: MerchantID) -> Int? { numbers[Key(merchant: merchant, name: name)] }

    /// The numbers of a merchant's sellers, in the order in which they were first named.
    func numbers(of merchant: MerchantID) -> [Int] { byMerchant[merchant] ?? [] }

    func name(_ number: Int) -> SellerName { sellers[number - 1].name }

    /// The seller's number, a new one if need be.
    mutating func open(_ name: SellerName, merchant: MerchantID) -> Int {
        let key = Key(merchant: merchant, name: name)
        if let number = numbers[key] { return number }
        sellers.append(Seller(merchant: merchant, name: name))
        numbers[key] = sellers.count
        byMerchant[merchant, default: []].append(sellers.count)
        return sellers.count
    }

    /// The owner of the seller's accounts, unique among all shards.
    static func accountOwner(_ number: Int, shard: UInt16) -> UInt64 { UInt64(shard) << 48 | UInt64(number) }
}
