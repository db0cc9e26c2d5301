package import Payments
package import ShardCore

extension ShardConfiguration {
    /// What is set of a connector.
    subscript(connector: UInt16) -> ConnectorSettings {
        guard let id = ConnectorID(rawValue: connector) else { preconditionFailure("connectors are numbered from 1") }
        return connectors[id]
    }
}

// The settings of the first connector, which is all that most tests have.
extension ShardConfiguration {
    package var providerTimeout: Int64 {
        get { connectors[.first].timeouts.authorize }
        set { connectors[.first].timeouts = CallTimeouts(newValue) }
    }

    package var capabilities: PaymentCapabilities {
        get { connectors[.first].capabilities }
        set { connectors[.first].capabilities = newValue }
    }

    package var disputes: DisputePolicy {
        get { connectors[.first].disputes }
        set { connectors[.first].disputes = newValue }
    }

    /// Of all operations.
    package var resolution: ResolutionPolicy {
        get { connectors[.first].resolution.authorize }
        set { connectors[.first].resolution = OperationTable(newValue) }
    }
}

extension ResolutionPolicy {
    /// The provider can be asked, or not, at once by our key; and it honours its keys for so long,
    /// in milliseconds.
    package init(
        canQuery: Bool = true,
        replayWindow: Int64,
        retries: [Int64] = [100, 400],
        abandonAfter: Int64 = 900_000
    ) {
        let means = ResolutionMeans(
            queryByReference: canQuery ? 0 : nil,
            replayWindow: replayWindow,
            voidByReference: true
        )
        self.init(means: means, retries: retries, abandonAfter: abandonAfter)
    }

    package var canQuery: Bool {
        get { means.query != nil }
        set {
            means.removeQueries()
            if newValue { means.queryByReference = 0 }
        }
    }

    package var replayWindow: Int64 {
        get { means.replayWindow }
        set { means.replayWindow = newValue }
    }
}
