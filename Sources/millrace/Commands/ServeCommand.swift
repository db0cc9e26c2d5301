import ArgumentParser
import Foundation
import Gateway
import Glibc
import Logging

/// `millrace serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway.",
        discussion: """
            The configuration is described in docs/configuration.md. Exit statuses: 78 the configuration is wrong, \
            75 another process holds the data directory, 74 a write or flush failed, 73 --init found a data directory, \
            69 a port is taken, 66 there is no data directory, 65 a journal is damaged.
            """
    )

    @Option(name: .shortAndLong, help: "The configuration file.")
    var config: String

    @Flag(help: "Do what a start does, short of binding ports and writing; say that all is well, and exit.")
    var checkConfig = false

    @Flag(
        help: "Make the data directory first, as `millrace init` does; refused where one is. For the first start only."
    )
    var `init` = false

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        CoreDumps.forbid()
        let configuration = try GatewayConfiguration.load(
            path: config,
            environment: ProcessInfo.processInfo.environment,
            coreCount: ProcessInfo.processInfo.activeProcessorCount
        )
        if checkConfig {
            try configuration.check(makesDataDirectory: `init`)
            for name in GatewayConfiguration.unknownVariables(
                in: ProcessInfo.processInfo.environment,
                connectors: configuration.connectors
            ) {
                Console.error("millrace: warning: nothing reads the environment's \(name)")
            }
            Console.line("configuration ok")
            return
        }
        let logger = ServiceProcess.logger(level: configuration.logLevel)
        // From here on SIGHUP does not end the process, be there anything to read again or not.
        let reloads = Signals.reloads()
        let server = try await GatewayServer.start(
            configuration: configuration,
            makesDataDirectory: `init`,
            logger: logger
        )
        Task { for await _ in reloads { await reload(server, configuration, logger: logger) } }
        try await ServiceProcess.run(
            options: options,
            ready: ReadyFile(pid: getpid(), port: server.port, adminPort: server.adminPort),
            logger: logger,
            drain: { await server.drain() },
            failure: {
                let error = await server.waitForFailure()
                return error is GatewayStopped ? nil : error
            }
        )
    }

    /// SIGHUP: the journals' keys and the fraud hook are read anew, nothing else.
    private func reload(
        _ server: GatewayServer,
        _ configuration: GatewayConfiguration,
        logger: Logger
    ) async {
        guard configuration.journal.encryption != nil || configuration.risk.isPresent else {
            return logger.notice("Nothing to read again at SIGHUP: neither journal.encryption nor risk is configured")
        }
        await server.reloadJournalKeys()
        guard configuration.risk.isPresent else { return }
        let path = config
        await server.reloadRisk { () throws(ConfigurationError) in
            try GatewayConfiguration.load(
                path: path,
                environment: ProcessInfo.processInfo.environment,
                coreCount: ProcessInfo.processInfo.activeProcessorCount
            )
        }
    }
}
