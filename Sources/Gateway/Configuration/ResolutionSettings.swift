package import Payments
import Providers
import ShardCore

extension GatewayConfiguration {
    /// What an operator changes of how a connector's unknown outcomes are resolved. What an adapter
    /// declares can only be narrowed.
    package struct Resolution: Sendable, Equatable {
        /// Of every operation.
        package var all = ResolutionSettings()
        /// Of single operations, where it differs.
        package var operations: [ProviderOperation: ResolutionSettings] = [:]
    }

    /// The settings of one operation, or of all; nil leaves what the adapter declares, and the
    /// defaults of `ResolutionPolicy`.
    package struct ResolutionSettings: Sendable, Equatable {
        /// false: the provider is never asked.
        package var query: Bool?
        /// "Not found" proves nothing for at least this long.
        package var queryLag: Duration?
        /// For how long a call may be sent again under its key; 0 for never.
        package var replayWindow: Duration?
        /// How often a call is sent again where the provider can be asked.
        package var replays: Int?
        /// How long after its deadline a call may still be on its way.
        package var inFlightHorizon: Duration?
        /// When the provider is asked; the last one repeats.
        package var schedule: [Duration]?
        /// When what certainly was not executed is sent again.
        package var retries: [Duration]?
        /// An authorization that is unknown for this long is given up.
        package var abandonAfter: Duration?
        /// An operation that is unknown for this long needs an operator.
        package var attentionAfter: Duration?

        package init() {}
    }
}

extension GatewayConfiguration.Connector {
    /// What the adapter of the connector's kind declares.
    var declaredResolution: OperationTable<ResolutionMeans> { kind.interface.resolution }

    /// How unknown outcomes are resolved at the connector.
    /// - Parameter declared: by its adapter.
    /// - Precondition: no authorization is looked up by the provider's identifier. The gateway
    ///   learns it with the answer that it lacks.
    func resolutionPolicies(
        _ declared: OperationTable<ResolutionMeans>,
        payments: GatewayConfiguration.PaymentTable
    ) -> OperationTable<ResolutionPolicy> {
        precondition(
            declared[.authorize].queryByID == nil,
            "an authorization without an answer has no identifier to look up"
        )
        return OperationTable { operation in
            var policy = ResolutionPolicy(
                means: declared[operation],
                abandonAfter: GatewayBlueprint.milliseconds(payments.abandonAfter),
                attentionAfter: GatewayBlueprint.milliseconds(payments.attentionAfter)
            )
            if !cancelByReference { policy.means.voidByReference = false }
            let single = resolution.operations[operation]
            policy.narrow(resolution.all)
            if let single { policy.narrow(single) }
            if let schedule = single?.schedule ?? resolution.all.schedule {
                policy.schedule = schedule.map(GatewayBlueprint.milliseconds)
            } else if policy.means.query == nil {
                // What can only be sent again is sent again each hour, while its key is honoured.
                policy.schedule.removeAll { $0 > 3_600_000 }
            }
            return policy
        }
    }
}

extension ResolutionPolicy {
    /// Takes the settings over; never more than the adapter declares, whatever they say.
    fileprivate mutating func narrow(_ settings: GatewayConfiguration.ResolutionSettings) {
        let milliseconds = GatewayBlueprint.milliseconds
        if settings.query == false { means.removeQueries() }
        if let lag = settings.queryLag { means.raiseLags(to: milliseconds(lag)) }
        if let window = settings.replayWindow { means.replayWindow = min(means.replayWindow, milliseconds(window)) }
        if let most = settings.replays { replays = min(replays, most) }
        if let horizon = settings.inFlightHorizon { inFlightHorizon = max(inFlightHorizon, milliseconds(horizon)) }
        if let times = settings.retries { retries = times.map(milliseconds) }
        if let time = settings.abandonAfter { abandonAfter = milliseconds(time) }
        if let time = settings.attentionAfter { attentionAfter = milliseconds(time) }
    }
}

// MARK: Reading

extension GatewayConfiguration.Connector {
    /// Reads `resolution` and the section of each operation in it.
    mutating func readResolution(_ connector: inout ConfigurationSection) throws(ConfigurationError) {
        var section = try connector.section("resolution")
        let declared = declaredResolution
        try resolution.all.read(&section, within: ProviderOperation.allCases.map { declared[$0] })
        for operation in ProviderOperation.allCases {
            var single = try section.section("\(operation.name)")
            guard single.isPresent else { continue }
            var settings = GatewayConfiguration.ResolutionSettings()
            try settings.read(&single, within: [declared[operation]])
            try single.finish()
            resolution.operations[operation] = settings
        }
        try section.finish()
    }
}

extension GatewayConfiguration.ResolutionSettings {
    /// Leaves the section open.
    /// - Parameter declared: by the adapter, of each operation that the settings are for.
    fileprivate mutating func read(
        _ section: inout ConfigurationSection,
        within declared: [ResolutionMeans]
    ) throws(ConfigurationError) {
        let days = { Duration.seconds($0 * 86_400) }
        query = try section.boolean("query")
        if query == true, !declared.contains(where: { $0.query != nil }) {
            throw section.problem("query: the provider cannot be asked about this")
        }
        queryLag = try section.duration("query_lag", in: .zero...days(7))
        let leastLag = declared.compactMap(\.query?.lag).min() ?? 0
        if let queryLag, GatewayBlueprint.milliseconds(queryLag) < leastLag {
            throw section.problem("query_lag must not be below the provider's, \(leastLag) ms")
        }
        replayWindow = try section.duration("replay_window", in: .zero...days(31))
        let longestWindow = declared.map(\.replayWindow).max() ?? 0
        if let replayWindow, GatewayBlueprint.milliseconds(replayWindow) > longestWindow {
            throw section.problem("replay_window must not be above the provider's, \(longestWindow / 1_000)s")
        }
        replays = try section.integer("replays", in: 0...3)
        inFlightHorizon = try section.duration("in_flight_horizon", in: .seconds(60)...Duration.seconds(3_600))
        schedule = try section.durations("schedule", in: .milliseconds(100)...days(7), count: 1...16)
        retries = try section.durations("retries", in: .milliseconds(10)...Duration.seconds(60), count: 0...8)
        abandonAfter = try section.duration("abandon_after", in: .seconds(1)...days(7))
        attentionAfter = try section.duration("attention_after", in: .seconds(1)...days(30))
    }
}
