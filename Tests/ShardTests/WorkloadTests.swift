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
        // Chance may not bring what a mistake needs.
        let found = (1...8 as ClosedRange<UInt64>).lazy.map { Workload(seed: $0, steps: 8_000, faults: [fault]) }
            .compactMap { workload in Self.failure(workload).map { (workload, $0) } }.first
        let (workload, failure) = try #require(found)
        let (steps, mismatch) = try #require(workload.shrink(failure))
        #expect(steps.count <= 10, "\(steps)")
        // What is printed is read back as the same steps, and the shard without the mistake agrees about them.
        let scenario = try Scenario(workload.scenario(steps, mismatch))
        #expect(scenario.steps == steps)
        #expect(Workload(seed: workload.seed, steps: 8_000).failure(of: steps) == nil)
    }

    private static func failure(_ workload: Workload) -> Workload.Failure? {
        do {
            _ = try workload.run()
        } catch {
            return error as? Workload.Failure
        }
        return nil
    }
}
