import API
import HTTPTransport
import Journal
package import Logging
import NIOCore
import NIOPosix
import Risk

/// A running gateway: the composition root, the only type that knows all parts.
package final class GatewayServer: Sendable {
    /// The merchants' port.
    package let port: Int
    /// The operators' port.
    package let adminPort: Int

    private let configuration: GatewayConfiguration
    let parts: GatewayParts
    private let server: HTTPServer
    private let admin: AdminServer
    private let logger: Logger

    private init(
        configuration: GatewayConfiguration,
        parts: GatewayParts,
        server: HTTPServer,
        admin: AdminServer,
        logger: Logger
    ) {
        self.port = server.port
        self.adminPort = admin.port
        self.configuration = configuration
        self.parts = parts
        self.server = server
        self.admin = admin
        self.logger = logger
    }

    /// Opens the admin port, recovers the journals, connects to the provider, and returns once both
    /// listeners accept connections.
    ///
    /// Throws `ConfigurationError` for what the configuration points to. Throws
    /// `DataDirectoryError` and `JournalError` for what is on the disk, and `ListenError` for a
    /// port that is taken. Nothing is left running then.
    /// - Parameter makesDataDirectory: whether a new data directory is made; one that is there is
    ///   refused then.
    package static func start(
        configuration: GatewayConfiguration,
        makesDataDirectory: Bool = false,
        logger: Logger
    ) async throws -> GatewayServer {
        try await start(
            configuration: configuration,
            makesDataDirectory: makesDataDirectory,
            machine: .system,
            logger: logger
        )
    }

    /// - Parameter machine: what the shards' time is made from.
    static func start(
        configuration: GatewayConfiguration,
        makesDataDirectory: Bool,
        machine: MachineClock,
        logger: Logger
    ) async throws -> GatewayServer {
        LargeMemory.returnWhenFreed()
        // Before anything is opened or made: a second gateway on the same ports must not touch a
        // data directory.
        let (listen, admin) = (configuration.listen, configuration.admin)
        try await ListenError.check([(listen.host, listen.port), (admin.host, admin.port)])
        let blueprint = try GatewayBlueprint(configuration, makesDataDirectory: makesDataDirectory, machine: machine)
        logger.log(blueprint.descriptors)
        logger.notice(
            "Records name this configuration",
            metadata: ["configuration_version": "\(blueprint.risk.configurationVersion)"]
        )
        if blueprint.risk.policy != nil { logger.notice("Read the fraud hook", metadata: blueprint.risk.metadata) }
        let parts = GatewayParts(blueprint: blueprint, logger: logger)
        var operators: AdminServer?
        do {
            // Before the recovery, which may take long: whoever watches the process sees that it
            // lives.
            let admin = try await AdminServer.start(
                host: configuration.admin.host,
                port: configuration.admin.port,
                routes: AdminRoutes(parts: parts).table,
                names: configuration.admin.names,
                givesWay: true,
                group: parts.adminGroup,
                logger: logger
            )
            operators = admin
            try await parts.openShards()
            // Before the first request: a request needs the provider, and only what the journal
            // held is to be resolved.
            try await parts.resume()
            let server = try await parts.startServer()
            parts.readiness.set(.ready)
            return GatewayServer(
                configuration: configuration,
                parts: parts,
                server: server,
                admin: admin,
                logger: logger
            )
        } catch {
            await parts.close()
            await operators?.shutdown()
            throw error
        }
    }

    /// Lets balancers see that it stops, then refuses new work, lets running requests end within
    /// the configured time, and closes everything, the admin port last.
    package func drain() async {
        let times = DrainTimes(
            lameDuck: TimeAmount(configuration.lameDuck),
            timeout: TimeAmount(configuration.drainTimeout),
            at: .now()
        )
        parts.readiness.set(.draining)
        logger.notice("Draining")
        _ = await Poll.until(times.lameDuckEnds) { NIODeadline.now() >= times.lameDuckEnds }
        await parts.refuseNewWork()
        // Connections end when nobody waits for an answer on them: some clients take the
        // announcement of the end for the end of their requests, too.
        let parts = self.parts
        _ = await Poll.until(times.ends) { (try? await parts.requestsInFlight()) ?? 0 == 0 }
        await server.drain(within: times.ends - .now())
        await parts.close()
        await admin.shutdown()
        logger.notice("Stopped")
    }

    /// Reads the journals' keys anew: what is written from now on is under the key that is active
    /// then. Keys that cannot be used change nothing; that is logged. Nothing happens if journals
    /// are not encrypted.
    package func reloadJournalKeys() async {
        guard let source = configuration.journal.encryption, let keys = parts.protection.keys else { return }
        do {
            let ring = try await parts.threadPool.runIfActive { try source.ring() }
            try keys.replace(with: ring)
            logger.notice(
                "Reloaded the journals' keys",
                metadata: [
                    "active": "\(ring.activeKeyID.map { "\($0)" } ?? "none")",
                    "keys": "\(ring.keyIDs.map { "\($0)" }.joined(separator: ","))",
                ]
            )
        } catch {
            logger.error(
                "The journals' keys stay as they are: the new ones are no use",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Takes the fraud hook's rules, lists and scorer from a configuration that was read again;
    /// nothing else of it. What cannot be used changes nothing; that is logged.
    /// - Parameter read: reads and checks the configuration; may block.
    package func reloadRisk(_ read: @escaping @Sendable () throws(ConfigurationError) -> GatewayConfiguration) async {
        do {
            let parts = self.parts
            let risk = try await parts.threadPool.runIfActive { try parts.riskParts(try read()) }
            try await parts.onEachLoop { runtime in
                runtime.clients.reload(risk)
                for slot in runtime.slots { slot.reload(risk) }
            }
            logger.notice("Reloaded the fraud hook", metadata: risk.metadata)
        } catch {
            logger.error(
                "The fraud hook stays as it is: the new configuration is no use",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// Returns when the gateway cannot go on (a failed journal), with the reason.
    package func waitForFailure() async -> any Error {
        await parts.failure.wait()
    }
}

extension Logger {
    fileprivate func log(_ descriptors: DescriptorBudget) {
        guard descriptors.isShort else { return }
        warning(
            "Fewer connections than limits.max_connections_per_loop: the limit of open files is too low (ulimit -Hn)",
            metadata: [
                "connections_per_loop": "\(descriptors.connectionsPerLoop)",
                "configured": "\(descriptors.wantedPerLoop)",
                "open_files": "\(descriptors.limit)",
                "kept_for_journals_and_calls": "\(descriptors.reserved)",
            ]
        )
    }
}
