import Payments
import Yams

extension GatewayConfiguration.Connector {
    /// The most connectors of a configuration.
    static let maximumCount = 64

    /// The variables of the environment that override a connector's values.
    package struct Variables: Equatable {
        package var url: String
        package var caFile: String
        package var apiKey: String

        var all: Set<String> { [url, caFile, apiKey] }

        /// Of the short form `provider`.
        package static let provider = Variables(
            url: GatewayConfiguration.EnvironmentName.providerURL,
            caFile: GatewayConfiguration.EnvironmentName.providerCAFile,
            apiKey: GatewayConfiguration.EnvironmentName.providerAPIKey
        )

        private init(url: String, caFile: String, apiKey: String) {
            self.url = url
            self.caFile = caFile
            self.apiKey = apiKey
        }

        /// Of a listed connector: its name in capitals, with underscores for hyphens.
        package init(name: String) {
            let prefix =
                "MILLRACE_CONNECTOR_"
                + name.uppercased().split(separator: "-", omittingEmptySubsequences: false)
                .joined(separator: "_")
            self.init(url: prefix + "_URL", caFile: prefix + "_TLS_CA_FILE", apiKey: prefix + "_API_KEY")
        }
    }

    var variables: Variables { Variables(name: name) }

    /// Reads `connectors`, or its short form `provider`: one connector with the name `simulated`.
    static func readAll(_ document: inout ConfigurationSection) throws(ConfigurationError) -> [Self] {
        var short = try document.section("provider")
        guard let nodes = try document.list("connectors") else {
            var connector = Self()
            try connector.read(&short, .provider)
            return [connector]
        }
        guard !short.isPresent else { throw short.problem("stands beside connectors; only one of them may") }
        guard (1...maximumCount).contains(nodes.count) else {
            throw ConfigurationError(
                place: document.source.file,
                line: document.line,
                "connectors must list 1 to \(maximumCount)"
            )
        }
        var connectors: [Self] = []
        for (index, node) in nodes.enumerated() {
            var section = try ConfigurationSection(node, path: "connectors[\(index)]", source: document.source)
            connectors.append(try read(&section, after: connectors))
        }
        return connectors
    }

    private static func read(
        _ section: inout ConfigurationSection,
        after others: [Self]
    ) throws(ConfigurationError) -> Self {
        guard let value = try section.value("name") else { throw section.missing("name") }
        guard ConnectorName(value.text) != nil else {
            throw value.error("must be 1 to 64 lower-case letters, digits, hyphens or underscores")
        }
        var connector = Self()
        connector.name = value.text
        guard !others.contains(where: { $0.variables == connector.variables }) else {
            throw value.error("another connector has this name, or one with the same variables in the environment")
        }
        try connector.read(&section, connector.variables)
        return connector
    }
}

extension GatewayConfiguration {
    /// The most calls of an event loop to all connectors together.
    var callsInFlightPerLoop: Int { min(1_000_000, connectors.reduce(0) { $0 + $1.maxInFlightPerLoop }) }
}
