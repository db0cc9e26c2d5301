package import Payments

/// How long a call of each operation may take, in milliseconds; above 0. Without an answer until
/// then its outcome is unknown.
package typealias CallTimeouts = OperationTable<Int64>

/// What a shard knows of one connector. Fixed while the process runs.
package struct ConnectorSettings: Sendable {
    package var id: ConnectorID
    package var name: ConnectorName
    package var timeouts: CallTimeouts
    /// What can be asked of it.
    package var capabilities: PaymentCapabilities
    /// How unknown outcomes of each operation are resolved.
    package var resolution: OperationTable<ResolutionPolicy>
    /// What disputes cost.
    package var disputes: DisputePolicy

    /// - Parameter resolution: of all operations.
    package init(
        id: ConnectorID,
        name: ConnectorName,
        timeouts: CallTimeouts = CallTimeouts(10_000),
        capabilities: PaymentCapabilities = PaymentCapabilities(),
        resolution: ResolutionPolicy = ResolutionPolicy(),
        disputes: DisputePolicy = DisputePolicy()
    ) {
        self.id = id
        self.name = name
        precondition(ProviderOperation.allCases.allSatisfy { timeouts[$0] > 0 }, "a call takes time")
        self.timeouts = timeouts
        self.capabilities = capabilities
        self.resolution = OperationTable(resolution)
        self.disputes = disputes
    }

    /// A connector that has left the configuration. Its payments stay, and calls to it are not
    /// sent. An unknown outcome stays unknown until the connector returns, or an event or an
    /// operator reports the end.
    package static func removed(_ id: ConnectorID, _ name: ConnectorName) -> ConnectorSettings {
        ConnectorSettings(id: id, name: name, resolution: ResolutionPolicy(means: ResolutionMeans(queryByReference: 0)))
    }
}

/// The connectors of a shard, by number: every one that the registry names, so that no record names
/// another.
package struct ConnectorTable: Sendable {
    /// The settings of number n + 1 at index n.
    private var settings: [ConnectorSettings]

    /// - Precondition: the registry has a number for each of `configured`, and at least one name.
    package init(registry: ConnectorRegistry, configured: [ConnectorSettings]) {
        precondition(!registry.names.isEmpty, "a shard has a connector")
        settings = registry.names.enumerated().map { index, name in
            guard let id = ConnectorID(rawValue: UInt16(index + 1)) else { preconditionFailure("a registry is small") }
            return configured.first { $0.id == id } ?? .removed(id, name)
        }
        for connector in configured {
            precondition(registry[connector.id] == connector.name, "\(connector.name) is not registered")
        }
    }

    /// Connectors of these names with the default settings, numbered from 1.
    package init(_ registry: ConnectorRegistry) {
        let configured = registry.names.compactMap { name in
            registry[name].map { ConnectorSettings(id: $0, name: name) }
        }
        self.init(registry: registry, configured: configured)
    }

    package var count: Int { settings.count }
    package var all: [ConnectorSettings] { settings }

    /// - Precondition: the number is registered.
    package subscript(id: ConnectorID) -> ConnectorSettings {
        _read { yield settings[Int(id.rawValue) - 1] }
        set { settings[Int(id.rawValue) - 1] = newValue }
    }

    /// The number of a name; nil for one that was never registered.
    package func id(named name: String) -> ConnectorID? {
        settings.first { $0.name.text == name }?.id
    }

    /// Whether all connectors of the plan are registered.
    package func contains(_ plan: RoutePlan) -> Bool {
        for position in 0..<RoutePlan.maximumConnectors {
            guard let connector = plan[position] else { return true }
            if Int(connector.rawValue) > settings.count { return false }
        }
        return true
    }
}
