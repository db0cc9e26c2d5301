import Foundation
import HTTPTransport
import NIOCore
import NIOPosix
import TransportTLS

/// One invocation of the harness from files to verdict.
final class LoadRun {
    private let configuration: LoadTestConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let output: @Sendable (String) -> Void
    private let scenario: Scenario
    private let demo: DemoFile?
    private let address: TargetAddress
    private let trust: LoadTestConfiguration.Trust
    private let apiKeys: [String]
    private let seed: UInt64
    private let http: PlainHTTP
    private let stop = SharedStop()

    init(
        _ configuration: LoadTestConfiguration,
        group: MultiThreadedEventLoopGroup,
        output: @escaping @Sendable (String) -> Void
    ) throws {
        self.configuration = configuration
        self.group = group
        self.output = output
        var scenario = try LoadTest.scenario(configuration.scenario)
        scenario.override(configuration)
        self.scenario = scenario
        switch configuration.target {
        case .demo(let path):
            let file = try DemoFile.read(path: path)
            demo = file
            address = try TargetAddress(scenario.raw?.api == .provider ? file.pspURL : file.baseURL)
            trust = file.trust
        case .url(let url):
            demo = nil
            address = try TargetAddress(url)
            guard address.query == nil else {
                throw LoadUsageError("--target has a query, which no request would send")
            }
            trust = configuration.trust
        }
        // A gateway's keys are no provider's business.
        let keys = scenario.raw?.api == .provider ? [] : demo?.apiKeys ?? configuration.apiKeys
        guard keys.count <= LoadTestConfiguration.maximumAPIKeys else {
            throw LoadUsageError("\(keys.count) API keys; at most \(LoadTestConfiguration.maximumAPIKeys) can be used")
        }
        apiKeys = Array(keys.prefix(scenario.merchants.count ?? keys.count))
        guard scenario.raw != nil || !apiKeys.isEmpty else {
            throw LoadUsageError("payments need an API key: give --api-key, or a demo")
        }
        seed = configuration.seed ?? UInt64.random(in: 1...UInt64.max)
        http = PlainHTTP(group: group, trust: trust)
    }

    func run() async throws -> LoadVerdict {
        let previous = try await profiles()
        do {
            try await setProfile()
            let verdict = try await measure()
            try await restore(previous)
            return verdict
        } catch {
            try? await restore(previous)
            throw error
        }
    }

    // MARK: The simulator's profile

    private var profileURLs: [String] { demo?.simulatorURLs.map { "\($0)/control/profile" } ?? [] }

    /// The profiles in force at the simulators; none where the scenario leaves them alone.
    private func profiles() async throws -> [String] {
        guard scenario.pspProfile != nil else { return [] }
        guard demo != nil else { throw LoadUsageError("psp_profile needs a demo") }
        var profiles: [String] = []
        for url in profileURLs { profiles.append(try await http.text(url)) }
        return profiles
    }

    /// Sets the scenario's profile at every simulator.
    private func setProfile() async throws {
        guard let profile = scenario.pspProfile else { return }
        for url in profileURLs { try await put(profile, to: url) }
    }

    private func restore(_ profiles: [String]) async throws {
        for (url, profile) in zip(profileURLs, profiles) { try await put(profile, to: url) }
    }

    private func put(_ profile: String, to url: String) async throws {
        let answer = Collected<String>()
        let status = try await http.request("PUT", url, body: profile) { answer.append($0.string($0.indices)) }
        guard (200..<300).contains(status) else { throw LoadUsageError("PUT \(url) answered \(status)") }
    }

    // MARK: The load

    private func measure() async throws -> LoadVerdict {
        let compiled = try CompiledScenario(scenario, merchantCount: apiKeys.count)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let startMilliseconds = UInt64(now.tv_sec) * 1_000 + UInt64(now.tv_nsec) / 1_000_000
        if let path = configuration.journalPath {
            let journal = try ExpectationJournal(path: path)
            journal.begin(startMilliseconds: startMilliseconds, seed: seed, currencies: compiled.currencies)
            journal.flush()
        }
        let before = await metrics()
        let sampler = UsageSampler(processes)
        let results = try await runLoops(compiled, sampler)
        sampler.end()
        let after = await metrics()
        let flush = before.flatMap { before in after?.flushLines(since: before) } ?? []
        let run = ExpectedRun(
            startMilliseconds: startMilliseconds,
            currencies: compiled.currencies,
            expectations: results.flatMap(\.expectations)
        )
        // An audit that cannot be made fails the run. What was measured is reported all the same.
        let audit: Result<AuditReport?, any Error>
        do { audit = .success(try await self.audit(run)) } catch { audit = .failure(error) }
        return try report(results, run: run, audit: audit, usages: sampler.usages, flush: flush)
    }

    private func runLoops(_ compiled: CompiledScenario, _ sampler: UsageSampler) async throws -> [LoopResult] {
        let plan = LoadPlan(
            compiled: compiled,
            seed: seed,
            loops: configuration.loops,
            retries: scenario.retries,
            keepsExpectations: audits,
            stopSignal: stop
        )
        let client = try clientConfiguration()
        let warmUp = scenario.phases.prefix { $0.isWarmUp }.reduce(0) { $0 + $1.duration }
        var futures: [EventLoopFuture<LoopResult>] = []
        for loop in 0..<plan.loops {
            futures.append(
                startLoop(loop, plan: plan, client: client) { if loop == 0 { sampler.begin(afterNanoseconds: warmUp) } }
            )
        }
        var results: [LoopResult] = []
        for future in futures { results.append(try await future.get()) }
        return results
    }

    private func startLoop(
        _ index: Int,
        plan: LoadPlan,
        client: HTTPClientConfiguration,
        onStart: @escaping @Sendable () -> Void
    ) -> EventLoopFuture<LoopResult> {
        let eventLoop = group.next()
        let promise = eventLoop.makePromise(of: LoopResult.self)
        let (address, apiKeys, journalPath) = (address, apiKeys, configuration.journalPath)
        eventLoop.execute {
            let factory = RequestFactory(
                scheme: address.scheme,
                authority: address.authority,
                basePath: address.basePath,
                apiKeys: apiKeys,
                compiled: plan.compiled
            )
            let loop = LoadLoop(
                eventLoop: eventLoop,
                configuration: client,
                promise: promise,
                onStart: onStart,
                sync: Self.sync
            )
            do {
                let journal = try journalPath.map { try ExpectationJournal(path: $0) }
                loop.run(plan: plan, loop: index, factory: factory, journal: journal)
            } catch {
                promise.fail(error)
            }
        }
        return promise.futureResult
    }

    private static func sync(_ descriptor: Int32) {
        NIOThreadPool.singleton.submit { _ in _ = fdatasync(descriptor) }
    }

    private func clientConfiguration() throws -> HTTPClientConfiguration {
        let connections = configuration.connections ?? scenario.connections
        var client = HTTPClientConfiguration(
            host: address.host,
            port: address.port,
            authority: address.authority,
            tls: address.isSecure ? try trust.context(protocols: ["h2"]) : nil,
            serverName: address.serverName,
            connections: .init(minimum: connections, maximum: connections)
        )
        client.maxStreamsPerConnection = 1_000
        client.maxQueued = scenario.inFlight + 1
        // A killed gateway is back within a second: look often.
        client.backoff = .init(minimum: .milliseconds(20), maximum: .milliseconds(250))
        client.seed = seed
        // The load is to cost little; what a server may send is held by other tests.
        client.validatesHeaderBlocks = false
        return client
    }

    // MARK: Afterwards

    private var audits: Bool { demo != nil && configuration.audits && scenario.raw == nil }

    private func audit(_ run: ExpectedRun) async throws -> AuditReport? {
        guard audits, let demo else { return nil }
        let collector = AuditCollector(demo: demo, http: http, settleSeconds: 60)
        return Audit.check(try await collector.collect([run]))
    }

    private func metrics() async -> MetricsText? {
        guard let demo, let text = try? await http.text("\(demo.adminURL)/metrics") else { return nil }
        return MetricsText(text)
    }

    private var processes: [ProcessUsage] {
        var processes: [ProcessUsage] = []
        if let pid = demo?.gatewayPID { processes.append(ProcessUsage(name: "gateway", pid: pid)) }
        if let pid = demo?.pspPID { processes.append(ProcessUsage(name: "simulator", pid: pid)) }
        if let pid = demo?.secondPSPPID { processes.append(ProcessUsage(name: "second simulator", pid: pid)) }
        processes += configuration.processes.map { ProcessUsage(name: $0.name, pid: $0.pid) }
        return processes + [ProcessUsage(name: "harness", pid: Int(getpid()))]
    }

    private func report(
        _ results: [LoopResult],
        run: ExpectedRun,
        audit: Result<AuditReport?, any Error>,
        usages: [ProcessUsage],
        flush: [String]
    ) throws -> LoadVerdict {
        let summary = RunSummary(results)
        let (found, auditFailure) = Self.parts(of: audit)
        let failures = VerdictRules.failures(
            scenario: scenario,
            total: summary.total,
            violations: summary.violations.total,
            stopped: stop.reason,
            audit: found,
            auditFailure: auditFailure
        )
        let report = LoadReport(
            scenario: scenario.name,
            target: "\(address.scheme)://\(address.authority)\(address.basePath)",
            seed: seed,
            startMilliseconds: run.startMilliseconds,
            loops: configuration.loops,
            connections: configuration.connections ?? scenario.connections,
            retries: scenario.retries,
            total: LoadReport.Phase(summary.total),
            phases: summary.phases.map(LoadReport.Phase.init),
            stopped: stop.reason,
            repeatsSkipped: results.reduce(0) { $0 + $1.repeatsSkipped },
            substituted: results.reduce(0) { $0 + $1.substituted },
            violations: summary.violations.total,
            violationDetails: summary.violations.kept.map(\.line),
            errorDetails: results.flatMap(\.errorSamples).map(\.line),
            connectionsLost: results.reduce(0) { $0 + $1.transport.connectionsLost },
            timeouts: results.reduce(0) { $0 + $1.transport.timeouts },
            cpu: usages.compactMap { $0.perRequest(summary.total.completed) },
            flush: flush,
            audit: found.map { LoadReport.Audit(passed: $0.passed, lines: $0.lines) },
            failures: failures
        )
        for line in report.lines { output(line) }
        if let directory = configuration.outputDirectory { try report.write(to: directory, total: summary.total) }
        return LoadVerdict(failures: failures)
    }

    private static func parts(of audit: Result<AuditReport?, any Error>) -> (AuditReport?, failure: String?) {
        switch audit {
        case .success(let report): (report, nil)
        case .failure(let error): (nil, "\(error)")
        }
    }
}
