import ArgumentParser
import Gateway
import Glibc
import LoadTest

/// `millrace load`
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Put a gateway, or any HTTPS target, under an open-loop load, and audit what it did.",
        discussion: "Exit status 0: passed; 1: failed; 2: the invocation or a file cannot be used.",
        subcommands: [Run.self, Audit.self],
        defaultSubcommand: Run.self
    )

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a scenario (the default).")

        @Option(help: "A scenario file, or the name of one in loadtest/scenarios.")
        var scenario = "steady"
        @OptionGroup var target: TargetOptions
        @Option(help: "Requests a second, instead of every phase's rate; above 0, at most 1000000.")
        var rate: Double?
        @Option(help: "How long, as 60s or 5m, instead of every phase's duration.")
        var duration: String?
        @Option(help: "Event loops that make load, 1 to 256.")
        var loops = 1
        @Option(help: "HTTP/2 connections per loop, 1 to 1000.")
        var connections: Int?
        @Option(help: "Where randomness starts; a repeated seed repeats idempotency keys.")
        var seed: UInt64?
        @Option(help: "The directory for report.json, report.txt and .hgrm files.")
        var report: String?
        @Option(help: "A file to append intents and results to, for a later audit.")
        var journal: String?
        @Flag(inversion: .prefixedNo, help: "Retry after failures, with the same keys.")
        var retries: Bool?
        @Flag(inversion: .prefixedNo, help: "Audit a demo after the run.")
        var audit = true
        @Option(help: "NAME=PID of a process whose CPU time is reported, too; repeatable.")
        var process: [String] = []

        func run() async throws {
            var configuration = LoadTestConfiguration(scenario: scenario, target: try target.choose())
            configuration.trust = try target.trust()
            configuration.apiKeys = target.apiKey
            configuration.loops = loops
            configuration.connections = connections
            configuration.seed = seed
            configuration.rate = rate
            configuration.durationSeconds = try duration.map(seconds)
            configuration.retries = retries
            configuration.outputDirectory = report
            configuration.journalPath = journal
            configuration.audits = audit
            configuration.processes = try process.map(processName)
            let settled = configuration
            try await LoadCommand.finish { try await LoadTest.run(settled) { Console.line($0) } }
        }

        private func seconds(_ text: String) throws -> Double {
            guard let value = DurationText.seconds(text), value > 0 else {
                throw ValidationError("--duration must be like 500ms, 60s or 5m")
            }
            return value
        }

        private func processName(_ text: String) throws -> LoadTestConfiguration.ProcessName {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let pid = Int(parts[1]) else { throw ValidationError("--process must be NAME=PID") }
            return LoadTestConfiguration.ProcessName(name: String(parts[0]), pid: pid)
        }
    }

    struct Audit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "audit",
            abstract: "Compare the journals of earlier runs with what gateway, simulator and ledger say now."
        )

        @Option(help: "The demo.json of the gateway.")
        var demo: String
        @Option(help: "A run's journal; repeatable, all runs against this data directory.")
        var journal: [String]
        @Option(help: "Seconds that payments may stay in processing.")
        var settle = 60.0

        func run() async throws {
            var configuration = LoadAuditConfiguration(journals: journal, demo: demo)
            configuration.settleSeconds = settle
            let settled = configuration
            try await LoadCommand.finish { try await LoadTest.audit(settled) { Console.line($0) } }
        }
    }

    /// The exit status the harness promises.
    fileprivate static func finish(_ body: () async throws -> LoadVerdict) async throws {
        do {
            let verdict = try await body()
            Glibc.exit(verdict.exitStatus)
        } catch let error as LoadUsageError {
            throw Failure(2, error.description)
        }
    }
}

/// The gateway that the load is sent to, and the authority to trust.
struct TargetOptions: ParsableArguments {
    @Option(help: "The demo.json of a running demo; enables the audit.")
    var demo: String?
    @Option(help: "Any HTTP/2 server instead: https://HOST:PORT[/PATH], or http:// for prior knowledge.")
    var target: String?
    @Option(help: "The PEM file with the authority that the target's certificate must have.")
    var ca: String?
    @Flag(help: "Do not check the target's certificate.")
    var insecure = false
    @Option(help: "An API key for --target; repeatable, one merchant each.")
    var apiKey: [String] = []

    func choose() throws -> LoadTestConfiguration.Target {
        switch (demo, target) {
        case (let path?, nil): return .demo(path: path)
        case (nil, let url?): return .url(url)
        case (nil, nil), (.some, .some): throw ValidationError("exactly one of --demo and --target is needed")
        }
    }

    func trust() throws -> LoadTestConfiguration.Trust {
        switch (ca, insecure) {
        case (nil, false): return .system
        case (let path?, false): return .certificateAuthority(path: path)
        case (nil, true): return .none
        case (.some, true): throw ValidationError("--ca and --insecure exclude each other")
        }
    }
}
