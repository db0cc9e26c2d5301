import Journal
import JournalConformance
import Testing

@testable import Simulation

/// The simulation's engine keeps what every journal promises, on a disk that takes time and loses power.
@Suite struct SimEngineTests {
    @Test(arguments: conformanceChecks) func `simulated engine conforms`(_ check: ConformanceCheck) throws {
        for seed in 1...5 as ClosedRange<UInt64> { try check.run(SimBench(seed: seed)) }
    }
}

/// A journal on a simulated disk; time passes as its operations take it.
private final class SimBench: JournalBench {
    private let clock = SimClock()
    private let disk: SimDisk
    private var session: DiskSession
    private var store: SimStore?

    init(seed: UInt64) {
        clock.set(1_000_000)
        disk = SimDisk(seed: seed, clock: clock)
        session = DiskSession(disk)
    }

    func open() throws(JournalError) -> any JournalStore {
        var configuration = JournalConfiguration(
            journalID: 0,
            segmentBytes: 64 << 10,
            batchBytes: 16 << 10,
            backlogBytes: 256 << 10,
            floorNanoseconds: 0,
            indexEntries: 8
        )
        configuration.driving = .steps
        configuration.clock = { [clock] in UInt64(clock.now) * 1_000 }
        session = DiskSession(disk)
        disk.actor = .recovery
        let (local, _) = try LocalJournalStore.open(
            directory: "data/shard-0000",
            configuration: configuration,
            fileSystem: session
        ) { _, _ in }
        pass()
        let store = SimStore(local, log: JournalLog(keySeconds: 86_400), loop: SimEventLoop(), planted: nil)
        self.store = store
        return store
    }

    /// What was begun has ended.
    private func pass() {
        let actors = [SimDisk.Actor.recovery, .writer, .keeper]
        clock.set(actors.map { disk.idleAt($0) }.max() ?? clock.now)
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws {
        guard let local = store?.local else { return }
        var didSomething = true
        while didSomething {
            disk.actor = .writer
            didSomething = local.stepWriter() == .did
            disk.actor = .keeper
            if local.stepKeeper() == .did { didSomething = true }
            pass()
        }
        guard !isTrue(events.all) else { return }
        throw ConformanceFailure("nothing more happens, and what was awaited did not come")
    }

    /// Nobody steps the writer before something is awaited.
    func stall() {}
    func release() {}

    func kill(_ store: any JournalStore) {
        pass()
        session.end()
        disk.powerFailed()
        store.close()
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool { false }
}
