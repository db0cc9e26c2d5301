package import Journal
import Synchronization

/// The memory engine, which flushes when a test waits.
package final class MemoryBench: JournalBench {
    private let fault: MemoryJournal.Fault
    private let state = Mutex<(disk: MemoryJournal.Disk, store: MemoryJournal?)>((MemoryJournal.Disk(), nil))

    package init(fault: MemoryJournal.Fault = .none) { self.fault = fault }

    package func open() throws(JournalError) -> any JournalStore {
        let fault = self.fault
        return state.withLock { state in
            var disk = state.store?.disk ?? state.disk
            disk.records = disk.records.filter { $0.key <= disk.durable }
            let store = MemoryJournal(disk, fault: fault)
            state.store = store
            return store
        }
    }

    package func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws {
        state.withLock { $0.store }?.flush()
        try expect(isTrue(events.all), because: "what was awaited comes")
    }

    package func stall() { state.withLock { $0.store }?.stall() }
    package func release() { state.withLock { $0.store }?.release() }

    package func kill(_ store: any JournalStore) {
        let loses = fault == .cursorInMemoryOnly
        state.withLock { state in
            state.disk = state.store?.disk ?? state.disk
            if loses { state.disk.cursors = [:] }
            state.store = nil
        }
    }

    package func forget(
        _ store: any JournalStore,
        _ engine: any JournalEngine,
        upTo position: RecordPosition
    ) -> Bool {
        state.withLock { $0.store }?.forget(upTo: position)
        return true
    }
}
