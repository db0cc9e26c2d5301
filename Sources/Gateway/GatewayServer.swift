package import Logging

// A placeholder with the surface that the command line is built on; the composition root takes its place.

/// A running gateway.
package final class GatewayServer: Sendable {
    /// The merchants' port.
    package let port: Int
    /// The operators' port.
    package let adminPort: Int

    private init(port: Int, adminPort: Int) {
        self.port = port
        self.adminPort = adminPort
    }

    /// Recovers the journals, connects to the provider, and returns once both listeners accept connections.
    package static func start(configuration: GatewayConfiguration, logger: Logger) async throws -> GatewayServer {
        throw ConfigurationError(place: configuration.dataDirectory, "the gateway is not composed yet")
    }

    /// Stops accepting, lets running requests end within the configured time, and closes everything.
    package func drain() async {}

    /// Returns when the gateway cannot go on (a failed journal), with the reason.
    package func waitForFailure() async -> any Error { CancellationError() }
}
