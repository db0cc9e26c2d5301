import Crypto
import Money
import Payments
import Risk
import ShardCore

/// One digest of the settings that decide about money. These are fees, routes, limits of tables and
/// shares, connectors with their capabilities and resolutions, pay-outs, exchange, and the fraud
/// hook with its lists. The digest leaves out addresses of listeners, certificates, keys and other
/// secrets, loops, and the limits of the journal and the edge.
///
/// It is keyed by the data directory's secret, because lists may hold names of customers.
struct ConfigurationDigest {
    private var code: HMAC<SHA256>

    /// - Parameters:
    ///   - configuration: what a start or a reload has read.
    ///   - lists: the digest of the files that the fraud hook's lists name
    ///     (`RiskParts.listDigest`).
    ///   - seed: the data directory's.
    init(_ configuration: GatewayConfiguration, lists: [UInt8], seed: [UInt8]) {
        code = HMAC<SHA256>(key: SymmetricKey(data: seed))
        add("millrace configuration", 1)
        for merchant in configuration.merchants.sorted(by: { $0.id < $1.id }) { add(merchant) }
        // In their order: the first connector is the route of merchants that name none.
        for connector in configuration.connectors { add(connector, configuration.payments) }
        add(configuration.payments)
        add(configuration.idempotency)
        add("limits.merchant_share_percent", configuration.limits.merchantSharePercent)
        add(configuration.treasury)
        add(configuration.risk)
        add("risk.lists.files", Hexadecimal.encode(lists))
    }

    /// 64 hexadecimal digits.
    var text: String { Hexadecimal.encode(Array(code.finalize())) }

    /// Names and values are delimited, so that no two configurations are the same bytes.
    private mutating func add(_ name: StaticString, _ value: String) {
        code.update(data: Array("\(name)=\(value.utf8.count):\(value)\n".utf8))
    }

    private mutating func add(_ name: StaticString, _ value: some BinaryInteger) { add(name, "\(value)") }

    private mutating func add(_ name: StaticString, _ value: Bool) { add(name, value ? "true" : "false") }

    private mutating func add(_ name: StaticString, _ value: Duration) {
        add(name, "\(value.components.seconds).\(value.components.attoseconds)")
    }

    private mutating func add(_ name: StaticString, _ value: Int?) { add(name, value.map { "\($0)" } ?? "none") }

    private mutating func add(_ name: StaticString, _ values: [some BinaryInteger]) {
        add(name, values.map { "\($0)" }.joined(separator: ","))
    }

    private mutating func add(_ name: StaticString, _ values: [String]) {
        add(name, values.count)
        for value in values { add(name, value) }
    }
}

// MARK: Sections

extension ConfigurationDigest {
    private mutating func add(_ merchant: GatewayConfiguration.Merchant) {
        add("merchant", merchant.id)
        add("fee_basis_points", merchant.feeBasisPoints)
        add("payout_hold", merchant.holdsPayouts)
        add("manual_captures", merchant.capturesManually)
        add("route", merchant.route)
    }

    private mutating func add(
        _ connector: GatewayConfiguration.Connector,
        _ payments: GatewayConfiguration.PaymentTable
    ) {
        add("connector", connector.name)
        add("kind", connector.kind.rawValue)
        add("url", connector.url)
        add("max_in_flight_per_loop", connector.maxInFlightPerLoop)
        add("multiple_captures", connector.multipleCaptures)
        add("increments", connector.increments)
        add("over_capture_basis_points", connector.overCaptureBasisPoints)
        add("authorization_lifetime", connector.authorizationLifetime)
        for (currency, fee) in connector.disputeFees.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            add("dispute_fee", "\(currency)")
            add("fee", fee)
        }
        add("reserve_on_warning", connector.reservesOnWarning)
        let policies = connector.resolutionPolicies(connector.declaredResolution, payments: payments)
        for operation in ProviderOperation.allCases {
            add("operation", "\(operation.name)")
            add("deadline", connector.deadlines[operation] ?? connector.deadline)
            add(policies[operation])
        }
    }

    private mutating func add(_ policy: ResolutionPolicy) {
        for lag in [policy.means.queryByID, policy.means.queryByReference, policy.means.queryByList] {
            add("query", lag.map { "\($0)" } ?? "none")
        }
        add("replay_window", policy.means.replayWindow)
        add("void_by_reference", policy.means.voidByReference)
        add("schedule", policy.schedule)
        add("replays", policy.replays)
        add("in_flight_horizon", policy.inFlightHorizon)
        add("retries", policy.retries)
        add("abandon_after", policy.abandonAfter)
        add("attention_after", policy.attentionAfter)
    }

    private mutating func add(_ payments: GatewayConfiguration.PaymentTable) {
        add("payments.capacity_per_shard", payments.capacityPerShard)
        add("payments.capacity", payments.capacity)
        add("payments.accounts_per_shard", payments.accountsPerShard)
        add("payments.accounts", payments.accounts)
        add("payments.waiting_per_shard", payments.waitingPerShard)
        add("payments.resolutions_per_shard", payments.resolutionsPerShard)
        add("payments.parked_per_shard", payments.parkedPerShard)
        add("payments.parked_per_merchant", payments.parkedPerMerchant)
        add("payments.action_timeout", payments.actionTimeout)
    }

    private mutating func add(_ idempotency: GatewayConfiguration.Idempotency) {
        add("idempotency.ttl", idempotency.ttl)
        add("idempotency.capacity_per_shard", idempotency.capacityPerShard)
        add("idempotency.capacity", idempotency.capacity)
        add("idempotency.events_per_shard", idempotency.eventsPerShard)
        add("idempotency.parked_per_shard", idempotency.parkedPerShard)
        add("idempotency.parked_per_merchant", idempotency.parkedPerMerchant)
    }

    private mutating func add(_ treasury: GatewayConfiguration.TreasurySettings) {
        for minimum in treasury.payoutMinimums.sorted(by: { "\($0.currency)" < "\($1.currency)" }) {
            add("payout_minimum", "\(minimum.currency)")
            add("amount", minimum.amountMinor)
        }
        for rate in treasury.rates.sorted(by: { ("\($0.sold)", "\($0.bought)") < ("\($1.sold)", "\($1.bought)") }) {
            add("rate", "\(rate.sold) \(rate.bought)")
            add("mantissa", rate.rate.mantissa)
            add("scale", rate.rate.scale)
        }
        add("exchange.spread_basis_points", treasury.spreadBasisPoints)
        add("exchange.quote_validity", treasury.quoteValidity)
    }

    private mutating func add(_ risk: GatewayConfiguration.RiskSettings) {
        for rule in risk.rules { add(rule) }
        add("risk.bands.review", risk.bands.review)
        add("risk.bands.block", risk.bands.block)
        for list in [risk.allow, risk.block, risk.sanctions] {
            add("risk.list.payment_methods", list.paymentMethods.sorted())
            add("risk.list.customers", list.customers.sorted())
            // Only whether a file is named; `lists` is the digest of the contents.
            add("risk.list.payment_methods_file", list.paymentMethodsFile != nil)
            add("risk.list.customers_file", list.customersFile != nil)
        }
        add("risk.lists.sanctions.outcome", risk.sanctionsOutcome.rawValue)
        add("risk.counters.capacity_per_shard", risk.countersPerShard)
        add("risk.counters.on_full", risk.whenCountersAreFull.rawValue)
        add("risk.review.timeout", risk.reviewTimeout)
        guard let scorer = risk.scorer else { return add("risk.scorer", false) }
        add("risk.scorer.url", "\(scorer.url)")
        add("risk.scorer.timeout", scorer.timeout)
        add("risk.scorer.on_failure", scorer.onFailure.rawValue)
        add("risk.scorer.max_in_flight_per_loop", scorer.maxInFlightPerLoop)
    }

    private mutating func add(_ rule: RiskRule) {
        add("risk.rule", rule.name)
        add("score", rule.score)
        switch rule.condition {
        case .count(let subject, let window, let limit):
            add("count", subject.rawValue)
            add("window", window)
            add("limit", limit)
        case .sum(let subject, let window, let limit, let currency):
            add("sum", subject.rawValue)
            add("window", window)
            add("limit", limit)
            add("currency", "\(currency)")
        case .amount(let over, let currency):
            add("amount", over)
            add("currency", "\(currency)")
        }
    }
}
