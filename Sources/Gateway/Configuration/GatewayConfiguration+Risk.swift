import Money
package import Risk
import Yams

extension GatewayConfiguration {
    /// The fraud hook: rules, lists, bands and an external scorer (docs/risk.md). Read again at
    /// SIGHUP.
    package struct RiskSettings: Sendable, Equatable {
        /// Names of payment methods and of customers, in the file and in files of their own.
        package struct List: Sendable, Equatable {
            package var paymentMethods: [String] = []
            package var customers: [String] = []
            /// One name a line.
            package var paymentMethodsFile: String?
            package var customersFile: String?

            package var isEmpty: Bool {
                paymentMethods.isEmpty && customers.isEmpty && paymentMethodsFile == nil && customersFile == nil
            }
        }

        package struct Scorer: Sendable, Equatable {
            package var url: ScorerURL
            package var tlsCAFile: String?
            /// Permits a URL without TLS to another host than loopback.
            package var allowsCleartext = false
            package var timeout = Duration.milliseconds(500)
            package var onFailure = RiskBand.review
            /// Questions under way of an event loop; of several shards each may have a part
            /// (`CallShare`).
            package var maxInFlightPerLoop = 384
            package var connectionsPerLoop = 1
            /// A secret: only from the environment (`MILLRACE_RISK_SCORER_TOKEN`).
            package var token: String?
        }

        /// Whether the file has the section: then SIGHUP reads it again.
        package var isPresent = false
        package var rules: [RiskRule] = []
        package var bands = RiskPolicy.Bands()
        package var allow = List()
        package var block = List()
        package var sanctions = List()
        package var sanctionsOutcome = RiskBand.block
        package var countersPerShard = 65_536
        package var whenCountersAreFull = RiskBand.allow
        package var scorer: Scorer?
        package var reviewTimeout = Duration.seconds(86_400)

        /// Whether the settings can have an effect.
        package var isActive: Bool {
            !rules.isEmpty || !allow.isEmpty || !block.isEmpty || !sanctions.isEmpty || scorer != nil
        }
    }
}

extension GatewayConfiguration.RiskSettings {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        isPresent = section.isPresent
        rules = try RiskRule.readAll(&section)
        var nested = try section.section("bands")
        try bands.read(&nested)
        nested = try section.section("lists")
        try readLists(&nested)
        nested = try section.section("counters")
        countersPerShard =
            try nested.integer("capacity_per_shard", in: 1...RiskPolicy.maximumCounters) ?? countersPerShard
        whenCountersAreFull = try nested.band("on_full") ?? whenCountersAreFull
        try nested.finish()
        nested = try section.section("scorer")
        scorer = try Scorer.read(&nested)
        nested = try section.section("review")
        reviewTimeout =
            try nested.duration("timeout", in: .seconds(1)...Duration.seconds(30 * 86_400)) ?? reviewTimeout
        try nested.finish()
        try section.finish()
    }

    private mutating func readLists(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        var nested = try section.section("allow")
        try allow.read(&nested)
        try nested.finish()
        nested = try section.section("block")
        try block.read(&nested)
        try nested.finish()
        nested = try section.section("sanctions")
        try sanctions.readCustomers(&nested)
        sanctionsOutcome = try nested.band("outcome") ?? sanctionsOutcome
        guard sanctionsOutcome != .allow else {
            throw nested.problem("outcome must be one of review, block")
        }
        try nested.finish()
        try section.finish()
    }
}

extension GatewayConfiguration.RiskSettings.List {
    /// Names written into the configuration; longer lists belong into a file.
    private static let maximumInline = 10_000

    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        paymentMethods = try Self.names("payment_methods", &section)
        paymentMethodsFile = try section.file("payment_methods_file")
        try readCustomers(&section)
    }

    mutating func readCustomers(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        customers = try Self.names("customers", &section)
        customersFile = try section.file("customers_file")
    }

    private static func names(
        _ key: String,
        _ section: inout ConfigurationSection
    ) throws(ConfigurationError) -> [String] {
        guard let nodes = try section.list(key) else { return [] }
        guard nodes.count <= maximumInline else {
            throw section.source.error(nodes[maximumInline], "\(section.path).\(key): at most \(maximumInline)")
        }
        var names: [String] = []
        for node in nodes {
            guard let text = node.scalar?.string, !text.isEmpty, text.utf8.count <= RiskList.maximumEntryBytes else {
                throw section.source.error(node, "\(section.path).\(key) must be a list of texts")
            }
            names.append(text)
        }
        return names
    }
}

extension RiskPolicy.Bands {
    mutating func read(_ section: inout ConfigurationSection) throws(ConfigurationError) {
        // No score reaches 101.
        review = UInt8(try section.integer("review", in: 1...101) ?? Int(review))
        block = UInt8(try section.integer("block", in: 1...101) ?? Int(block))
        try section.finish()
        guard review <= block else { throw section.problem("review must not be above block") }
    }
}

extension GatewayConfiguration.RiskSettings.Scorer {
    static func read(_ section: inout ConfigurationSection) throws(ConfigurationError) -> Self? {
        guard section.isPresent else { return nil }
        guard let value = try section.value("url") else { throw section.missing("url") }
        guard let url = ScorerURL(value.text) else {
            throw value.error("must be https://HOST[:PORT]/PATH or http://HOST[:PORT]/PATH")
        }
        var scorer = Self(url: url)
        scorer.tlsCAFile = try section.file("tls_ca_file")
        scorer.allowsCleartext = try section.boolean("allow_cleartext") ?? scorer.allowsCleartext
        let range = Duration.milliseconds(10)...Duration.seconds(30)
        scorer.timeout = try section.duration("timeout", in: range) ?? scorer.timeout
        scorer.onFailure = try section.band("on_failure") ?? scorer.onFailure
        scorer.maxInFlightPerLoop =
            try section.integer("max_in_flight_per_loop", in: 1...16_384) ?? scorer.maxInFlightPerLoop
        scorer.connectionsPerLoop =
            try section.integer("connections_per_loop", in: 1...64) ?? scorer.connectionsPerLoop
        scorer.token = section.source.environment[GatewayConfiguration.EnvironmentName.riskScorerToken]
        try section.finish()
        return scorer
    }
}

extension ConfigurationSection {
    fileprivate mutating func band(_ key: String) throws(ConfigurationError) -> RiskBand? {
        guard let value = try value(key) else { return nil }
        switch value.text {
        case "allow": return .allow
        case "review": return .review
        case "block": return .block
        default: throw value.error("must be one of allow, review, block")
        }
    }
}

/// The scorer's address: a provider's address and a path.
package struct ScorerURL: Sendable, Equatable {
    package var authority: ProviderURL
    /// With its leading slash.
    package var path: String

    package init?(_ text: String) {
        let scheme = text.hasPrefix("https://") ? 8 : 7
        guard text.utf8.count > scheme else { return nil }
        let rest = text.dropFirst(scheme)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let authority = ProviderURL(String(text[..<slash])) else { return nil }
        let path = rest[slash...]
        let isPath = path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        guard isPath, path.utf8.count <= 1_024 else { return nil }
        self.authority = authority
        self.path = path.isEmpty ? "/" : String(path)
    }
}
