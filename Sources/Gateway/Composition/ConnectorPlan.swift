import HTTPTransport
import NIOCore
import Payments
import Providers
import ShardCore

/// What a connector's client and its settings in the shards are made from.
struct ConnectorPlan: Sendable {
    /// The adapter declares its capabilities and its resolution (`ProviderTable.describe`).
    var settings: ConnectorSettings
    var connector: GatewayConfiguration.Connector
    private let payments: GatewayConfiguration.PaymentTable
    var client: HTTPClientConfiguration
    var secret: String

    /// - Parameter registry: has a number for the connector.
    init(
        _ connector: GatewayConfiguration.Connector,
        registry: ConnectorRegistry,
        payments: GatewayConfiguration.PaymentTable
    ) throws {
        guard let name = ConnectorName(connector.name), let id = registry[name] else {
            preconditionFailure("the configuration's connectors are registered")
        }
        self.connector = connector
        self.payments = payments
        client = try HTTPClientConfiguration(connector)
        client.maxQueued = connector.maxInFlightPerLoop + payments.resolutionsPerShard
        secret = connector.apiKey ?? "sk_sim_development"
        settings = ConnectorSettings(
            id: id,
            name: name,
            timeouts: CallTimeouts(connector),
            capabilities: PaymentCapabilities(connector),
            resolution: ResolutionPolicy(means: ResolutionMeans()),
            disputes: DisputePolicy(fees: connector.disputeFees, reservesOnWarning: connector.reservesOnWarning)
        )
    }

    /// The settings with what the adapter declares.
    func settings(_ declared: ProviderCapabilities) -> ConnectorSettings {
        var settings = settings
        settings.capabilities = declared.payments
        settings.resolution = connector.resolutionPolicies(declared.resolution, payments: payments)
        return settings
    }
}

/// The clients of one event loop, by the number of their connector.
struct ProviderTable {
    private var entries: [(plan: ConnectorPlan, provider: any Provider)] = []
    /// The client of number n + 1 at index n; nil for a connector that has left the configuration.
    private var byNumber: [(any Provider)?] = []

    /// No clients.
    init() {}

    /// Makes a client for each connector; `start` of each connects it.
    /// - Parameter callers: how many share each client.
    init(
        _ connectors: [ConnectorPlan],
        share: CallShare,
        callers: Int,
        seed: UInt64,
        on eventLoop: any EventLoop,
        delegate: any ProviderDelegate
    ) {
        for connector in connectors {
            var client = connector.client
            client.seed = seed
            client.sharing = share.sharing(of: client.sharing.maxInFlight, among: callers)
            let provider = SimulatedProvider(
                name: connector.settings.name.text,
                eventLoop: eventLoop,
                client: client,
                secret: connector.secret,
                interface: connector.connector.kind.interface,
                payments: connector.settings.capabilities,
                delegate: delegate
            )
            let number = Int(connector.settings.id.rawValue)
            while byNumber.count < number { byNumber.append(nil) }
            byNumber[number - 1] = provider
            entries.append((connector, provider))
        }
    }

    var all: [any Provider] { entries.map(\.provider) }

    subscript(id: ConnectorID) -> (any Provider)? {
        let index = Int(id.rawValue) - 1
        return index < byNumber.count ? byNumber[index] : nil
    }

    /// Tells the shard what each adapter declares.
    func describe(in table: inout ConnectorTable) {
        for (plan, provider) in entries { table[plan.settings.id] = plan.settings(provider.capabilities) }
    }
}

extension GatewayConfiguration.Connector.Kind {
    /// What a simulator of the kind was started with.
    var interface: SimulatedInterface {
        switch self {
        case .simulated: .full
        case .simulatedLimited: .limited
        }
    }
}

extension CallTimeouts {
    fileprivate init(_ connector: GatewayConfiguration.Connector) {
        self.init(GatewayBlueprint.milliseconds(connector.deadline))
        for (operation, time) in connector.deadlines { self[operation] = GatewayBlueprint.milliseconds(time) }
    }
}

extension PaymentCapabilities {
    fileprivate init(_ connector: GatewayConfiguration.Connector) {
        self.init(
            capturesSeveralTimes: connector.multipleCaptures,
            increments: connector.increments,
            overCaptureBasisPoints: UInt16(connector.overCaptureBasisPoints),
            authorizationLifetime: GatewayBlueprint.milliseconds(connector.authorizationLifetime)
        )
    }
}
