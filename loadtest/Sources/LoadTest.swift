import Foundation
import NIOCore
import NIOPosix

/// The load harness: open loop, free of coordinated omission, audited.
package enum LoadTest {
    /// Where bare scenario names are looked up, relative to the working directory.
    package static let scenarioDirectory = "loadtest/scenarios"

    /// Runs a scenario, writes the report to `output` (text, in lines) and to files, audits, and
    /// says pass or fail. Throws `LoadUsageError` for what the caller did wrong.
    package static func run(
        _ configuration: LoadTestConfiguration,
        output: @escaping @Sendable (String) -> Void
    ) async throws -> LoadVerdict {
        try configuration.validate()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        do {
            let run = try LoadRun(configuration, group: group, output: output)
            let verdict = try await run.run()
            try await group.shutdownGracefully()
            return verdict
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Audits journals of earlier runs (`LoadTestConfiguration.journalPath`).
    package static func audit(
        _ configuration: LoadAuditConfiguration,
        output: @escaping @Sendable (String) -> Void
    ) async throws -> LoadVerdict {
        try configuration.validate()
        let demo = try DemoFile.read(path: configuration.demo)
        var runs: [ExpectedRun] = []
        for path in configuration.journals {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw LoadUsageError("cannot read \(path)")
            }
            runs += try ExpectationJournal.read(String(decoding: data, as: UTF8.self), file: path)
        }
        let http = PlainHTTP(group: MultiThreadedEventLoopGroup.singleton, trust: demo.trust)
        let collector = AuditCollector(demo: demo, http: http, settleSeconds: configuration.settleSeconds)
        let report = Audit.check(try await collector.collect(runs))
        for line in report.lines { output(line) }
        return LoadVerdict(
            failures: report.passed ? [] : ["the audit found \(report.counts.values.reduce(0, +)) faults"]
        )
    }

    /// The scenario at a path, or of a bare name in `scenarioDirectory`.
    static func scenario(_ name: String) throws -> Scenario {
        let isBare = !name.contains("/") && !name.hasSuffix(".yaml") && !name.hasSuffix(".yml")
        let path = isBare ? "\(scenarioDirectory)/\(name).yaml" : name
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LoadUsageError("cannot read the scenario \(path)")
        }
        return try Scenario(file: path, text: String(decoding: data, as: UTF8.self))
    }
}

extension DemoFile {
    var trust: LoadTestConfiguration.Trust {
        caCertificate.map { .certificateAuthority(path: $0) } ?? .system
    }
}
