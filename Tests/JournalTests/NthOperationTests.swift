import CMillrace
import Testing

@testable import Journal

/// The file operation number N fails, or the power goes in it, for every N until the scenario runs
/// to its end (as SQLite tests its own). After each: nothing acknowledged is lost, nothing refused
/// is there, and the journal goes on.
@Suite struct NthOperationTests {
    struct Trouble: CustomTestStringConvertible {
        var name: String
        var fault: FakeDisk.Fault
        /// What the next start finds: the same machine, or one whose power went.
        var survivals: [FakeDisk.Survival?]
        var testDescription: String { name }
    }

    static let noSpace = FakeDisk.Fault.refuse(code: millrace_error_no_space)
    static let anywhere: [FakeDisk.Survival?] = [nil, .nothing, .some(seed: 0)]

    static let troubles: [Trouble] = [
        Trouble(name: "EIO once", fault: .refuse(code: 5), survivals: anywhere),
        Trouble(name: "EIO from then on", fault: .refuseFromHereOn(code: 5), survivals: anywhere),
        Trouble(name: "ENOSPC once", fault: noSpace, survivals: anywhere),
        Trouble(
            name: "ENOSPC from then on",
            fault: .refuseFromHereOn(code: millrace_error_no_space),
            survivals: anywhere
        ),
        Trouble(name: "half a write", fault: .shortWrite, survivals: anywhere),
        Trouble(name: "a sync that loses", fault: .loseSync, survivals: anywhere),
        Trouble(name: "power off, caches lost", fault: .powerOff, survivals: [.nothing]),
        Trouble(name: "power off, caches kept", fault: .powerOff, survivals: [.everything]),
        Trouble(
            name: "power off, torn",
            fault: .powerOff,
            survivals: (1...4).map { FakeDisk.Survival.some(seed: $0) }
        ),
    ]

    @Test(arguments: troubles, FaultScenario.Order.allCases)
    func everyOperationFailsOnce(trouble: Trouble, order: FaultScenario.Order) throws {
        try failEachOperation(trouble, order: order, dress: .plain, atLeast: 200)
    }

    /// The same with encryption, checkpoints, an archive and recycled segments.
    @Test(arguments: troubles)
    func everyOperationFailsOnceWithEverythingSwitchedOn(trouble: Trouble) throws {
        try failEachOperation(trouble, order: .writerFirst, dress: .everything, atLeast: 300)
    }

    private func failEachOperation(
        _ trouble: Trouble,
        order: FaultScenario.Order,
        dress: FaultScenario.Dress,
        atLeast least: Int
    ) throws {
        for number in 1...5_000 {
            var operations = 0
            // The dearer scenario takes the states of the disk in turn.
            let survivals = dress == .plain ? trouble.survivals : [trouble.survivals[number % trouble.survivals.count]]
            for survival in survivals {
                let disk = FakeDisk()
                disk.arm(trouble.fault, atOperation: number)
                let scenario = FaultScenario(disk, order: order, dress: dress)
                scenario.run()
                operations = disk.operations
                guard operations >= number else { continue }
                let what =
                    "\(trouble.name) at \(number), \(disk.operationName(number)), \(survival.map { "\($0)" } ?? "same machine")"
                try scenario.expectRecovery(Self.next(disk, after: survival, number: number), what)
            }
            if operations < number {
                #expect(number > least, "the scenario is shorter than it was")
                return print("\(trouble.name), \(order), \(dress): \(number - 1) operations, each once")
            }
        }
        Issue.record("the scenario never ran to its end")
    }

    /// The disk of the next start, with nothing armed.
    private static func next(_ disk: FakeDisk, after survival: FakeDisk.Survival?, number: Int) -> FakeDisk {
        guard let survival else { return disk.restarted() }
        guard case .some(let seed) = survival else { return disk.afterPowerFailure(survival) }
        return disk.afterPowerFailure(.some(seed: seed &* 10_007 &+ UInt64(number)))
    }

    @Test func scenarioRunsThroughSegmentsWithoutAFault() throws {
        for (order, dress) in [
            (FaultScenario.Order.writerFirst, FaultScenario.Dress.plain), (.keeperFirst, .everything),
        ] {
            let disk = FakeDisk()
            let scenario = FaultScenario(disk, order: order, dress: dress)
            scenario.run()
            #expect(scenario.isComplete && scenario.acknowledged == UInt64(scenario.accepted.count))
            let archived = disk.fileNames.filter { $0.hasPrefix(ArchivingJournal.archive + "/") }
            #expect(disk.fileNames.filter { $0.hasSuffix(".journal") }.count + archived.count >= 5)
            #expect(archived.count > 2 || dress == .plain)
            try scenario.expectRecovery(disk, "no fault")
        }
    }
}
