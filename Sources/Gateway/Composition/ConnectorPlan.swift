import HTTPTransport
import NIOCore
import Payments
import Providers
import ShardCore

/// What a connector's client and its settings in the shards are made from.
struct ConnectorPlan: Sendable {
    var settings: ConnectorSettings
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
        client = try HTTPClientConfiguration(connector)
        client.maxQueued = connector.maxInFlightPerLoop + payments.resolutionsPerShard
        secret = connector.apiKey ?? "sk_sim_development"
        settings = ConnectorSettings(
            id: id,
            name: name,
            timeouts: CallTimeouts(connector),
            capabilities: PaymentCapabilities(connector),
            resolution: ResolutionPolicy(
                abandonAfter: GatewayBlueprint.milliseconds(payments.abandonAfter),
                attentionAfter: GatewayBlueprint.milliseconds(payments.attentionAfter)
            ),
            disputes: DisputePolicy(fees: connector.disputeFees, reservesOnWarning: connector.reservesOnWarning)
        )
    }
}

/// The clients of one event loop, by the number of their connector.
struct ProviderTable {
    private var entries: [(id: ConnectorID, provider: any Provider)] = []
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
                payments: connector.settings.capabilities,
                delegate: delegate
            )
            let number = Int(connector.settings.id.rawValue)
            while byNumber.count < number { byNumber.append(nil) }
            byNumber[number - 1] = provider
            entries.append((connector.settings.id, provider))
        }
    }

    var all: [any Provider] { entries.map(\.provider) }

    subscript(id: ConnectorID) -> (any Provider)? {
        let index = Int(id.rawValue) - 1
        return index < byNumber.count ? byNumber[index] : nil
    }

    /// Tells the shard what each adapter declares.
    func describe(in table: inout ConnectorTable) {
        for (id, provider) in entries {
            table[id].capabilities = provider.capabilities.payments
            table[id].resolution.follow(provider.capabilities)
            table[id].authorizationResolution.follow(provider.capabilities)
        }
    }
}

extension ResolutionPolicy {
    /// What the provider declares. A query that lags is no use for resolution within minutes, so it does not count.
    mutating func follow(_ capabilities: ProviderCapabilities) {
        canQuery = capabilities.queryByReference.map { $0 <= .seconds(1) } ?? false
        replayWindow = (capabilities.idempotentReplay?.nanoseconds ?? 0) / 1_000_000
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
            cancelsByReference: connector.cancelByReference,
            authorizationLifetime: GatewayBlueprint.milliseconds(connector.authorizationLifetime)
        )
    }
}
