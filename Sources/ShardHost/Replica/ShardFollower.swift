package import Journal
package import ShardCore
package import ShardRecords
package import ShardStorage
import Synchronization

/// A shard's state as it is made from a snapshot and the records behind it. Used off the event
/// loop, by one thread at a time; its state then goes to the loop by `takeCore`.
///
/// It reads the journal by a feed, so it never applies a record that is not durable. While its feed
/// is open, the journal keeps every record that it has not applied.
package final class ShardFollower: Sendable {
    /// Why a shard cannot be built. Of a single record: neither a retry nor another host helps.
    package enum Failure: Error, Sendable {
        case journal(JournalError)
        case record(RecordDecodingError, at: RecordPosition)
    }

    package let storage: ShardStorage
    /// What the newest snapshot gave.
    package let restored: RestoreReport
    private let state: Mutex<State>
    /// Of the state, for readers that must not wait while records are applied.
    private let applied: Atomic<RecordPosition>

    fileprivate struct State: ~Copyable {
        var core: ShardCore?
        var feed: (any JournalFeed)?
        var failure: Failure?
        /// Bytes of records behind the snapshot.
        var tailBytes: UInt64 = 0
        var restoredPayments: Int
    }

    /// Reads the newest snapshot that verifies. Blocks.
    package init(
        configuration: ShardConfiguration,
        renderer: any ResponseRenderer,
        storage: ShardStorage
    ) throws(JournalError) {
        var core = ShardCore(configuration: configuration, renderer: renderer)
        restored = try storage.restore(into: &core)
        self.storage = storage
        let payments = core.paymentCount
        applied = Atomic(core.lastPosition)
        state = Mutex(State(core: core, restoredPayments: payments))
    }

    /// The last record applied. Never waits.
    package var position: RecordPosition { applied.load(ordering: .acquiring) }

    /// Bytes and payments behind the snapshot, for the schedule of the next one.
    package var tail: (bytes: UInt64, payments: Int) {
        state.withLock { ($0.tailBytes, ($0.core?.paymentCount ?? 0) - $0.restoredPayments) }
    }

    /// Looks at the state as it is now; nil when it was taken.
    package func inspect<Result: Sendable>(_ body: (borrowing ShardCore) -> Result) -> Result? {
        state.withLock { $0.core == nil ? nil : body($0.core!) }
    }

    // MARK: Records

    /// Applies the record at `position`, as a journal's recovery gives it. After the first failure
    /// it does nothing; `check` throws that failure.
    package func replay(_ bytes: Span<UInt8>, at position: RecordPosition) {
        state.withLock { $0.replay(bytes, at: position, storage) }
        applied.store(position, ordering: .releasing)
    }

    /// Throws the first failure of `replay`. Called when a recovery has given its last record.
    package func check() throws(Failure) {
        try state.withLock { state throws(Failure) in
            if let failure = state.failure { throw failure }
            do throws(JournalError) { try state.checkKeys(storage) } catch { throw .journal(error) }
        }
    }

    /// Opens a feed behind the last record applied. Blocks.
    package func follow(_ store: any JournalStore) throws(Failure) {
        let next = position + 1
        let feed: any JournalFeed
        do throws(JournalError) { feed = try store.feed(from: next) } catch { throw .journal(error) }
        state.withLock { $0.feed = feed }
    }

    /// Applies every record that is durable and was not applied. Blocks.
    package func catchUp() throws(Failure) {
        guard let feed = state.withLock({ $0.feed }) else { return }
        while true {
            let batch: JournalFeedBatch?
            do throws(JournalError) { batch = try feed.read() } catch { throw .journal(error) }
            guard let batch else { return }
            try state.withLock { state throws(Failure) in
                batch.forEach { position, bytes in state.replay(bytes, at: position, storage) }
                if let failure = state.failure { throw failure }
                applied.store(batch.lastPosition, ordering: .releasing)
            }
        }
    }

    /// Closes the feed: the journal need not keep anything for this follower any more.
    package func close() {
        let feed = state.withLock { $0.feed.take() }
        feed?.close()
    }

    /// The state, for the host that owns the shard now. The follower is of no use afterwards.
    package func takeCore() -> ShardCore? {
        close()
        return state.withLock { $0.core.take() }
    }
}

extension ShardFollower.State {
    fileprivate mutating func replay(_ bytes: Span<UInt8>, at position: RecordPosition, _ storage: ShardStorage) {
        guard failure == nil, core != nil else { return }
        tailBytes += UInt64(bytes.count) + 4
        var unreadable: JournalError?
        do throws(RecordDecodingError) {
            try core?.replay(bytes, at: position) { item, before in
                do throws(JournalError) { return try storage.load(item, before: before) } catch {
                    unreadable = error
                    return nil
                }
            }
        } catch {
            failure = unreadable.map { .journal($0) } ?? .record(error, at: position)
            return
        }
        do throws(JournalError) { try makeRoomForKeys(storage) } catch { failure = .journal(error) }
    }

    private mutating func makeRoomForKeys(_ storage: ShardStorage) throws(JournalError) {
        if core?.keysAreDue == true { try storage.makeRoomForKeys(in: &core!) }
    }

    fileprivate mutating func checkKeys(_ storage: ShardStorage) throws(JournalError) {
        if core != nil { try storage.checkKeys(in: core!) }
    }
}
