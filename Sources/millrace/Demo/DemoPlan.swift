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
    var pspUsesTLS: Bool
    var profile: String
    var seed: UInt64
    var loops: Int
    var startTimeout: Duration

    init(command: DemoCommand, state: DemoDirectory.State) {
        let isPart = command.gatewayOnly || command.pspOnly
        /// 0 asks for any port; a part that comes back takes the one at which it is expected.
        func choose(_ given: Int?, _ last: Int?, _ initial: Int) -> Int {
            switch given {
            case nil: last ?? initial
            case 0 where isPart: last ?? 0
            case let given?: given
            }
        }
        startsGateway = !command.pspOnly
        startsSimulator = !command.gatewayOnly
        port = choose(command.port, state.port, Self.defaultPort)
        adminPort = choose(command.adminPort, state.adminPort, Self.defaultAdminPort)
        pspPort = choose(command.pspPort, state.pspPort, Self.defaultPSPPort)
        pspUsesTLS = command.pspTLS || (command.gatewayOnly && state.pspUsesTLS == true)
        profile = command.behaviour.profile
        seed = command.seed
        loops = command.loops ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        startTimeout = .seconds(command.startTimeout)
    }

    func simulatorURL(port: Int) -> String { "\(pspUsesTLS ? "https" : "http")://127.0.0.1:\(port)" }

    func simulatorArguments(_ directory: DemoDirectory) -> [String] {
        var arguments = [
            "psp", "--port", "\(pspPort)", "--seed", "\(seed)", "--profile", profile,
            "--ready-file", directory.readyFile("psp"), "--stop-with-stdin",
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

    func gatewayEnvironment(_ directory: DemoDirectory, simulatorPort: Int) -> [String: String] {
        typealias Name = GatewayConfiguration.EnvironmentName
        var environment = [
            Name.listenPort: "\(port)",
            Name.adminPort: "\(adminPort)",
            Name.certificateFile: directory.certificates.certificateFile,
            Name.keyFile: directory.certificates.keyFile,
            Name.providerURL: simulatorURL(port: simulatorPort),
            Name.loops: "\(loops)",
        ]
        if pspUsesTLS { environment[Name.providerCAFile] = directory.certificates.authorityFile }
        return environment
    }
}
