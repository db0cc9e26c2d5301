#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A profile made ready for drawing from: tables instead of distributions, thresholds instead of
/// rates.
struct BehaviourSampler {
    /// What the profile decides for one attempt of one operation.
    struct Decision: Equatable {
        enum Fault: Equatable {
            case none
            case resetBeforeExecution
            case errorAfterExecution
            case errorWithoutExecution
            case drop(SimulatorProfile.DropMode)
            case drip
        }

        var fault: Fault = .none
        /// For authorisations only.
        var decline: ErrorCode?
        /// Milliseconds until the answer leaves.
        var latency: UInt32 = 0
    }

    private static let latencySteps = 4_096

    let profile: SimulatorProfile
    let seed: UInt64
    // One latency per quantile step; empty when there is none.
    private let latencies: [UInt16]
    private let declineCodes: WeightedChoice<ErrorCode>
    private let dropModes: WeightedChoice<SimulatorProfile.DropMode>

    /// Throws `PSPSimulatorError.invalidProfile`.
    init(profile: SimulatorProfile, seed: UInt64) throws(PSPSimulatorError) {
        try profile.validate()
        self.profile = profile
        self.seed = seed
        self.latencies = profile.latency.quantiles(steps: Self.latencySteps)
        let codes = profile.declineCodes.sorted { $0.key < $1.key }
            .compactMap { name, weight in ErrorCode.issuerDecline(named: name[...]).map { ($0, weight) } }
        self.declineCodes = WeightedChoice(codes, otherwise: .generic_decline)
        let modes = SimulatorProfile.DropMode.allCases.map { ($0, profile.dropModes[$0] ?? 0) }
        self.dropModes = WeightedChoice(modes, otherwise: .reset)
    }

    /// The same for the same (seed, key, attempt), whatever happened before.
    func decide(keyHash: UInt64, attempt: UInt8, canDecline: Bool) -> Decision {
        var hash = SeededHash(seed: seed)
        hash.combine(keyHash)
        hash.combine(UInt64(attempt))
        var generator = SplitMix64(state: hash.value)
        var decision = Decision()
        // Every number is drawn every time, so that a change of one rate does not change the other
        // decisions.
        let fault = generator.nextUnit()
        let variant = generator.nextUnit()
        let decline = generator.nextUnit()
        let code = generator.nextUnit()
        decision.fault = self.fault(at: fault, variant: variant)
        if canDecline, decline < profile.declineRate { decision.decline = declineCodes.pick(code) }
        decision.latency = latency(&generator)
        return decision
    }

    /// A latency for what has no key: queries. `number` makes them differ.
    func queryLatency(number: UInt64) -> UInt32 {
        guard !latencies.isEmpty else { return 0 }
        var generator = SplitMix64(state: seed ^ number &* 0x9E37_79B9_7F4A_7C15)
        return latency(&generator)
    }

    /// How `tok_execute_then_drop` loses its answer.
    func dropMode(keyHash: UInt64) -> SimulatorProfile.DropMode {
        var generator = SplitMix64(state: seed ^ keyHash)
        return dropModes.pick(generator.nextUnit())
    }

    private func latency(_ generator: inout SplitMix64) -> UInt32 {
        guard !latencies.isEmpty else { return 0 }
        return UInt32(latencies[Int(generator.next() >> 52)])
    }

    private func fault(at draw: Double, variant: Double) -> Decision.Fault {
        var threshold = profile.dropRate
        if draw < threshold { return .drop(dropModes.pick(variant)) }
        threshold += profile.resetRate
        if draw < threshold { return .resetBeforeExecution }
        threshold += profile.errorRate
        if draw < threshold {
            return variant < profile.errorExecutedShare ? .errorAfterExecution : .errorWithoutExecution
        }
        threshold += profile.dripRate
        return draw < threshold ? .drip : .none
    }
}

/// One of several values, by weight.
struct WeightedChoice<Value: Sendable>: Sendable {
    private let values: [Value]
    private let cumulative: [Double]
    private let otherwise: Value

    init(_ weighted: [(Value, Double)], otherwise: Value) {
        let used = weighted.filter { $0.1 > 0 }
        let total = used.reduce(0) { $0 + $1.1 }
        var sum = 0.0
        self.values = used.map(\.0)
        self.cumulative = used.map {
            sum += $0.1
            return sum / total
        }
        self.otherwise = otherwise
    }

    /// `draw` is in [0, 1).
    func pick(_ draw: Double) -> Value {
        for index in cumulative.indices where draw < cumulative[index] { return values[index] }
        return values.last ?? otherwise
    }
}

extension SimulatorProfile.Latency {
    /// Whole milliseconds at the middle of each of `steps` equal quantiles; empty when all are 0.
    fileprivate func quantiles(steps: Int) -> [UInt16] {
        let table = (0..<steps).map { step -> UInt16 in
            let milliseconds = quantile((Double(step) + 0.5) / Double(steps))
            return UInt16(min(milliseconds, SimulatorProfile.maximumLatencyMilliseconds).rounded())
        }
        return table.allSatisfy { $0 == 0 } ? [] : table
    }

    private func quantile(_ share: Double) -> Double {
        switch self {
        case .fixed(let milliseconds):
            return milliseconds
        case .uniform(let minimum, let maximum):
            return minimum + (maximum - minimum) * share
        case .lognormal(let p50, let p99):
            let sigma = log(p99 / p50) / standardNormalQuantile(0.99)
            return p50 * exp(sigma * standardNormalQuantile(share))
        }
    }
}

/// The standard normal distribution's quantile, by bisection of `erfc`: exact enough, and only used
/// when a profile is set.
private func standardNormalQuantile(_ share: Double) -> Double {
    var low = -9.0
    var high = 9.0
    for _ in 0..<60 {
        let middle = (low + high) / 2
        if 0.5 * erfc(-middle / 2.0.squareRoot()) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
