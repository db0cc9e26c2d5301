package import Journal
import Synchronization

/// A journal in memory, for tests of what stands on journals: simple where the local one is fast.
/// What a kill leaves is what was flushed.
package final class MemoryJournal: JournalStore {
    /// Faults that a test plants, to show that the checks find them.
    package enum Fault: Sendable {
        case none
        case twoOwners
        case feedShowsUndurable
        case floorIgnored
        case cursorInMemoryOnly
        case tellsZombie
    }

    struct Record: Sendable {
        let bytes: [UInt8]
        let epoch: UInt64
    }

    struct Disk: Sendable {
        var records: [RecordPosition: Record] = [:]
        var durable: RecordPosition = 0
        var first: RecordPosition = 1
        var epoch: UInt64 = 0
        var cursors: [JournalCursorName: RecordPosition] = [:]
    }

    struct Lease {
        let holder: String
        let epoch: UInt64
        let nanoseconds: UInt64
        var end: UInt64
        let owner: any JournalOwner
    }

    struct Waiting {
        var next: RecordPosition
        var wake: (@Sendable () -> Void)?
    }

    struct State {
        var disk: Disk
        var last: RecordPosition
        var lease: Lease?
        var now: UInt64 = 0
        var feeds: [ObjectIdentifier: Waiting] = [:]
        var isStalled = false
        var isClosed = false
    }

    let state: Mutex<State>
    let fault: Fault

    init(_ disk: Disk, fault: Fault = .none) {
        state = Mutex(State(disk: disk, last: disk.durable))
        self.fault = fault
    }

    var disk: Disk { state.withLock { $0.disk } }

    package var durablePosition: RecordPosition { state.withLock { $0.disk.durable } }

    // MARK: Owners

    package func acquire(
        _ claim: JournalClaim,
        owner: any JournalOwner
    ) throws(JournalError) -> any JournalEngine {
        flush()
        let fault = self.fault
        let (epoch, former) = try state.withLock { state throws(JournalError) in
            try state.checkIsOpen()
            state.now = max(state.now, claim.now)
            if let lease = state.lease, lease.holder != claim.holder, state.now < lease.end, fault != .twoOwners {
                throw JournalError(.fenced, "held by \(lease.holder)")
            }
            let former = state.lease?.owner
            state.disk.epoch += 1
            state.last = state.disk.durable
            state.lease = Lease(
                holder: claim.holder,
                epoch: state.disk.epoch,
                nanoseconds: claim.nanoseconds,
                end: MemoryJournal.end(state.now, claim.nanoseconds),
                owner: owner
            )
            return (state.disk.epoch, former)
        }
        former?.journalLost(JournalError(.fenced, "another owner has the journal, with epoch \(epoch)"))
        if fault == .tellsZombie { former?.journalLost(JournalError(.fenced, "told again")) }
        return MemoryOwnedJournal(self, epoch)
    }

    static func end(_ now: UInt64, _ nanoseconds: UInt64) -> UInt64 {
        now.addingReportingOverflow(nanoseconds).overflow ? .max : now + nanoseconds
    }

    // MARK: The disk

    func stall() { state.withLock { $0.isStalled = true } }

    func release() {
        state.withLock { $0.isStalled = false }
        flush()
    }

    /// Makes durable what was appended, and tells it.
    func flush() {
        let (owner, position, wakes) = state.withLock {
            state -> ((any JournalOwner)?, RecordPosition, [@Sendable () -> Void]) in
            guard !state.isStalled, !state.isClosed, state.last > state.disk.durable else { return (nil, 0, []) }
            state.disk.durable = state.last
            return (state.lease?.owner, state.last, state.takeWakes(all: false))
        }
        owner?.journalDurable(upTo: position)
        for wake in wakes { wake() }
    }

    /// Forgets records up to a position, but for those that a feed or a cursor needs.
    func forget(upTo position: RecordPosition) {
        let fault = self.fault
        state.withLock { state in
            let floors = state.feeds.values.map(\.next) + state.disk.cursors.values.map { $0 + 1 }
            let floor = fault == .floorIgnored ? .max : floors.min() ?? .max
            while state.disk.first <= min(position, floor - 1) {
                state.disk.records[state.disk.first] = nil
                state.disk.first += 1
            }
        }
    }

    package func close() {
        flush()
        let wakes = state.withLock { state in
            state.isClosed = true
            state.lease = nil
            return state.takeWakes(all: true)
        }
        for wake in wakes { wake() }
    }

    // MARK: Cursors

    package func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try state.withLock { state throws(JournalError) in
            if state.disk.cursors[name] != nil { throw JournalError(.exists, "cursor \(name)") }
            guard position <= state.disk.durable, position + 1 >= state.disk.first else {
                throw JournalError(.notFound, "record \(position)")
            }
            guard state.disk.cursors.count < JournalLimits.cursors else { throw JournalError(.limit, "cursors") }
            state.disk.cursors[name] = position
        }
    }

    package func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        try state.withLock { state throws(JournalError) in
            guard let before = state.disk.cursors[name], position <= state.disk.durable else {
                throw JournalError(.notFound, "cursor \(name), record \(position)")
            }
            state.disk.cursors[name] = max(before, position)
        }
    }

    package func deleteCursor(_ name: JournalCursorName) throws(JournalError) {
        try state.withLock { state throws(JournalError) in
            guard state.disk.cursors.removeValue(forKey: name) != nil else {
                throw JournalError(.notFound, "cursor \(name)")
            }
        }
    }

    package var cursors: [JournalCursor] {
        state.withLock { state in
            state.disk.cursors.sorted { $0.key < $1.key }.map { name, position in
                let lag = (position + 1..<state.disk.durable + 1).map { state.disk.records[$0]?.bytes.count ?? 0 }
                return JournalCursor(
                    name: name,
                    position: position,
                    lagRecords: UInt64(lag.count),
                    lagBytes: UInt64(lag.reduce(0, +)),
                    isAlarmed: false
                )
            }
        }
    }

    package func feed(from position: RecordPosition) throws(JournalError) -> any JournalFeed {
        let feed = MemoryFeed(self, position)
        try state.withLock { state throws(JournalError) in
            try state.checkIsOpen()
            guard position >= state.disk.first else { throw JournalError(.notFound, "record \(position)") }
            guard state.feeds.count < JournalLimits.feeds else { throw JournalError(.limit, "feeds") }
            state.feeds[ObjectIdentifier(feed)] = Waiting(next: position)
        }
        return feed
    }
}

extension MemoryJournal.State {
    func checkIsOpen() throws(JournalError) {
        if isClosed { throw JournalError(.fenced, "the journal is closed") }
    }

    mutating func takeWakes(all: Bool) -> [@Sendable () -> Void] {
        var wakes: [@Sendable () -> Void] = []
        for (id, feed) in feeds where all || feed.next <= disk.durable {
            guard let wake = feed.wake else { continue }
            wakes.append(wake)
            feeds[id]?.wake = nil
        }
        return wakes
    }
}

/// The journal as one owner has it.
final class MemoryOwnedJournal: JournalEngine {
    private let store: MemoryJournal
    let epoch: UInt64

    init(_ store: MemoryJournal, _ epoch: UInt64) {
        self.store = store
        self.epoch = epoch
    }

    var lastPosition: RecordPosition { store.state.withLock { $0.last } }

    var largestAppendBytes: Int { 64 << 10 }

    var isOwner: Bool {
        store.state.withLock { $0.lease.map { $0.epoch == epoch } ?? true } || store.fault == .twoOwners
    }

    func renew(at now: UInt64) throws(JournalError) -> UInt64 {
        try owned { state in
            state.now = max(state.now, now)
            let end = MemoryJournal.end(state.now, state.lease?.nanoseconds ?? 0)
            state.lease?.end = end
            return end
        }
    }

    func confirm() throws(JournalError) { try owned { _ in } }

    func append(records: borrowing [UInt8], count: Int, expecting: RecordPosition, epoch: UInt64) throws(JournalError) {
        let framed = copy records
        try owned(epoch) { state throws(JournalError) in
            guard expecting == state.last else { throw JournalError(.fenced, "the last record is \(state.last)") }
            let waiting = (state.disk.durable + 1..<state.last + 1).reduce(0) { sum, position in
                sum + 4 + (state.disk.records[position]?.bytes.count ?? 0)
            }
            guard waiting + framed.count <= largestAppendBytes else { throw JournalError(.backlog, "full") }
            var offset = 0
            while offset < framed.count {
                let length = (0..<4).reduce(0) { $0 | Int(framed[offset + $1]) << ($1 * 8) }
                state.last += 1
                let bytes = Array(framed[offset + 4..<offset + 4 + length])
                state.disk.records[state.last] = MemoryJournal.Record(bytes: bytes, epoch: epoch)
                offset += 4 + length
            }
        }
    }

    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        try store.state.withLock { state throws(JournalError) in
            guard position <= state.disk.durable, let record = state.disk.records[position] else {
                throw JournalError(.notFound, "record \(position)")
            }
            return record.bytes
        }
    }

    func close() {
        store.flush()
        store.state.withLock { if $0.lease?.epoch == epoch { $0.lease = nil } }
    }

    private func owned<Value>(
        _ given: UInt64? = nil,
        _ body: (inout MemoryJournal.State) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        let isLax = store.fault == .twoOwners
        return try store.state.withLock { state throws(JournalError) in
            try state.checkIsOpen()
            guard isLax || (state.lease?.epoch == epoch && given ?? epoch == epoch) else {
                throw JournalError(.fenced, "epoch \(given ?? epoch) does not own the journal")
            }
            return try body(&state)
        }
    }
}

final class MemoryFeed: JournalFeed {
    private let store: MemoryJournal
    private let position: Mutex<RecordPosition>

    init(_ store: MemoryJournal, _ position: RecordPosition) {
        self.store = store
        self.position = Mutex(position)
    }

    deinit { close() }

    var next: RecordPosition { position.withLock { $0 } }

    func read() throws(JournalError) -> JournalFeedBatch? {
        let next = self.next
        let showsAll = store.fault == .feedShowsUndurable
        let batch = try store.state.withLock { state throws(JournalError) -> JournalFeedBatch? in
            try state.checkIsOpen()
            guard next <= (showsAll ? state.last : state.disk.durable) else { return nil }
            guard let record = state.disk.records[next] else { throw JournalError(.notFound, "record \(next)") }
            state.feeds[ObjectIdentifier(self)]?.next = next + 1
            return JournalFeedBatch(
                firstPosition: next,
                epoch: record.epoch,
                payload: record.bytes,
                records: [0..<record.bytes.count]
            )
        }
        if let batch { position.withLock { $0 = batch.lastPosition + 1 } }
        return batch
    }

    func whenMore(_ wake: @escaping @Sendable () -> Void) {
        let next = self.next
        let isReady = store.state.withLock { state in
            if next <= state.disk.durable || state.isClosed { return true }
            state.feeds[ObjectIdentifier(self)]?.wake = wake
            return false
        }
        if isReady { wake() }
    }

    func close() { store.state.withLock { $0.feeds[ObjectIdentifier(self)] = nil } }
}
