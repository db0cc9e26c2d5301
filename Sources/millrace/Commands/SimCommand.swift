import ArgumentParser
import Gateway
import Glibc
import Simulation

/// `millrace sim`
struct SimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim",
        abstract: "Run simulated worlds: crashes, a lying network, broken disks; and check that no cent is lost.",
        discussion: """
            Each seed is a world of its own: the real shard, journal and provider codec on a simulated disk, network, clock and \
            PSP (docs/simulation.md). The same seed is the same world, to the last event. Exit status 0: nothing was found; \
            1: something was, and the command that shows it again is printed.
            """
    )

    @Option(help: "The first seed; without it one that nobody has seen.")
    var seed: UInt64?
    @Option(help: "How many seeds, one after another; without --seeds and --seconds one.")
    var seeds: Int?
    @Option(help: "Begin new seeds for this many seconds.")
    var seconds: Double?
    @Option(help: "Virtual hours with faults, in each world.")
    var hours = 0.25
    @Option(help: "The most payments that shoppers begin, in each world.")
    var intents: Int?
    @Option(
        help: ArgumentHelp(
            "Faults to leave out, separated by commas: "
                + FaultKinds.named.map(\.name).joined(separator: ", ") + "."
        )
    )
    var without: String?
    @Option(
        help: ArgumentHelp(
            "A defect to put in on purpose: " + PlantedBug.allCases.map(\.rawValue).joined(separator: ", ") + "."
        )
    )
    var plant: PlantedBug?
    @Option(help: "A file of regression seeds (a line each: seed, hours, intents), run before any others.")
    var file: String?
    @Flag(help: "Do not look for a smaller world that fails in the same way.")
    var noShrinking = false

    @Flag(help: "Leave out old keys, leases and several shards.")
    var narrow = false

    func validate() throws {
        guard hours > 0, hours <= 10_000 else { throw ValidationError("--hours must be above 0, and 10000 at most.") }
        if let seeds, seeds < 1 { throw ValidationError("--seeds must be 1 or more.") }
        _ = try excluded()
    }

    func run() throws {
        var report = SimReport()
        for scenario in try regressions() { try run(scenario, &report) }
        let start = SimReport.cpuSeconds()
        var next = seed ?? UInt64.random(in: 1...999_999_999)
        let count = seeds ?? (seconds == nil ? 1 : Int.max)
        if file != nil, seed == nil, seeds == nil, seconds == nil { return report.printSummary() }
        for _ in 0..<count {
            if let seconds, SimReport.cpuSeconds() - start >= seconds { break }
            try run(try scenario(next), &report)
            next &+= 1
        }
        report.printSummary()
    }

    private func scenario(_ seed: UInt64) throws -> Scenario {
        var scenario = Scenario(seed: seed, hours: hours)
        if let intents { scenario.intents = min(intents, scenario.intents) }
        scenario.faults.subtract(try excluded())
        scenario.planted = plant
        if narrow { scenario.narrow() }
        return scenario
    }

    private func excluded() throws -> FaultKinds {
        var kinds = FaultKinds()
        for name in (without ?? "").split(separator: ",") {
            guard let known = FaultKinds.named.first(where: { $0.name == name }) else {
                throw ValidationError("--without: there are no faults named \(name).")
            }
            kinds.insert(known.kind)
        }
        return kinds
    }

    private func run(_ scenario: Scenario, _ report: inout SimReport) throws {
        Console.text("seed \(scenario.seed): ")
        let result = Simulation.run(scenario)
        report.add(result)
        guard let violation = result.violation else { return Console.line("ok, \(report.line(result))") }
        Console.line("FAILED: \(violation)")
        for line in result.tail { Console.line("  " + line) }
        Console.line("again with: \(scenario.command)")
        if !noShrinking { shrink(scenario) }
        throw ExitCode(1)
    }

    private func shrink(_ scenario: Scenario) {
        guard let smaller = Simulation.shrink(scenario, runs: 60), let violation = smaller.violation else { return }
        Console.line("smaller: \(smaller.scenario.command)")
        Console.line("  \(violation)")
    }

    private func regressions() throws -> [Scenario] {
        guard let file else { return [] }
        let text = String(decoding: try Files.read(file), as: UTF8.self)
        return try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 2, let seed = UInt64(fields[0]), let hours = Double(fields[1]) else {
                throw ValidationError("--file: \(line) is not a seed and its hours.")
            }
            var scenario = Scenario(seed: seed, hours: hours)
            if fields.count > 2, let intents = Int(fields[2]) { scenario.intents = intents }
            return scenario
        }
    }
}

extension PlantedBug: ExpressibleByArgument {}

/// Adds up what all worlds went through.
private struct SimReport {
    private var worlds = 0
    private var payments = 0
    private var faults = 0
    private var crashes = 0
    private var fromSnapshot = 0
    private var virtualTime: Int64 = 0
    private var faultyTime: Int64 = 0
    private let start = cpuSeconds()

    mutating func add(_ result: SimulationResult) {
        worlds += 1
        payments += result.counts.payments
        faults += result.counts.faults
        crashes += result.counts.kills + result.counts.powerFailures + result.counts.exits
        fromSnapshot += result.counts.startsFromSnapshot
        virtualTime += result.virtualTime
        faultyTime += result.scenario.duration
    }

    func line(_ result: SimulationResult) -> String {
        let counts = result.counts
        return "\(counts.payments) payments, \(counts.faults) faults, \(counts.starts) starts, "
            + "trace \(String(result.traceHash, radix: 16))"
    }

    func printSummary() {
        let seconds = max(0.001, Self.cpuSeconds() - start)
        Console.line(
            "\(worlds) worlds, nothing found: \(payments) payments and \(faults) faults (\(crashes) crashes, "
                + "\(fromSnapshot) starts from a snapshot) in "
                + "\(faultyTime / 3_600_000_000) virtual hours with faults, \(virtualTime / 3_600_000_000) in all; "
                + "\(Int(Double(payments) / seconds)) payments and \(Int(Double(faults) / seconds)) faults per second of CPU, "
                + "\(Int(seconds)) s"
        )
    }

    static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
