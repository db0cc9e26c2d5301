package import Payments

/// How long a call of each operation may take, in milliseconds. What has no answer until then is unknown.
package struct CallTimeouts: Sendable, Equatable {
    package var authorize: Int64
    package var capture: Int64
    package var cancel: Int64
    package var refund: Int64
    package var increment: Int64
    package var confirm: Int64

    /// The same time for all operations.
    package init(_ all: Int64) {
        precondition(all > 0, "a call takes time")
        authorize = all
        capture = all
        cancel = all
        refund = all
        increment = all
        confirm = all
    }

    package subscript(operation: ProviderOperation) -> Int64 {
        get {
            switch operation {
            case .authorize: authorize
            case .capture: capture
            case .cancel: cancel
            case .refund: refund
            case .increment: increment
            case .confirm: confirm
            }
        }
        set {
            switch operation {
            case .authorize: authorize = newValue
            case .capture: capture = newValue
            case .cancel: cancel = newValue
            case .refund: refund = newValue
            case .increment: increment = newValue
            case .confirm: confirm = newValue
            }
        }
    }
}

/// What a shard knows of one connector. Fixed while the process runs.
package struct ConnectorSettings: Sendable {
    package var id: ConnectorID
    package var name: ConnectorName
    package var timeouts: CallTimeouts
    /// What can be asked of it.
    package var capabilities: PaymentCapabilities
    /// How unknown outcomes of captures, cancels, refunds, increments and confirmations are resolved.
    package var resolution: ResolutionPolicy
    /// How unknown outcomes of authorizations are resolved.
    package var authorizationResolution: ResolutionPolicy
    /// What disputes cost.
    package var disputes: DisputePolicy

    /// - Parameter authorizationResolution: nil: as for the other operations.
    package init(
        id: ConnectorID,
        name: ConnectorName,
        timeouts: CallTimeouts = CallTimeouts(10_000),
        capabilities: PaymentCapabilities = PaymentCapabilities(),
        resolution: ResolutionPolicy = ResolutionPolicy(),
        authorizationResolution: ResolutionPolicy? = nil,
        disputes: DisputePolicy = DisputePolicy()
    ) {
        self.id = id
        self.name = name
        self.timeouts = timeouts
        self.capabilities = capabilities
        self.resolution = resolution
        self.authorizationResolution = authorizationResolution ?? resolution
        self.disputes = disputes
    }

    /// A connector that has left the configuration. Its payments stay: calls to it are not sent, and what was unknown stays so until
    /// the connector returns, an event tells the end, or an operator does.
    package static func removed(_ id: ConnectorID, _ name: ConnectorName) -> ConnectorSettings {
        ConnectorSettings(id: id, name: name, resolution: ResolutionPolicy(canQuery: true, replayWindow: 0))
    }
}

/// The connectors of a shard, by number: every one that the registry names, so that no record names another.
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
        get { settings[Int(id.rawValue) - 1] }
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

    /// How unknown outcomes of an operation are resolved.
    func resolution(of operation: ProviderOperation, at id: ConnectorID) -> ResolutionPolicy {
        operation == .authorize ? self[id].authorizationResolution : self[id].resolution
    }
}
