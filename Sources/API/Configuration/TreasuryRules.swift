package import Money
package import Payments

/// What the configuration says of pay-outs and exchange; immutable, shared by all loops.
package struct TreasuryRules: Sendable {
    /// Two different currencies, in the direction of a sale.
    package struct Pair: Hashable, Sendable {
        package var sold: Currency
        package var bought: Currency

        package init(sold: Currency, bought: Currency) {
            self.sold = sold
            self.bought = bought
        }
    }

    /// The least pay-out by currency, in minor units; 1 where none is named.
    package var payoutMinimums: [Currency: Int64] = [:]
    /// What one unit of the sold currency costs in the bought one. A pair that is not here is not
    /// exchanged.
    package var rates: [Pair: ExchangeRate] = [:]
    /// The platform's share of what is bought, in basis points, at most 10,000.
    package var spreadBasisPoints: UInt16 = 0
    /// How long a quote holds, in milliseconds.
    package var quoteMilliseconds: Int64 = 60_000

    package init() {}
}
