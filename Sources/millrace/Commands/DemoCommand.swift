import ArgumentParser
import Gateway

/// `millrace demo`
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the gateway with the simulator on loopback, and write DIR/demo.json once both are ready.",
        discussion: """
            Certificates, API keys and the configuration are made in DIR when they are missing, and kept. A port that is \
            not given is the one DIR used last, or 8443, 9464 and 9090; 0 takes any free one. Ctrl-C or SIGTERM drains \
            and stops both. --gateway-only and --psp-only run one of them over the same DIR, on the ports the other \
            knows, so that one can be killed and started again while the other lives.
            """
    )

    @Option(help: "The directory of everything the demo keeps.")
    var data = "data/demo"
    @Option(help: "The merchants' port.")
    var port: Int?
    @Option(help: "The operators' port (metrics, health, audit).")
    var adminPort: Int?
    @Option(help: "The simulator's port.")
    var pspPort: Int?
    @Option(help: "How many merchants a new DIR has (default \(DemoDirectory.defaultMerchants)).")
    var merchants: Int?
    @Option(
        help:
            "1, or 2: a new DIR has two connectors, alpha and beta, each with a simulator; payments try them in this order."
    )
    var connectors: Int?
    @Flag(help: "Run the gateway alone; the simulator is another's.")
    var gatewayOnly = false
    @Flag(help: "Run the simulator alone; the gateway is another's.")
    var pspOnly = false
    @Flag(help: "Let gateway and simulator speak TLS with each other.")
    var pspTLS = false
    @OptionGroup var behaviour: ProfileOptions
    @Option(help: "What the simulator's random decisions are drawn from.")
    var seed: UInt64 = 1
    @Option(help: "The gateway's event loops (default: one for two cores, as simulator and load share them).")
    var loops: Int?
    @Option(help: "The shards of a new demo's data directory (default: as the gateway's).")
    var shards: Int?
    @Option(help: "Where certificates are, or are made (default: DIR/certs).")
    var certs: String?
    @Option(help: "Seconds until both must be ready; recovery of a large journal takes its time.")
    var startTimeout = 120

    func validate() throws {
        guard !(gatewayOnly && pspOnly) else {
            throw ValidationError("--gateway-only and --psp-only exclude each other; neither runs both")
        }
        for case let port? in [port, adminPort, pspPort] where !(0...65_535).contains(port) {
            throw ValidationError("a port must be from 0 to 65535")
        }
        if let merchants, !(1...10_000).contains(merchants) {
            throw ValidationError("--merchants must be from 1 to 10000")
        }
        if let connectors, !(1...DemoDirectory.connectorNames.count).contains(connectors) {
            throw ValidationError("--connectors must be 1 or \(DemoDirectory.connectorNames.count)")
        }
        if let shards, !(1...1_024).contains(shards) { throw ValidationError("--shards must be from 1 to 1024") }
        if let loops, !(1...256).contains(loops) { throw ValidationError("--loops must be from 1 to 256") }
        guard (1...86_400).contains(startTimeout) else { throw ValidationError("--start-timeout must be positive") }
    }

    func run() async throws {
        _ = try behaviour.read()
        let directory = try DemoDirectory.open(
            path: data,
            certificates: certs,
            merchants: merchants,
            connectors: connectors,
            shards: shards,
            now: WallClock.seconds()
        )
        let launcher = DemoLauncher(
            plan: DemoPlan(command: self, state: directory.state),
            directory: directory,
            signals: Signals.stops()
        )
        try await launcher.run()
    }
}
