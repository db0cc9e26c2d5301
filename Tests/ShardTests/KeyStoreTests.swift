import KeyRuns
import Payments
import ShardRecords
import ShardState
import Testing
import Time

@Suite("The store of idempotency keys")
struct KeyStoreTests {
    private static let start: Timestamp = 1_790_000_000_000
    private let merchant = MerchantID(rawValue: 7)

    private func store(requests: Int = 64, events: Int = 64) -> KeyStore {
        KeyStore(requests: requests, events: events, ttlSeconds: 600)
    }

    private func key(_ number: UInt64) -> RequestKey {
        RequestKey(
            digest: KeyDigest(high: number, low: number &* 0x9e37_79b9_7f4a_7c15),
            fingerprint: Fingerprint(high: 0, low: number),
            requestID: RequestID(high: 0, low: number)
        )
    }

    private func lookup(_ number: UInt64, _ store: KeyStore, in table: KeyStore.Table) -> IdempotencyTable.Lookup {
        store.lookup(key(number).digest, key(number).fingerprint, in: table)
    }

    @Test func `a request's key is reserved, bound anew and completed, and waits for a run`() {
        var store = store()
        store.reserve(key(1), operation: 5, of: merchant, at: Self.start)
        #expect(lookup(1, store, in: .requests) == .reserved(operation: 5) && store.completedCount == 0)
        #expect(lookup(1, store, in: .events) == .absent)
        store.rebind(key(1), operation: 6)
        #expect(lookup(1, store, in: .requests) == .reserved(operation: 6))
        store.complete(key(1), record: 9, at: Self.start + 1_000)
        #expect(lookup(1, store, in: .requests) == .completed(record: 9) && store.completedCount == 1)
        let expiresAt = Self.start.seconds + 601
        let taken = store.takeCompleted().all
        #expect(taken == [StoredKey(key(1), record: 9, expiresAt: expiresAt)])
        #expect(store.completedCount == 0 && store.requestCount == 1)
    }

    @Test func `what ends at once is completed in the table that it names`() {
        var store = store()
        store.completeAtOnce(key(1), in: .requests, of: merchant, record: 3, at: Self.start)
        store.completeAtOnce(key(2), in: .events, of: merchant, record: 4, at: Self.start)
        #expect(lookup(1, store, in: .requests) == .completed(record: 3) && lookup(1, store, in: .events) == .absent)
        #expect(lookup(2, store, in: .events) == .completed(record: 4) && lookup(2, store, in: .requests) == .absent)
        #expect(store.requestCount == 1 && store.eventCount == 1)
        let taken = store.takeCompleted().all
        #expect(taken.map(\.record) == [3, 4])
    }

    @Test func `requests that fill their table leave events their room`() {
        var store = store(events: 2)
        var number: UInt64 = 0
        while !store.isFull(.requests) {
            number += 1
            store.reserve(key(number), operation: number, of: merchant, at: Self.start)
        }
        #expect(number == 64 && !store.hasRoom(for: merchant, in: .requests))
        #expect(!store.isFull(.events) && store.hasRoom(for: merchant, in: .events))
        for event in 100...101 as ClosedRange<UInt64> {
            store.completeAtOnce(key(event), in: .events, of: merchant, record: event, at: Self.start)
        }
        #expect(store.isFull(.events))
    }

    @Test func `a limit of the process counts where it is the least`() {
        var store = store()
        for number in 1...4 as ClosedRange<UInt64> {
            store.reserve(key(number), operation: number, of: merchant, at: Self.start)
        }
        #expect(store.hasRoom(for: merchant, in: .requests) && !store.hasRoom(for: merchant, in: .requests, of: 4))
    }

    @Test func `a run is due when half of what fits into a table waits for it`() {
        var store = store(requests: 64, events: 4)
        #expect(!store.isRunDue(isProcessShort: true), "there is nothing to write")
        for number in 1...31 as ClosedRange<UInt64> {
            store.completeAtOnce(key(number), in: .requests, of: merchant, record: number, at: Self.start)
        }
        #expect(!store.isRunDue(isProcessShort: false) && store.isRunDue(isProcessShort: true))
        var busy = store
        busy.completeAtOnce(key(32), in: .requests, of: merchant, record: 32, at: Self.start)
        #expect(busy.isRunDue(isProcessShort: false))
        for number in 40...41 as ClosedRange<UInt64> {
            store.completeAtOnce(key(number), in: .events, of: merchant, record: number, at: Self.start)
        }
        #expect(store.isRunDue(isProcessShort: false))
    }

    @Test func `keys that got into no run come before those completed since`() {
        var store = store()
        store.completeAtOnce(key(1), in: .requests, of: merchant, record: 1, at: Self.start)
        let taken = store.takeCompleted()
        store.completeAtOnce(key(2), in: .requests, of: merchant, record: 2, at: Self.start)
        store.putBack(taken)
        let all = store.takeCompleted().all
        #expect(all.map(\.record) == [1, 2])
    }

    @Test func `replay finds no room in a full table whose keys no run holds`() throws {
        var store = store(requests: 2, events: 1)
        try store.makeRoom(in: .requests)
        for number in 1...2 as ClosedRange<UInt64> {
            store.completeAtOnce(key(number), in: .requests, of: merchant, record: number, at: Self.start)
        }
        let full = RecordDecodingError.idempotencyTableFull(capacity: 2)
        #expect(throws: full) { try store.makeRoom(in: .requests) }
        try store.makeRoom(in: .events)
        store.expire(at: Self.start + 602_000, limit: .max)
        try store.makeRoom(in: .requests)
        #expect(store.requestCount == 0)
    }

    @Test func `a snapshot's operation reserves its key once`() throws {
        var store = store(requests: 2)
        try store.restore(key(1), operation: 5, of: merchant, at: Self.start)
        #expect(lookup(1, store, in: .requests) == .reserved(operation: 5))
        #expect(throws: RecordDecodingError.invalidValue) {
            try store.restore(key(1), operation: 6, of: merchant, at: Self.start)
        }
        try store.restore(key(2), operation: 6, of: merchant, at: Self.start)
        #expect(throws: RecordDecodingError.idempotencyTableFull(capacity: 2)) {
            try store.restore(key(3), operation: 7, of: merchant, at: Self.start)
        }
    }
}
