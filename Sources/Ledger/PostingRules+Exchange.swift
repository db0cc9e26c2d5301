package import Money

extension PostingRules {
    /// P10: the merchant sells `soldMinor` and gets `grossMinor` less the spread; the positions of
    /// both currencies take the other sides. Two sets of postings, each zero in its currency.
    /// - Precondition: 0 <= `spreadMinor` < `grossMinor`, two currencies.
    package static func exchange(
        merchant: UInt64,
        sold: Currency,
        soldMinor: Int64,
        bought: Currency,
        grossMinor: Int64,
        spreadMinor: Int64
    ) -> Transfer {
        precondition(sold != bought && spreadMinor >= 0 && spreadMinor < grossMinor, "a spread is a part of the amount")
        return Transfer(
            .exchange,
            lines: [
                (Account(.merchantAvailable, owner: merchant, currency: sold), soldMinor),
                (Account(.fxPosition, currency: sold), -soldMinor),
                (Account(.fxPosition, currency: bought), grossMinor),
                (Account(.merchantAvailable, owner: merchant, currency: bought), spreadMinor - grossMinor),
                (Account(.platformFXSpread, currency: bought), -spreadMinor),
            ]
        )
    }
}
