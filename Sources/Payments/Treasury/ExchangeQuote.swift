package import Ledger
package import Money
package import Time

/// What a quote exchanges: fixed when it is made, booked exactly so when it is used.
package struct ExchangeTerms: Sendable, Equatable {
    package let sold: Currency
    package let soldMinor: Int64
    package let bought: Currency
    /// At the rate, before the spread.
    package let grossMinor: Int64
    /// The platform's share of `grossMinor`, rounded up.
    package let spreadMinor: Int64
    package let rate: ExchangeRate

    /// What the merchant gets.
    package var boughtMinor: Int64 { grossMinor - spreadMinor }

    /// Terms at a rate. nil when nothing would be left for the merchant, or the result does not fit
    /// 64 bits.
    package init?(
        sold: Currency,
        soldMinor: Int64,
        bought: Currency,
        rate: ExchangeRate,
        spreadBasisPoints: UInt16
    ) {
        precondition(sold != bought && soldMinor > 0 && spreadBasisPoints <= BasisPoints.whole)
        guard let gross = rate.convert(soldMinor, from: sold, to: bought) else { return nil }
        let share = Int128(gross) * Int128(spreadBasisPoints)
        let spread = Int64((share + 9_999) / 10_000)
        self.init(sold: sold, soldMinor: soldMinor, bought: bought, grossMinor: gross, spreadMinor: spread, rate: rate)
    }

    /// Terms as a journal holds them. nil when they cannot be.
    package init?(
        sold: Currency,
        soldMinor: Int64,
        bought: Currency,
        grossMinor: Int64,
        spreadMinor: Int64,
        rate: ExchangeRate
    ) {
        guard soldMinor > 0, spreadMinor >= 0, grossMinor > spreadMinor, sold != bought else { return nil }
        self.sold = sold
        self.soldMinor = soldMinor
        self.bought = bought
        self.grossMinor = grossMinor
        self.spreadMinor = spreadMinor
        self.rate = rate
    }
}

/// A promise to exchange at fixed terms until it expires, once.
package struct ExchangeQuote: Sendable {
    package let id: QuoteID
    package let merchant: MerchantID
    package let terms: ExchangeTerms
    /// From then on it is refused.
    package let expiresAt: Timestamp
    /// When it was used; `.none` while it was not.
    package private(set) var convertedAt: Timestamp = .none
    /// The journal position of its last record.
    package var lastRecord: UInt64 = 0

    package init(id: QuoteID, merchant: MerchantID, terms: ExchangeTerms, expiresAt: Timestamp) {
        self.id = id
        self.merchant = merchant
        self.terms = terms
        self.expiresAt = expiresAt
    }

    package var isConverted: Bool { convertedAt != .none }

    package func isExpired(at now: Timestamp) -> Bool { now >= expiresAt }

    /// - Precondition: it was not used before.
    package mutating func convert(at time: Timestamp) {
        precondition(!isConverted && time > .none, "a quote is used once")
        convertedAt = time
    }

    /// What a conversion books (P10).
    package var postings: Transfers {
        Transfers(
            PostingRules.exchange(
                merchant: merchant.rawValue,
                sold: terms.sold,
                soldMinor: terms.soldMinor,
                bought: terms.bought,
                grossMinor: terms.grossMinor,
                spreadMinor: terms.spreadMinor
            )
        )
    }

    /// The merchant's account that pays.
    package var source: Account { Account(.merchantAvailable, owner: merchant.rawValue, currency: terms.sold) }
}
