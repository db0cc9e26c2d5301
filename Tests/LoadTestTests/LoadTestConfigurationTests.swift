import Testing

@testable import LoadTest

@Suite struct LoadTestConfigurationTests {
    private static func change(
        _ name: String,
        _ apply: @escaping @Sendable (inout LoadTestConfiguration) -> Void
    ) -> (String, @Sendable (inout LoadTestConfiguration) -> Void) { (name, apply) }

    private static let impossible = [
        change("--loops") { $0.loops = 0 },
        change("--loops") { $0.loops = -1 },
        change("--loops") { $0.loops = .max },
        change("--connections") { $0.connections = 0 },
        change("--connections") { $0.connections = -5 },
        change("--connections") { $0.connections = 1_001 },
        change("--rate") { $0.rate = 0 },
        change("--rate") { $0.rate = -1 },
        change("--rate") { $0.rate = .nan },
        change("--rate") { $0.rate = .infinity },
        change("--rate") { $0.rate = 1_000_001 },
        change("--duration") { $0.durationSeconds = 0 },
        change("--duration") { $0.durationSeconds = .nan },
        change("--duration") { $0.durationSeconds = .infinity },
        change("--duration") { $0.durationSeconds = 1e300 },
        change("API keys") { $0.apiKeys = Array(repeating: "mk", count: 65_536) },
    ]

    @Test(arguments: impossible.indices) func `what no run can be made of is refused by name`(index: Int) async {
        var configuration = LoadTestConfiguration(scenario: "smoke", target: .url("https://localhost"))
        Self.impossible[index].1(&configuration)
        let changed = configuration
        let error = await #expect(throws: LoadUsageError.self) { try await LoadTest.run(changed) { _ in } }
        #expect(error?.description.contains(Self.impossible[index].0) == true, "\(error?.description ?? "-")")
    }

    @Test func `the ends of every range are accepted`() throws {
        var configuration = LoadTestConfiguration(scenario: "smoke", target: .url("https://localhost"))
        configuration.loops = 256
        configuration.connections = 1_000
        configuration.rate = 1_000_000
        configuration.durationSeconds = 1_000_000
        try configuration.validate()
        configuration.connections = 1
        configuration.rate = 0.001
        configuration.durationSeconds = 0.001
        try configuration.validate()
    }

    @Test(arguments: [-1, .nan, .infinity, 86_401])
    func `an impossible time to settle is refused`(seconds: Double) async {
        var configuration = LoadAuditConfiguration(journals: [], demo: "demo.json")
        configuration.settleSeconds = seconds
        let changed = configuration
        let error = await #expect(throws: LoadUsageError.self) { try await LoadTest.audit(changed) { _ in } }
        #expect(error?.description.contains("--settle") == true)
    }
}
