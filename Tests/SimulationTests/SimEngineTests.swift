import Journal
import JournalConformance
import Testing

@testable import Simulation

/// The simulation's engine keeps what every journal promises, on a disk that takes time and loses
/// power.
@Suite struct SimEngineTests {
    @Test(arguments: conformanceChecks) func `simulated engine conforms`(_ check: ConformanceCheck) throws {
        for seed in 1...5 as ClosedRange<UInt64> { try check.run(SimBench(seed: seed)) }
    }
}

/// A stream of a log on a simulated disk, with a neighbour; time passes as its operations take it.
private final class SimBench: JournalBench {
    private static let tested: StreamNumber = 1

    private let clock = SimClock()
    private let disk: SimDisk
    private var session: DiskSession
    private var log: StreamLog?
    /// The log's other stream, which appends as the tested one goes on.
    private var neighbour: StreamJournal?

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
        disk.use(.recovery(log: 0))
        let numbers: [StreamNumber] = [0, Self.tested]
        let log = try StreamLog.open(
            directory: "data/log-000",
            configuration: configuration,
            streams: numbers.map { StreamSetup(number: $0, directory: "data/shard-000\($0)") },
            fileSystem: session
        ) { _, _, _ in }
        self.log = log
        let claim = JournalClaim(holder: "neighbour", now: 0, nanoseconds: .max)
        neighbour = try log.store(of: 0).own(claim, owner: ConformanceEvents())
        pass()
        let known = JournalLog(keySeconds: 86_400)
        return SimStore(log.store(of: Self.tested), journalLog: known, loop: SimEventLoop(), planted: nil)
    }

    private func appendBeside() {
        guard let neighbour else { return }
        let last = neighbour.lastPosition
        let records: [UInt8] = [3, 0, 0, 0, 1, 2, 3]
        do throws(JournalError) {
            try neighbour.append(records: records, count: 1, expecting: last, epoch: neighbour.epoch)
        } catch {
            // The log is closed, or has failed.
        }
    }

    /// What was begun has ended.
    private func pass() {
        let actors = [SimDisk.Actor.recovery(log: 0), .writer(log: 0), .keeper(log: 0)]
        clock.set(actors.map { disk.idleAt($0) }.max() ?? clock.now)
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws {
        guard let log else { return }
        appendBeside()
        var didSomething = true
        while didSomething {
            disk.use(.writer(log: 0))
            didSomething = log.stepWriter() == .did
            disk.use(.keeper(log: 0))
            if log.stepKeeper() == .did { didSomething = true }
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
        log?.close()
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool { false }
}
