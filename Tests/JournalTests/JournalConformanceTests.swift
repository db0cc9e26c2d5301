import JournalConformance
import Testing

@testable import Journal

/// Every engine keeps the same promises, and the checks find an engine that does not.
@Suite struct JournalConformanceTests {
    @Test(arguments: conformanceChecks) func `local journal, step by step`(_ check: ConformanceCheck) throws {
        try check.run(SteppedBench())
    }

    @Test(arguments: conformanceChecks) func `local journal with its threads`(_ check: ConformanceCheck) throws {
        try check.run(ThreadedBench())
    }

    @Test(arguments: conformanceChecks) func `memory journal`(_ check: ConformanceCheck) throws {
        try check.run(MemoryBench())
    }

    @Test(arguments: [
        (MemoryJournal.Fault.twoOwners, "a lease keeps others out until it ends"),
        (.tellsZombie, "a zombie with an old epoch is refused and told once"),
        (.feedShowsUndurable, "a reader never sees what is not durable"),
        (.floorIgnored, "what a cursor or a feed needs is kept"),
        (.cursorInMemoryOnly, "a cursor survives a kill"),
    ])
    func `a planted fault is found`(_ fault: MemoryJournal.Fault, _ finder: String) throws {
        let failed = conformanceChecks.filter { check in
            do { try check.run(MemoryBench(fault: fault)) } catch { return true }
            return false
        }
        #expect(failed.map(\.description).contains(finder))
    }
}
