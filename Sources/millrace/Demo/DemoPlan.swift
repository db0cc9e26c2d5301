import Foundation
import Gateway

/// What a launch is to start, with which arguments and environment.
struct DemoPlan {
    /// The ports of a first launch.
    static let defaultPort = 8443
    static let defaultAdminPort = 9464
    static let defaultPSPPort = 9090

    var startsGateway: Bool
    var startsSimulator: Bool
    var port: Int
    var adminPort: Int
    /// The simulator's: to listen on, or (gateway only) to call. 0 where any will do.
    var pspPort: Int
    /// Of the second simulator; nil in a demo with one connector.
    var secondPSPPort: Int?
    var pspUsesTLS: Bool
    var profile: String
    var seed: UInt64
    var loops: Int
    var startTimeout: Duration

    init(command: DemoCommand, state: DemoDirectory.State) {
        let isPart = command.gatewayOnly || command.pspOnly
        /// 0 asks for any port; a part that comes back takes the one at which it is expected.
        func choose(_ given: Int?, last: Int?, initial: Int) -> Int {
            switch given {
            case nil: last ?? initial
            case 0 where isPart: last ?? 0
            case let given?: given
            }
        }
        startsGateway = !command.pspOnly
        startsSimulator = !command.gatewayOnly
        port = choose(command.port, last: state.port, initial: Self.defaultPort)
        adminPort = choose(command.adminPort, last: state.adminPort, initial: Self.defaultAdminPort)
        pspPort = choose(command.pspPort, last: state.pspPort, initial: Self.defaultPSPPort)
        secondPSPPort = state.connectors == nil ? nil : state.secondPSPPort ?? 0
        pspUsesTLS = command.pspTLS || (command.gatewayOnly && state.pspUsesTLS == true)
        profile = command.behaviour.profile
        seed = command.seed
        loops = command.loops ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        startTimeout = .seconds(command.startTimeout)
    }

    func simulatorURL(port: Int) -> String { "\(pspUsesTLS ? "https" : "http")://127.0.0.1:\(port)" }

    /// What the second simulator is called: its child, its log and its ready file.
    static let secondSimulator = "psp-2"

    func simulatorArguments(_ directory: DemoDirectory) -> [String] {
        simulatorArguments("psp", port: pspPort, seed: seed, directory)
    }

    /// The arguments of the second simulator. It decides by a seed of its own, so that both do not
    /// decline the same payments. It does not tell what became of captures, cancels, refunds and
    /// increments.
    func secondSimulatorArguments(port: Int, _ directory: DemoDirectory) -> [String] {
        simulatorArguments(Self.secondSimulator, port: port, seed: seed &+ 1, directory) + ["--interface", "limited"]
    }

    private func simulatorArguments(
        _ name: String,
        port: Int,
        seed: UInt64,
        _ directory: DemoDirectory
    ) -> [String] {
        var arguments = [
            "psp", "--port", "\(port)", "--seed", "\(seed)", "--profile", profile,
            "--ready-file", directory.readyFile(name), "--stop-with-stdin",
        ]
        if pspUsesTLS {
            let certificates = directory.certificates
            arguments += ["--tls-certificate", certificates.certificateFile, "--tls-key", certificates.keyFile]
        }
        return arguments
    }

    /// - Parameter makesDataDirectory: whether the gateway is to make its data directory first.
    func gatewayArguments(_ directory: DemoDirectory, makesDataDirectory: Bool) -> [String] {
        [
            "serve", "--config", directory.configurationFile,
            "--ready-file", directory.readyFile("gateway"), "--stop-with-stdin",
        ] + (makesDataDirectory ? ["--init"] : [])
    }

    /// - Parameter simulatorPorts: one for each connector.
    func gatewayEnvironment(_ directory: DemoDirectory, simulatorPorts: [Int]) -> [String: String] {
        typealias Name = GatewayConfiguration.EnvironmentName
        var environment = [
            Name.listenPort: "\(port)",
            Name.adminPort: "\(adminPort)",
            Name.certificateFile: directory.certificates.certificateFile,
            Name.keyFile: directory.certificates.keyFile,
            Name.loops: "\(loops)",
        ]
        for (number, port) in simulatorPorts.enumerated() {
            let variables =
                simulatorPorts.count == 1
                ? GatewayConfiguration.Connector.Variables.provider
                : GatewayConfiguration.Connector.Variables(name: DemoDirectory.connectorNames[number])
            environment[variables.url] = simulatorURL(port: port)
            if pspUsesTLS { environment[variables.caFile] = directory.certificates.authorityFile }
        }
        return environment
    }
}
