import JournalConformance
import Synchronization

@testable import Journal

/// A log with one stream under test and busy neighbours.
enum StreamBench {
    static let directory = "data/log-000"
    static let archive = directory + "/archive"
    static let tested: StreamNumber = 3
    static let numbers: [StreamNumber] = [0, 3, 9, 700]

    static func setups(_ origins: [StreamNumber: RecordPosition] = [:]) -> [StreamSetup] {
        numbers.map { StreamSetup(number: $0, directory: "data/shard-\($0)", origin: origins[$0] ?? 0) }
    }

    static func open(
        _ disk: any JournalFileSystem,
        _ configuration: JournalConfiguration
    ) throws(JournalError) -> StreamLog {
        try StreamLog.open(
            directory: directory,
            configuration: configuration,
            streams: setups(),
            fileSystem: disk
        ) { _, _, _ in }
    }
}

/// Owners of the other streams, which append as the tested one goes on.
final class Neighbours: Sendable {
    private let engines: [(engine: StreamJournal, events: ConformanceEvents)]

    init(_ log: StreamLog) throws(JournalError) {
        var engines: [(engine: StreamJournal, events: ConformanceEvents)] = []
        for number in StreamBench.numbers where number != StreamBench.tested {
            let events = ConformanceEvents()
            let claim = JournalClaim(holder: "neighbour", now: 0, nanoseconds: .max)
            engines.append((try log.store(of: number).own(claim, owner: events), events))
        }
        self.engines = engines
    }

    /// False when the log is closed.
    func append() -> Bool {
        for (index, neighbour) in engines.enumerated() {
            let last = neighbour.engine.lastPosition
            let records = (0...UInt64(index)).map { testRecord(last + 1 + $0, bytes: 60 + 40 * index) }
            do throws(JournalError) {
                try neighbour.engine.append(
                    records: framed(records),
                    count: records.count,
                    expecting: last,
                    epoch: neighbour.engine.epoch
                )
            } catch {
                if error.code != .backlog { return false }
            }
        }
        return true
    }

    /// Appends until the log is closed, no faster than the disk takes it.
    func run() {
        while append() {
            for neighbour in engines {
                let last = neighbour.engine.lastPosition
                neighbour.events.wait { ($0.durable.last ?? 0) >= last || !$0.failures.isEmpty }
            }
        }
    }

    func retire() { for neighbour in engines { neighbour.engine.retire(upTo: neighbour.engine.lastPosition) } }
}

/// A stream without threads, with an archive whose time a test lets pass.
final class SteppedStreamBench: JournalBench {
    private struct State {
        var disk = FakeDisk()
        var log: StreamLog?
        var neighbours: Neighbours?
    }

    private let state = Mutex(State())
    private let clock = ArchivingJournal.Clock()
    private let wall = ArchivingJournal.Clock()

    func open() throws(JournalError) -> any JournalStore {
        state.withLock { $0.log }?.close()
        var configuration = ArchivingJournal.configuration(clock, spares: 1, keep: 1)
        configuration.archive?.directory = StreamBench.archive
        configuration.wallClock = { [wall] in
            wall.advance(10)
            return Int64(wall.now)
        }
        let log = try StreamBench.open(state.withLock { $0.disk }, configuration)
        let neighbours = try Neighbours(log)
        state.withLock { state in
            state.log = log
            state.neighbours = neighbours
        }
        return log.store(of: StreamBench.tested)
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws {
        let (log, neighbours) = state.withLock { ($0.log, $0.neighbours) }
        guard let log, let neighbours else { return }
        _ = neighbours.append()
        while log.stepWriter() == .did || log.stepKeeper() == .did {}
        guard !isTrue(events.all) else { return }
        throw ConformanceFailure("nothing more happens, and what was awaited did not come")
    }

    /// Nobody steps the writer before something is awaited.
    func stall() {}
    func release() {}

    func kill(_ store: any JournalStore) {
        let (disk, log) = state.withLock { ($0.disk, $0.log) }
        state.withLock { $0.disk = disk.afterPowerFailure(.nothing) }
        log?.close()
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool {
        guard let log = state.withLock({ $0.log }) else { return false }
        engine.retire(upTo: position)
        state.withLock { $0.neighbours }?.retire()
        // At most one archived segment goes a minute, so ten minutes without one show that no more
        // goes.
        var expired = log.statistics.archive.expired
        var since = clock.now
        while clock.now - since < 600_000_000_000 {
            switch log.stepArchiver() {
            case .did: break
            case .waitsUntil(let time): clock.advance(max(time, clock.now + 1) - clock.now)
            case .waits, .ended: return false
            }
            guard log.statistics.archive.expired != expired else { continue }
            expired = log.statistics.archive.expired
            since = clock.now
        }
        return true
    }
}

/// A stream with the log's threads and a thread of neighbours, on a disk that stalls when told to.
final class ThreadedStreamBench: JournalBench {
    private struct State {
        var fake = FakeDisk()
        var disk: StalledDisk
        var log: StreamLog?
        var thread: JournalThread?

        init() { disk = StalledDisk(fake) }
    }

    private let state = Mutex(State())

    deinit { close() }

    private func close() {
        let (log, thread) = state.withLock { state in (state.log.take(), state.thread.take()) }
        log?.close()
        thread?.join()
    }

    func open() throws(JournalError) -> any JournalStore {
        close()
        let log = try StreamBench.open(state.withLock { $0.disk }, TestJournal.configuration())
        let neighbours = try Neighbours(log)
        let thread = JournalThread(name: "neighbours") { neighbours.run() }
        state.withLock { state in
            state.log = log
            state.thread = thread
        }
        return log.store(of: StreamBench.tested)
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) {
        events.wait(until: isTrue)
    }
    func stall() { state.withLock { $0.disk }.stall() }
    func release() { state.withLock { $0.disk }.release() }

    func kill(_ store: any JournalStore) {
        let next = state.withLock { $0.fake }.afterPowerFailure(.nothing)
        close()
        state.withLock { state in
            state.fake = next
            state.disk = StalledDisk(next)
        }
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool {
        engine.retire(upTo: position)
        return false
    }
}
