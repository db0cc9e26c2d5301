package import API
package import Money
package import Payments
import Yams

extension GatewayConfiguration {
    /// Pay-outs and currency exchange.
    package struct TreasurySettings: Sendable, Equatable {
        /// The least pay-out of a currency, in minor units.
        package struct Minimum: Sendable, Equatable {
            package var currency: Currency
            package var amountMinor: Int64
        }

        /// What one unit of a currency costs in another.
        package struct Rate: Sendable, Equatable {
            package var sold: Currency
            package var bought: Currency
            package var rate: ExchangeRate
        }

        package var payoutMinimums: [Minimum] = []
        package var rates: [Rate] = []
        /// The platform's share of what is bought, 0...10000.
        package var spreadBasisPoints = 0
        /// How long a quote holds.
        package var quoteValidity = Duration.seconds(60)

        /// The same as the edge wants it.
        package var rules: TreasuryRules {
            var rules = TreasuryRules()
            for minimum in payoutMinimums { rules.payoutMinimums[minimum.currency] = minimum.amountMinor }
            for rate in rates { rules.rates[TreasuryRules.Pair(sold: rate.sold, bought: rate.bought)] = rate.rate }
            rules.spreadBasisPoints = UInt16(spreadBasisPoints)
            rules.quoteMilliseconds =
                quoteValidity.components.seconds * 1_000 + quoteValidity.components.attoseconds / 1_000_000_000_000_000
            return rules
        }
    }
}

extension GatewayConfiguration.TreasurySettings {
    /// All pairs of some 40 currencies.
    private static let maximumRates = 2_048

    mutating func read(_ document: inout ConfigurationSection) throws(ConfigurationError) {
        var section = try document.section("payouts")
        for (index, node) in (try section.list("minimums") ?? []).enumerated() {
            var line = try ConfigurationSection(node, path: "payouts.minimums[\(index)]", source: section.source)
            let currency = try Self.currency("currency", &line)
            guard !payoutMinimums.contains(where: { $0.currency == currency }) else {
                throw line.problem("\(currency) is named twice")
            }
            guard let amount = try line.integer("amount", in: 1...1_000_000_000_000) else {
                throw line.missing("amount")
            }
            payoutMinimums.append(Minimum(currency: currency, amountMinor: Int64(amount)))
            try line.finish()
        }
        try section.finish()
        section = try document.section("exchange")
        spreadBasisPoints = try section.integer("spread_basis_points", in: 0...10_000) ?? spreadBasisPoints
        quoteValidity =
            try section.duration("quote_validity", in: .seconds(1)...Duration.seconds(86_400)) ?? quoteValidity
        try readRates(&section)
        try section.finish()
    }

    private mutating func readRates(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        let nodes = try section.list("rates") ?? []
        guard nodes.count <= Self.maximumRates else { throw section.problem("rates: at most \(Self.maximumRates)") }
        var pairs: Set<TreasuryRules.Pair> = []
        for (index, node) in nodes.enumerated() {
            var line = try ConfigurationSection(node, path: "exchange.rates[\(index)]", source: section.source)
            let sold = try Self.currency("sell", &line)
            let bought = try Self.currency("buy", &line)
            guard sold != bought, pairs.insert(TreasuryRules.Pair(sold: sold, bought: bought)).inserted else {
                throw line.problem("\(sold) to \(bought) is named twice, or no exchange")
            }
            guard let value = try line.value("rate") else { throw line.missing("rate") }
            guard let rate = ExchangeRate(value.text) else {
                throw value.error("must be a decimal above zero such as 1.0842, at most 12 digits behind the point")
            }
            rates.append(Rate(sold: sold, bought: bought, rate: rate))
            try line.finish()
        }
    }

    private static func currency(
        _ key: String,
        _ section: inout ConfigurationSection
    ) throws(ConfigurationError) -> Currency {
        guard let value = try section.value(key) else { throw section.missing(key) }
        guard let currency = Currency(code: value.text) else {
            throw value.error("must be an ISO 4217 code such as EUR")
        }
        return currency
    }
}
