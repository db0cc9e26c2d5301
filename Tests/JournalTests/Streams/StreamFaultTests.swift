import CMillrace
import Testing

@testable import Journal

/// One fault at every file operation of a log with several streams in turn: nothing acknowledged is
/// lost, nothing of one stream is in another, and the next start works.
@Suite struct StreamFaultTests {
    static let troubles: [(fault: FakeDisk.Fault, survivals: [FakeDisk.Survival?])] = [
        (.powerOff, [.nothing, .everything, .some(seed: 1)]),
        (.refuse(code: 5), [nil, .nothing]),
        (.refuse(code: millrace_error_no_space), [nil, .some(seed: 2)]),
        (.shortWrite, [nil, .nothing]),
        (.loseSync, [.nothing]),
    ]

    @Test(arguments: troubles.indices) func `a fault at any operation loses nothing acknowledged`(_ index: Int) throws {
        try failEachOperation(isDressed: false, atLeast: 150) { _ in Self.troubles[index] }
    }

    /// With encryption and an archive, which are dearer: the faults take turns.
    @Test func `a fault at any operation of a log that archives loses nothing acknowledged`() throws {
        try failEachOperation(isDressed: true, atLeast: 250) { Self.troubles[$0 % Self.troubles.count] }
    }

    /// What a start finds may be in a cache only. It is the basis of all that follows, so the start
    /// makes it durable.
    @Test(arguments: [false, true]) func `what a start finds after a kill stays when the power fails`(
        _ isDressed: Bool
    ) throws {
        for number in 1...5_000 {
            let disk = FakeDisk()
            disk.arm(.refuseFromHereOn(code: 5), atOperation: number)
            let scenario = StreamScenario(disk, isDressed: isDressed)
            scenario.run()
            if disk.operations < number { return #expect(number > 150, "the scenario is shorter than it was") }
            try scenario.expectFoundIsDurable(disk, "killed at \(number), \(disk.operationName(number))")
        }
        Issue.record("the scenario never ran to its end")
    }

    private func failEachOperation(
        isDressed: Bool,
        atLeast least: Int,
        _ trouble: (Int) -> (fault: FakeDisk.Fault, survivals: [FakeDisk.Survival?])
    ) throws {
        for number in 1...5_000 {
            let (fault, survivals) = trouble(number)
            let disk = FakeDisk()
            disk.arm(fault, atOperation: number)
            let scenario = StreamScenario(disk, isDressed: isDressed)
            scenario.run()
            if disk.operations < number {
                #expect(scenario.isComplete && number > least, "the scenario is shorter than it was")
                return print("\(fault), \(isDressed): \(number - 1) operations, each once")
            }
            let survival = survivals[number / Self.troubles.count % survivals.count]
            try scenario.expectRecovery(next(disk, survival, number: number), "\(fault) at \(number)")
        }
        Issue.record("the scenario never ran to its end")
    }

    private func next(_ disk: FakeDisk, _ survival: FakeDisk.Survival?, number: Int) -> FakeDisk {
        guard let survival else { return disk.restarted() }
        guard case .some(let seed) = survival else { return disk.afterPowerFailure(survival) }
        return disk.afterPowerFailure(.some(seed: seed &* 10_007 &+ UInt64(number)))
    }

    @Test(arguments: [false, true]) func `the scenario runs through segments and changes of owners`(
        _ isDressed: Bool
    ) throws {
        let disk = FakeDisk()
        let scenario = StreamScenario(disk, isDressed: isDressed)
        scenario.run()
        #expect(scenario.isComplete && scenario.handovers == 3)
        let segments = disk.fileNames.filter { $0.hasSuffix(".journal") }.count
        let archived = disk.fileNames.filter { $0.hasPrefix(StreamBench.archive + "/") }.count
        #expect(segments + archived >= 4 && (archived > 1 || !isDressed))
        try scenario.expectRecovery(disk, "no fault")
    }
}
