import JournalConformance
import Synchronization

@testable import Journal

/// The local engine without threads, with an archive whose time a test lets pass.
final class SteppedBench: JournalBench {
    private struct State {
        var disk = FakeDisk()
        var store: LocalJournalStore?
        var isStalled = false
    }

    private let state = Mutex(State())
    private let clock = ArchivingJournal.Clock()
    private let wall = ArchivingJournal.Clock()

    func open() throws(JournalError) -> any JournalStore {
        var configuration = ArchivingJournal.configuration(clock, spares: 1, keep: 1)
        // The batches that hold cursors' records are of many times, so that the archive's retention
        // has something to compare.
        configuration.wallClock = { [wall] in
            wall.advance(10)
            return Int64(wall.now)
        }
        let disk = state.withLock { $0.disk }
        let (store, _) = try LocalJournalStore.open(
            directory: TestJournal.directory,
            configuration: configuration,
            fileSystem: disk
        ) { _, _ in }
        state.withLock { $0.store = store }
        return store
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws {
        guard let store = state.withLock({ $0.store }) else { return }
        while store.stepWriter() == .did || store.stepKeeper() == .did {}
        guard !isTrue(events.all) else { return }
        throw ConformanceFailure("nothing more happens, and what was awaited did not come")
    }

    /// Nobody steps the writer before something is awaited.
    func stall() {}
    func release() {}

    func kill(_ store: any JournalStore) {
        let disk = state.withLock { $0.disk }
        state.withLock { $0.disk = disk.afterPowerFailure(.nothing) }
        store.close()
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool {
        guard let store = store as? LocalJournalStore, let journal = engine as? LocalJournal else { return false }
        journal.retire(upTo: position)
        // At most one archived segment goes a minute, so ten minutes without one show that no more
        // goes.
        var expired = store.statistics.archive.expired
        var since = clock.now
        while clock.now - since < 600_000_000_000 {
            switch store.stepArchiver() {
            case .did: break
            case .waitsUntil(let time): clock.advance(max(time, clock.now + 1) - clock.now)
            case .waits, .ended: return false
            }
            guard store.statistics.archive.expired != expired else { continue }
            expired = store.statistics.archive.expired
            since = clock.now
        }
        return true
    }
}

/// The local engine with its threads, on a disk that stalls when told to.
final class ThreadedBench: JournalBench {
    private let disk = Mutex(StalledDisk(FakeDisk()))
    private let inner: Mutex<FakeDisk>

    init() {
        let fake = FakeDisk()
        inner = Mutex(fake)
        disk.withLock { $0 = StalledDisk(fake) }
    }

    func open() throws(JournalError) -> any JournalStore {
        try LocalJournalStore.open(
            directory: TestJournal.directory,
            configuration: TestJournal.configuration(),
            fileSystem: disk.withLock { $0 }
        ) { _, _ in }.store
    }

    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) {
        events.wait(until: isTrue)
    }
    func stall() { disk.withLock { $0 }.stall() }
    func release() { disk.withLock { $0 }.release() }

    func kill(_ store: any JournalStore) {
        let next = inner.withLock { $0 }.afterPowerFailure(.nothing)
        store.close()
        inner.withLock { $0 = next }
        disk.withLock { $0 = StalledDisk(next) }
    }

    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool {
        (engine as? LocalJournal)?.retire(upTo: position)
        return false
    }
}
