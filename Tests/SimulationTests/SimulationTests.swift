import Testing

@testable import Simulation

@Suite struct SimulationTests {
    private func scenario(_ seed: UInt64, _ planted: PlantedBug? = nil) -> Scenario {
        var scenario = Scenario(seed: seed, hours: 0.05)
        scenario.intents = min(scenario.intents, 40)
        scenario.planted = planted
        return scenario
    }

    @Test func theSameSeedIsTheSameWorldToTheLastEvent() {
        let first = Simulation.run(scenario(11))
        let second = Simulation.run(scenario(11))
        #expect(first.traceHash == second.traceHash && first.counts.events == second.counts.events)
        #expect(first.traceHash != Simulation.run(scenario(12)).traceHash)
    }

    /// Whatever a process leaves behind holds the disk: its hosts, their engines, the journals.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func nothingIsLeftOfAWorldThatHasEnded(seed: UInt64) throws {
        weak var disk: SimDisk?
        func live() throws {
            let world = try World(scenario(seed))
            disk = world.disk
            world.run()
            world.shutDown()
        }
        try live()
        #expect(disk == nil)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func aSoundGatewayLosesNothing(seed: UInt64) {
        let result = Simulation.run(scenario(seed))
        #expect(result.violation == nil, "\(scenario(seed).command)")
        #expect(result.counts.payments > 0)
    }

    /// All defects, and how many seeds they take: Tests/EndToEnd/test_sim.py, with the release
    /// build. Each by the check that is there for it.
    @Test(arguments: [
        (PlantedBug.forgetReservation, ["is about", "charged twice", "has two payments"]),
        // A refund that is sent again under another key is made twice, too.
        (.newProviderKey, ["charged twice", "other amounts"]),
        // A follower may meet the gap before the check of durable records does.
        (.dropLastRecord, ["was said to be durable", "a follower cannot apply record"]),
        (.newEventKey, ["is answered", "had a final answer"]),
    ])
    func plantedBugsAreFound(bug: PlantedBug, checks: [String]) throws {
        let violation = (1...5).lazy.compactMap { Simulation.run(scenario($0, bug)).violation }.first
        let found = try #require(violation, "\(bug) in seeds 1 to 5")
        #expect(checks.contains { found.contains($0) }, "\(found)")
    }

    @Test func oldKeysHaveTheirAnswersUntilTheyAreForgotten() throws {
        var old = try #require((1...20).lazy.map { scenario($0) }.first { $0.hasOldKeys && $0.takesSnapshots })
        let result = Simulation.run(old)
        #expect(result.violation == nil, "\(old.command)")
        #expect(result.counts.oldKeys > 0 && result.counts.forgottenKeys > 0)
        #expect(result.virtualTime > Int64(World.keySeconds) * 1_000_000)
        old.planted = .keyRunForgotten
        let found = try #require(Simulation.run(old).violation)
        let checks = ["is about", "charged twice", "had a final answer"]
        #expect(checks.contains { found.contains($0) }, "\(found)")
    }

    @Test func aConnectorThatSaidNoIsAnAlarmWhenItExecutedAfterAll() throws {
        let all = (1...60).lazy.map { scenario($0) }.filter { $0.hasEarlierEvents && $0.routesOfBoth == 4 }
        let worlds = Array(all.prefix(3))
        let found = worlds.map { world in
            var world = world
            world.planted = .earlierAsOwn
            return Simulation.run(world).violation
        }
        let checks = ["is no alarm", "is not refused", "executed it after all, and no record says so"]
        let violations = found.compactMap(\.self)
        #expect(
            !violations.isEmpty && violations.allSatisfy { violation in checks.contains { violation.contains($0) } },
            "\(violations)"
        )
        let sound = worlds.map { Simulation.run($0) }
        #expect(sound.allSatisfy { $0.violation == nil } && sound.contains { $0.counts.earlierEvents > 0 })
    }

    @Test func anOwnerStopsBeforeItsLeaseEnds() {
        let worlds = (1...60).lazy.map { scenario($0) }.filter { $0.lease != nil && $0.faults.contains(.handovers) }
        let sound = worlds.prefix(3).map { Simulation.run($0) }
        #expect(sound.allSatisfy { $0.violation == nil } && sound.contains { $0.counts.leasesEnded > 0 })
        let found = worlds.prefix(3).map { world in
            var world = world
            world.planted = .leaseIgnored
            return Simulation.run(world).violation
        }
        let violations = found.compactMap(\.self)
        #expect(!violations.isEmpty && violations.allSatisfy { $0.contains("goes on behind the end of its lease") })
    }

    /// With streams that share a log.
    private func shared(_ planted: PlantedBug? = nil) -> [Scenario] {
        let worlds = (1...60).lazy.map { scenario($0, planted) }
        return Array(worlds.filter { $0.shards > $0.logs && $0.faults.contains(.handovers) }.prefix(2))
    }

    @Test func shardsOfOneLogKeepToTheirMerchantsAndTheirRecords() {
        let results = shared().map { Simulation.run($0) }
        #expect(results.allSatisfy { $0.violation == nil } && results.contains { $0.counts.handovers > 0 })
    }

    @Test(arguments: [
        (PlantedBug.streamPositionShared, ["is another one than was appended", "was never appended"]),
        (.wrongShard, ["another merchant's shard", "of another one", "is not found"]),
    ])
    func whatCrossesFromOneShardToAnotherIsFound(bug: PlantedBug, checks: [String]) throws {
        let found = try #require(shared(bug).lazy.compactMap { Simulation.run($0).violation }.first)
        #expect(checks.contains { found.contains($0) }, "\(found)")
    }

    @Test func aFailureShrinksToASmallerWorldThatFails() throws {
        let large = scenario(1, .forgetReservation)
        let smaller = try #require(Simulation.shrink(large, runs: 5))
        #expect(smaller.violation != nil)
        #expect(smaller.scenario.duration < large.duration || smaller.scenario.intents < large.intents)
        #expect(smaller.scenario.command.contains("--plant forget-reservation"))
        #expect(Simulation.run(smaller.scenario).traceHash == smaller.traceHash)
    }

    @Test func kindsOfFaultsThatAreLeftOutDoNotHappen() {
        var calm = scenario(4)
        calm.faults = []
        let counts = Simulation.run(calm).counts
        #expect(counts.faults == 0 && counts.starts == 2, "the second start is the last check")
    }
}
