/// The requests of one pool that have no result yet, in a flat array, and among them the queue: a doubly linked list
/// through the entries, so that a deadline takes a request out of the middle in constant time.
///
/// Invariant: `0 ≤ queuedCount ≤ count ≤ maximum`, and the list has exactly `queuedCount` entries.
struct HTTPClientRequestTable {
    enum Place: Equatable {
        case free
        case queued
        case assigned(HTTPClientConnectionID)
        case inFlight(HTTPClientConnectionID, stream: UInt32)
    }

    private struct Entry {
        var token: UInt64
        /// Tells a reused slot from its predecessor, in timers that fire late.
        var generation: UInt32
        /// The list of free slots, or the queue.
        var next: Int32
        var previous: Int32
        var place: Place
    }

    private static let none: Int32 = -1

    private var entries: [Entry] = []
    private var firstFree = Self.none
    private var firstQueued = Self.none
    private var lastQueued = Self.none
    private(set) var count = 0
    private(set) var queuedCount = 0
    let maximum: Int

    init(maximum: Int) {
        precondition(maximum > 0 && maximum < Int(Int32.max), "slots are numbered by Int32")
        self.maximum = maximum
    }

    /// Room for one more request. The callers' own limits (queue, streams) are tighter, so this only backs them up.
    var isFull: Bool { count == maximum }

    mutating func insert(token: UInt64) -> Int32 {
        precondition(!isFull, "the limits on queue and streams keep the table below its maximum")
        count += 1
        guard firstFree != Self.none else {
            entries.append(
                Entry(token: token, generation: 0, next: Self.none, previous: Self.none, place: .free)
            )
            return Int32(entries.count - 1)
        }
        let slot = firstFree
        firstFree = entries[Int(slot)].next
        assert(entries[Int(slot)].place == .free)
        entries[Int(slot)].token = token
        entries[Int(slot)].next = Self.none
        return slot
    }

    /// Frees the slot and returns its token.
    mutating func remove(_ slot: Int32) -> UInt64 {
        if entries[Int(slot)].place == .queued { unlink(slot) }
        entries[Int(slot)].place = .free
        entries[Int(slot)].generation &+= 1
        entries[Int(slot)].next = firstFree
        firstFree = slot
        count -= 1
        return entries[Int(slot)].token
    }

    func place(of slot: Int32) -> Place { entries[Int(slot)].place }

    func generation(of slot: Int32) -> UInt32 { entries[Int(slot)].generation }

    mutating func assign(_ slot: Int32, to connection: HTTPClientConnectionID) {
        if entries[Int(slot)].place == .queued { unlink(slot) }
        entries[Int(slot)].place = .assigned(connection)
    }

    mutating func sent(_ slot: Int32, on connection: HTTPClientConnectionID, stream: UInt32) {
        assert(entries[Int(slot)].place == .assigned(connection))
        entries[Int(slot)].place = .inFlight(connection, stream: stream)
    }

    mutating func enqueue(_ slot: Int32) {
        entries[Int(slot)].place = .queued
        entries[Int(slot)].next = Self.none
        entries[Int(slot)].previous = lastQueued
        if lastQueued == Self.none {
            firstQueued = slot
        } else {
            entries[Int(lastQueued)].next = slot
        }
        lastQueued = slot
        queuedCount += 1
    }

    /// The request that has waited longest.
    var oldestQueued: Int32? { firstQueued == Self.none ? nil : firstQueued }

    func queued(after slot: Int32) -> Int32? {
        let next = entries[Int(slot)].next
        return next == Self.none ? nil : next
    }

    private mutating func unlink(_ slot: Int32) {
        let (previous, next) = (entries[Int(slot)].previous, entries[Int(slot)].next)
        if previous == Self.none { firstQueued = next } else { entries[Int(previous)].next = next }
        if next == Self.none { lastQueued = previous } else { entries[Int(next)].previous = previous }
        entries[Int(slot)].next = Self.none
        entries[Int(slot)].previous = Self.none
        queuedCount -= 1
        assert(queuedCount >= 0 && (queuedCount == 0) == (firstQueued == Self.none))
    }
}
