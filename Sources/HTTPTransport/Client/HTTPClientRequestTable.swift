/// The requests of one pool that have no result yet, in a flat array. It has a queue for each
/// caller: a doubly linked list through the entries. So a deadline takes a request out of the
/// middle in constant time.
///
/// Callers take turns. The next turn goes to the next caller that has a request waiting and may
/// have one more in flight. Its oldest request is sent. So a caller with a long queue delays
/// another's request by one of its own.
///
/// Invariant: `0 ≤ queuedCount ≤ count ≤ maximum`, and the lists have exactly `queuedCount`
/// entries.
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
        var caller: UInt16
        var place: Place
    }

    /// What one caller has in the table.
    private struct Caller {
        var firstQueued = HTTPClientRequestTable.none
        var lastQueued = HTTPClientRequestTable.none
        var queued = 0
        /// With a connection.
        var inFlight = 0
    }

    private static let none: Int32 = -1

    private var entries: [Entry] = []
    private var firstFree = Self.none
    private var callers: [Caller]
    /// The caller that had the last turn.
    private var turn = 0
    private(set) var count = 0
    private(set) var queuedCount = 0
    /// With a connection.
    private(set) var inFlightCount = 0
    let maximum: Int
    private let limits: HTTPClientConfiguration.Sharing

    init(maximum: Int, sharing: HTTPClientConfiguration.Sharing = .init()) {
        precondition(maximum > 0 && maximum < Int(Int32.max), "slots are numbered by Int32")
        self.maximum = maximum
        limits = sharing
        callers = Array(repeating: Caller(), count: sharing.callers)
    }

    /// Room for one more request. The callers' own limits (queue, streams) are tighter, so this
    /// only backs them up.
    var isFull: Bool { count == maximum }

    /// Whether one more request of the caller may go to a connection.
    func maySend(_ caller: Int) -> Bool {
        inFlightCount < limits.maxInFlight && callers[caller].inFlight < limits.maxInFlightPerCaller
    }

    /// Requests of one caller that wait.
    func queuedCount(of caller: Int) -> Int { callers[caller].queued }

    mutating func insert(token: UInt64, caller: Int = 0) -> Int32 {
        precondition(!isFull, "the limits on queue and streams keep the table below its maximum")
        count += 1
        guard firstFree != Self.none else {
            entries.append(
                Entry(
                    token: token,
                    generation: 0,
                    next: Self.none,
                    previous: Self.none,
                    caller: UInt16(caller),
                    place: .free
                )
            )
            return Int32(entries.count - 1)
        }
        let slot = firstFree
        firstFree = entries[Int(slot)].next
        assert(entries[Int(slot)].place == .free)
        entries[Int(slot)].token = token
        entries[Int(slot)].caller = UInt16(caller)
        entries[Int(slot)].next = Self.none
        return slot
    }

    /// Frees the slot and returns its token.
    mutating func remove(_ slot: Int32) -> UInt64 {
        switch entries[Int(slot)].place {
        case .free: break
        case .queued: unlink(slot)
        case .assigned, .inFlight:
            callers[Int(entries[Int(slot)].caller)].inFlight -= 1
            inFlightCount -= 1
        }
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
        let caller = Int(entries[Int(slot)].caller)
        if entries[Int(slot)].place == .queued {
            unlink(slot)
            turn = caller
        }
        callers[caller].inFlight += 1
        inFlightCount += 1
        entries[Int(slot)].place = .assigned(connection)
    }

    mutating func sent(_ slot: Int32, on connection: HTTPClientConnectionID, stream: UInt32) {
        assert(entries[Int(slot)].place == .assigned(connection))
        entries[Int(slot)].place = .inFlight(connection, stream: stream)
    }

    mutating func enqueue(_ slot: Int32) {
        let caller = Int(entries[Int(slot)].caller)
        let last = callers[caller].lastQueued
        entries[Int(slot)].place = .queued
        entries[Int(slot)].next = Self.none
        entries[Int(slot)].previous = last
        if last == Self.none {
            callers[caller].firstQueued = slot
        } else {
            entries[Int(last)].next = slot
        }
        callers[caller].lastQueued = slot
        callers[caller].queued += 1
        queuedCount += 1
    }

    /// The waiting request that goes to a connection next; nil where none waits that may.
    var nextToSend: Int32? {
        guard queuedCount > 0, inFlightCount < limits.maxInFlight else { return nil }
        var caller = turn
        for _ in callers.indices {
            caller = caller + 1 < callers.count ? caller + 1 : 0
            if callers[caller].queued > 0, callers[caller].inFlight < limits.maxInFlightPerCaller {
                return callers[caller].firstQueued
            }
        }
        return nil
    }

    /// The caller's request that has waited longest.
    func oldestQueued(of caller: Int) -> Int32? {
        let first = callers[caller].firstQueued
        return first == Self.none ? nil : first
    }

    func queued(after slot: Int32) -> Int32? {
        let next = entries[Int(slot)].next
        return next == Self.none ? nil : next
    }

    private mutating func unlink(_ slot: Int32) {
        let caller = Int(entries[Int(slot)].caller)
        let (previous, next) = (entries[Int(slot)].previous, entries[Int(slot)].next)
        if previous == Self.none { callers[caller].firstQueued = next } else { entries[Int(previous)].next = next }
        if next == Self.none { callers[caller].lastQueued = previous } else { entries[Int(next)].previous = previous }
        entries[Int(slot)].next = Self.none
        entries[Int(slot)].previous = Self.none
        callers[caller].queued -= 1
        queuedCount -= 1
        assert(
            callers[caller].queued >= 0 && (callers[caller].queued == 0) == (callers[caller].firstQueued == Self.none)
        )
    }
}
