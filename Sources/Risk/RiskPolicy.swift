package import Money
package import Payments

/// What the policy decides about a payment, from the mildest to the strictest.
package enum RiskBand: UInt8, Sendable, CaseIterable, Comparable {
    /// It is sent to the provider.
    case allow = 0
    /// It waits for manual review.
    case review = 1
    /// It is refused, and never sent.
    case block = 2

    package static func < (left: RiskBand, right: RiskBand) -> Bool { left.rawValue < right.rawValue }
}

/// Everything that decides about payments, compiled: an immutable value that a reload swaps for
/// another.
package struct RiskPolicy: Sendable {
    /// From which scores on payments go to manual review, and are refused.
    package struct Bands: Sendable, Equatable {
        package var review: UInt8
        package var block: UInt8

        package init(review: UInt8 = 50, block: UInt8 = 80) {
            self.review = review
            self.block = block
        }

        package func band(of score: UInt8) -> RiskBand {
            if score >= block { return .block }
            return score >= review ? .review : .allow
        }
    }

    /// The question to the external scorer.
    package struct Scorer: Sendable, Equatable {
        /// How long it may take, in milliseconds.
        package var timeout: Int64
        /// The least band of a payment whose score did not come: `allow` is to fail open, `block`
        /// to fail closed.
        package var onFailure: RiskBand

        package init(timeout: Int64, onFailure: RiskBand) {
            self.timeout = timeout
            self.onFailure = onFailure
        }
    }

    package static let maximumRules = 64
    /// Of one shard: 2 GiB.
    package static let maximumCounters = RiskCounters.maximumCapacity

    package let rules: [RiskRule]
    package let bands: Bands
    package let lists: RiskLists
    /// The least band of a payment of a customer under sanctions.
    package let sanctions: RiskBand
    /// The least band of a payment whose counters find no room.
    package let whenCountersAreFull: RiskBand
    package let scorer: Scorer?
    /// How long a payment waits for manual review before it fails, in milliseconds.
    package let reviewTimeout: Int64
    package let counterCapacity: Int
    let key: RiskKey
    let meters: [RiskMeter]
    /// For each rule its meter.
    let meterOfRule: [Int?]

    package init(
        rules: [RiskRule],
        bands: Bands = Bands(),
        lists: RiskLists = RiskLists(),
        sanctions: RiskBand = .block,
        whenCountersAreFull: RiskBand = .allow,
        scorer: Scorer? = nil,
        reviewTimeout: Int64 = 86_400_000,
        counterCapacity: Int = 65_536,
        key: RiskKey
    ) {
        precondition(rules.count <= Self.maximumRules)
        var meters: [RiskMeter] = []
        meterOfRule = rules.map { rule in
            guard let meter = RiskMeter(rule.condition) else { return nil }
            if let known = meters.firstIndex(of: meter) { return known }
            meters.append(meter)
            return meters.count - 1
        }
        self.meters = meters
        self.rules = rules
        self.bands = bands
        self.lists = lists
        self.sanctions = sanctions
        self.whenCountersAreFull = whenCountersAreFull
        self.scorer = scorer
        self.reviewTimeout = reviewTimeout
        self.counterCapacity = counterCapacity
        self.key = key
    }

    /// The capacity of the table of counters that it needs; nil for none.
    package var neededCounters: Int? { meters.isEmpty ? nil : counterCapacity }
}

/// What the rules look at.
package struct RiskFacts: Sendable, Equatable {
    package var merchant: MerchantID
    package var amountMinor: Int64
    package var currency: Currency

    package init(merchant: MerchantID, amountMinor: Int64, currency: Currency) {
        self.merchant = merchant
        self.amountMinor = amountMinor
        self.currency = currency
    }
}

/// The assessment of a payment by the rules.
package struct RiskAssessment: Sendable, Equatable {
    package var band: RiskBand
    /// 0...100.
    package var score: UInt8
    /// The names of the rules and lists that fit.
    package var reasons: [String]
    /// Whether the external scorer is to be asked; it can only make the band stricter.
    package var asksScorer: Bool
    /// A counter found no room.
    package var countersWereFull = false

    package init(band: RiskBand, score: UInt8, reasons: [String], asksScorer: Bool) {
        self.band = band
        self.score = score
        self.reasons = reasons
        self.asksScorer = asksScorer
    }

    /// No rule or list fits the payment, and the scorer is not asked.
    package var isPlain: Bool { band == .allow && reasons.isEmpty && !asksScorer }
}

/// The reasons that are no rule's name. A rule cannot have such a name.
package enum RiskReason {
    package static let sanctions = "sanctions_list"
    package static let blockList = "block_list"
    package static let allowList = "allow_list"
    package static let countersFull = "counters_full"
    package static let scorerFailed = "scorer_failed"

    package static let all = [sanctions, blockList, allowList, countersFull, scorerFailed]
}
