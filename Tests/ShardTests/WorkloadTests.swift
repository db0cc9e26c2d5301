import ShardModel
import Testing

/// The random workload of `shard-workload`, for a short time, and what it is worth: mistakes are found and shrunk.
@Suite("A random workload against a naive model")
struct WorkloadTests {
    @Test("The shard and the model agree after every step", arguments: [101, 102, 103, 104] as [UInt64])
    func agrees(seed: UInt64) throws {
        let report = try Workload(seed: seed, steps: 1_500).run()
        #expect(report.payments > 80 && report.checks > 1_500)
    }

    @Test(
        "A planted mistake is found, and shrunk to a few steps that a scenario can hold",
        arguments: PlantedFault.allCases
    )
    func finds(fault: PlantedFault) throws {
        let workload = Workload(seed: 1, steps: 12_000, faults: [fault])
        let failure = try #require(throws: Workload.Failure.self) { try workload.run() }
        let (steps, mismatch) = try #require(workload.shrink(failure))
        #expect(steps.count <= 10, "\(steps)")
        // What is printed is read back as the same steps, and the shard without the mistake agrees about them.
        let scenario = try Scenario(workload.scenario(steps, mismatch))
        #expect(scenario.steps == steps)
        #expect(Workload(seed: 1, steps: 12_000).failure(of: steps) == nil)
    }
}
