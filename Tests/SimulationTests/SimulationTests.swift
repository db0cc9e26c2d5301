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

    /// All defects, and how many seeds they take: Tests/EndToEnd/test_sim.py, with the release build.
    @Test(arguments: [PlantedBug.forgetReservation, .newProviderKey, .dropLastRecord, .newEventKey])
    func plantedBugsAreFound(bug: PlantedBug) {
        let found = (1...5).first { Simulation.run(scenario($0, bug)).violation != nil }
        #expect(found != nil, "\(bug) in seeds 1 to 5")
    }

    @Test func oldKeysHaveTheirAnswersUntilTheyAreForgotten() throws {
        var old = try #require((1...20).lazy.map { scenario($0) }.first { $0.hasOldKeys && $0.takesSnapshots })
        let result = Simulation.run(old)
        #expect(result.violation == nil, "\(old.command)")
        #expect(result.counts.oldKeys > 0 && result.counts.forgottenKeys > 0)
        #expect(result.virtualTime > Int64(World.keySeconds) * 1_000_000)
        old.planted = .keyRunForgotten
        #expect(Simulation.run(old).violation != nil)
    }

    @Test func aConnectorThatSaidNoIsAnAlarmWhenItExecutedAfterAll() throws {
        let worlds = (1...60).lazy.map { scenario($0) }.filter { $0.hasEarlierEvents && $0.routesOfBoth == 4 }
        let found = worlds.prefix(3).map { world in
            var world = world
            world.planted = .earlierAsOwn
            return Simulation.run(world).violation
        }
        #expect(found.contains { $0 != nil })
        let sound = worlds.prefix(3).map { Simulation.run($0) }
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
        #expect(found.contains { $0 != nil })
    }

    @Test func shardsOfOneProcessKeepToTheirMerchants() {
        let worlds = (1...60).lazy.map { scenario($0) }.filter { $0.shards > 1 && $0.faults.contains(.handovers) }
        let results = worlds.prefix(2).map { Simulation.run($0) }
        #expect(results.allSatisfy { $0.violation == nil } && results.contains { $0.counts.handovers > 0 })
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
