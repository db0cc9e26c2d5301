import HTTPTransport
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import TransportTLS

/// The built-in payment service provider, listening. Keeps everything in memory: a restart forgets
/// all charges.
package final class PSPSimulatorServer: Sendable {
    /// How long `drain` waits for requests that are being answered.
    private static let drainSeconds: Int64 = 5

    /// The port it listens on.
    package var port: Int { server.port }

    private let server: HTTPServer
    private let group: MultiThreadedEventLoopGroup
    private let logger: Logger

    private init(server: HTTPServer, group: MultiThreadedEventLoopGroup, logger: Logger) {
        self.server = server
        self.group = group
        self.logger = logger
    }

    /// Starts to listen, on an event loop of its own, and returns once connections are accepted.
    ///
    /// Throws `PSPSimulatorError` for a configuration that cannot work, and the transport's errors.
    package static func start(
        configuration: PSPSimulatorConfiguration,
        logger: Logger
    ) async throws -> PSPSimulatorServer {
        guard configuration.loops == 1 else { throw PSPSimulatorError.unsupportedLoops(configuration.loops) }
        let transport = try transport(for: configuration)
        // Checked here, so that the application can be made on its loop without failing.
        let core = try SimulatorCore(
            profile: configuration.profile,
            seed: configuration.seed,
            maximumOperations: configuration.maximumOperations,
            epoch: SimulatorApplication.freshEpoch(after: nil),
            startedAt: SimulatorApplication.wallClock()
        )
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let server = try await HTTPServer.start(loops: [group.next()], configuration: transport) { loop in
                SimulatorApplication(loop: loop, core: core, interface: configuration.interface)
            }
            logger.info(
                "the payment service provider simulator listens",
                metadata: ["port": "\(server.port)", "tls": "\(transport.tls != nil)", "seed": "\(configuration.seed)"]
            )
            return PSPSimulatorServer(server: server, group: group, logger: logger)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Stops accepting, lets running requests end, and closes.
    package func drain() async {
        await server.drain(within: .seconds(Self.drainSeconds))
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.error("the simulator's event loop did not shut down", metadata: ["error": "\(error)"])
        }
    }

    private static func transport(for configuration: PSPSimulatorConfiguration) throws -> HTTPServerConfiguration {
        var transport = HTTPServerConfiguration(host: configuration.host, port: configuration.port)
        transport.tls = try tls(for: configuration)
        // One client with many payments in flight is the ordinary case here. Requests that are
        // never answered (`tok_timeout`) stay open until the client gives them up.
        transport.maxConcurrentStreams = 1_000
        transport.maxRequestsInFlightPerLoop = SimulatorApplication.maximumDelayed
        // Under `chaos` an honest client cancels and resets far more than towards a healthy server.
        transport.streamResetLimit = .init(count: 1_000_000, window: .seconds(30))
        return transport
    }

    private static func tls(for configuration: PSPSimulatorConfiguration) throws -> NIOSSLContext? {
        guard let certificatePath = configuration.certificatePath, let keyPath = configuration.privateKeyPath else {
            guard configuration.certificatePath == nil, configuration.privateKeyPath == nil else {
                throw PSPSimulatorError.incompleteTLS
            }
            return nil
        }
        let chain = try NIOSSLCertificate.fromPEMFile(certificatePath).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: tls)
    }
}
