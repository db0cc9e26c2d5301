import Ledger
import Money
import Payments
import Testing
import Time

@Suite("Exchange quotes")
struct ExchangeQuoteTests {
    private func terms(_ sold: Int64, _ rate: String, spread: UInt16) throws -> ExchangeTerms? {
        ExchangeTerms(
            sold: .eur,
            soldMinor: sold,
            bought: .usd,
            rate: try #require(ExchangeRate(rate)),
            spreadBasisPoints: spread
        )
    }

    @Test("The spread is the platform's, rounded up; the merchant gets the rest")
    func spread() throws {
        let terms = try #require(try terms(10_000, "1.0842", spread: 50))
        #expect(terms.grossMinor == 10_842 && terms.spreadMinor == 55 && terms.boughtMinor == 10_787)
        let free = try #require(try self.terms(10_000, "1.0842", spread: 0))
        #expect(free.spreadMinor == 0 && free.boughtMinor == free.grossMinor)
    }

    @Test("Nothing left for the merchant, or more than 64 bits: no quote")
    func refusals() throws {
        #expect(try terms(1, "0.4", spread: 0) == nil)
        #expect(try terms(100, "1", spread: 10_000) == nil)
        #expect(try terms(.max, "1000000", spread: 0) == nil)
    }

    @Test("A quote is used once, before it expires, and books both currencies to zero")
    func life() throws {
        let terms = try #require(try terms(10_000, "1.0842", spread: 50))
        var quote = ExchangeQuote(
            id: QuoteID(createdAt: 1, shard: 0, sequence: 1),
            merchant: Samples.merchant,
            terms: terms,
            expiresAt: 500
        )
        #expect(!quote.isExpired(at: 499) && quote.isExpired(at: 500) && !quote.isConverted)
        var balances = Balances()
        let transfers = quote.postings
        for index in 0..<transfers.count { balances.apply(transfers[index]) }
        #expect(balances.trialBalance().isBalanced && balances.balance(of: quote.source) == 10_000)
        let bought = Account(.merchantAvailable, owner: 7, currency: .usd)
        #expect(balances.balance(of: bought) == -10_787)
        #expect(balances.balance(of: Account(.platformFXSpread, currency: .usd)) == -55)
        quote.convert(at: 400)
        #expect(quote.isConverted && quote.convertedAt == 400)
    }

    @Test("Stored terms that cannot be are refused")
    func stored() throws {
        let rate = try #require(ExchangeRate("1"))
        func stored(sold: Int64, gross: Int64, spread: Int64, bought: Currency = .usd) -> ExchangeTerms? {
            ExchangeTerms(
                sold: .eur,
                soldMinor: sold,
                bought: bought,
                grossMinor: gross,
                spreadMinor: spread,
                rate: rate
            )
        }
        #expect(stored(sold: 1, gross: 2, spread: 1)?.boughtMinor == 1)
        #expect(
            stored(sold: 0, gross: 2, spread: 1) == nil && stored(sold: 1, gross: 1, spread: 1) == nil
                && stored(sold: 1, gross: 2, spread: -1) == nil
        )
        #expect(stored(sold: 1, gross: 2, spread: 1, bought: .eur) == nil)
    }
}
