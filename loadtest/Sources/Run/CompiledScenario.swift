/// A scenario made ready to be drawn from: names become indices, weights become tables. Shared by
/// all loops.
struct CompiledScenario: Sendable {
    struct Load: Sendable {
        let operations: [Operation]
        let operationWeights: WeightedIndex
        let tokens: [UInt8]
        let tokenWeights: WeightedIndex
        let currencies: [UInt8]
        let currencyWeights: WeightedIndex
        let amounts: ClosedRange<Int64>
        let duplicateRate: Double
        let concurrentShare: Double
        let conflictRate: Double
    }

    let scenario: Scenario
    /// By index of the scenario's phase.
    let loads: [Load]
    /// All payment-method tokens of all phases, sorted.
    let tokens: [String]
    /// All currencies of all phases, sorted.
    let currencies: [String]
    let merchants: WeightedIndex

    /// Throws when there are more tokens or currencies than a byte can number.
    init(_ scenario: Scenario, merchantCount: Int) throws {
        let tokens = Set(scenario.phases.flatMap { $0.load.paymentMethods.keys }).sorted()
        let currencies = Set(scenario.phases.flatMap { $0.load.currencies.keys }).sorted()
        guard tokens.count <= 256, currencies.count <= 256 else {
            throw LoadUsageError("a scenario may name at most 256 payment methods and 256 currencies")
        }
        self.scenario = scenario
        self.tokens = tokens
        self.currencies = currencies
        self.merchants = WeightedIndex(zipf: max(merchantCount, 1), exponent: scenario.merchants.exponent)
        self.loads = scenario.phases.map { Load($0.load, tokens: tokens, currencies: currencies) }
    }
}

extension CompiledScenario.Load {
    fileprivate init(_ load: Scenario.Load, tokens allTokens: [String], currencies allCurrencies: [String]) {
        let mix = load.mix.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
        let tokens = load.paymentMethods.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        let currencies = load.currencies.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        self.init(
            operations: mix.map(\.key),
            operationWeights: WeightedIndex(mix.map(\.value)),
            tokens: tokens.map { token in UInt8(allTokens.firstIndex(of: token.key) ?? 0) },
            tokenWeights: WeightedIndex(tokens.map(\.value)),
            currencies: currencies.map { currency in UInt8(allCurrencies.firstIndex(of: currency.key) ?? 0) },
            currencyWeights: WeightedIndex(currencies.map(\.value)),
            amounts: load.amounts,
            duplicateRate: load.duplicateRate,
            concurrentShare: load.concurrentShare,
            conflictRate: load.conflictRate
        )
    }
}
