import ShardModel
import Testing

/// The random workload of `shard-workload`, for a short time, and what it is worth: mistakes are
/// found and shrunk.
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
        // What is printed is read back as the same steps, and the shard without the mistake agrees
        // about them.
        let scenario = try Scenario(workload.scenario(steps, mismatch))
        #expect(scenario.steps == steps)
        #expect(Workload(seed: workload.seed, steps: 8_000).failure(of: steps) == nil)
    }

    @Test(
        "Steps about sellers, wallets, pay-outs and exchange are read as they are written",
        arguments: [
            "create p1 1000 EUR sale fee=10 merchant=3 split=a:500,b:2500bp", "create p2 700 JPY hold from=w1",
            "create p3 700 JPY sale merchant=3 async fills=w12", "capture p1 300 open split=a:1bp", "capture p1 all",
            "payout o1 all EUR merchant=3 seller=a", "payout o2 500 USD minimum=100 held", "bank o1 sent",
            "bank o1 returned account_closed", "wallet w1 EUR merchant=3", "read w1", "read o1 merchant=8",
            "quote q1 1000 EUR USD 1.0842 spread=0 valid=10s merchant=2", "convert q0 merchant=4", "balance m7",
        ]
    )
    func textOfSteps(text: String) throws {
        let step = try #require(Step(text))
        #expect(step.description == text)
    }

    @Test(
        "What no step can be is not read",
        arguments: ["payout o1 EUR", "bank o1 lost", "quote q1 5 EUR USD x", "pay p1"]
    )
    func noSteps(text: String) { #expect(Step(text) == nil) }

    private static func failure(_ workload: Workload) -> Workload.Failure? {
        do {
            _ = try workload.run()
        } catch {
            return error as? Workload.Failure
        }
        return nil
    }
}
