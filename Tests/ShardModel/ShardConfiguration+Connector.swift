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
        get { connectors[.first].resolution }
        set {
            connectors[.first].resolution = newValue
            connectors[.first].authorizationResolution = newValue
        }
    }
}
