import ArgumentParser
import Gateway
import Glibc
import Logging
import PSPSimulator

/// `millrace psp`
struct PSPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psp",
        abstract: "Run the payment service provider simulator."
    )

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen on; 0 for any free one.")
    var port = 9090

    @Option(help: "A PEM file with the certificate chain; cleartext HTTP/2 without it.")
    var tlsCertificate: String?

    @Option(help: "A PEM file with the certificate's private key.")
    var tlsKey: String?

    @Option(help: "full: every operation can be asked for; limited: authorizations and confirmations alone.")
    var interface = SimulatorInterface.full

    @Option(help: "What every random decision is drawn from.")
    var seed: UInt64 = 1

    @OptionGroup var behaviour: ProfileOptions

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port must be from 0 to 65535") }
        let logger = ServiceProcess.logger(level: .info)
        let server = try await PSPSimulatorServer.start(
            configuration: PSPSimulatorConfiguration(
                host: host,
                port: port,
                certificatePath: tlsCertificate,
                privateKeyPath: tlsKey,
                profile: try behaviour.read(),
                interface: interface,
                seed: seed
            ),
            logger: logger
        )
        logger.notice("The simulator accepts connections", metadata: ["host": "\(host)", "port": "\(server.port)"])
        try await ServiceProcess.run(
            options: options,
            ready: ReadyFile(pid: getpid(), port: server.port),
            logger: logger,
            drain: { await server.drain() }
        )
    }
}

extension SimulatorInterface: ExpressibleByArgument {}

/// How a simulator behaves, by name or by file.
struct ProfileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How the simulator behaves: \(SimulatorProfile.presetNames.joined(separator: ", ")), or a JSON file."
        )
    )
    var profile = "clean"

    func read() throws -> SimulatorProfile {
        if let preset = SimulatorProfile.preset(named: profile) { return preset }
        let bytes: [UInt8]
        do {
            bytes = try Files.read(profile, limit: 65_536)
        } catch {
            throw ConfigurationError(place: profile, "is neither a profile's name nor a readable file")
        }
        do {
            return try SimulatorProfile.parse(bytes)
        } catch {
            throw ConfigurationError(place: profile, "\(error)")
        }
    }
}
