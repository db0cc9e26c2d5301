package import Payments
package import Time
import Timers

/// The deadlines of a shard. It holds the operations that wait for their next step, in ticks
/// of 8 ms. It holds the payments whose deadline is near, by second.
package struct DeadlineQueue {
    /// A tick of operations, in milliseconds.
    package static let tickMilliseconds: Int64 = 8

    /// One timer at most for each operation. Recovered operations may exceed the configured
    /// capacity.
    private static let timerCapacity = 1 << 22

    private var timers = TimerWheel(maximumTimers: timerCapacity)
    /// The tokens of the operations that the last `advance` found due.
    package private(set) var dueOperations: [UInt64] = []
    private var payments = PaymentDeadlines()
    private var sweep = DeadlineSweep()

    package init() { dueOperations.reserveCapacity(256) }

    // MARK: Operations

    /// The tick that a time falls into.
    private static func tick(at time: Timestamp) -> UInt64 { UInt64(max(0, time.milliseconds / tickMilliseconds)) }

    /// A replayed shard goes on at `now`.
    /// - Precondition: no operation waits.
    package mutating func start(at now: Timestamp) {
        precondition(timers.count == 0, "a shard resumes once, after replay")
        timers = TimerWheel(currentTick: Self.tick(at: now), maximumTimers: Self.timerCapacity)
    }

    /// The operation with the token is due at `time`, and never earlier.
    package mutating func add(operation token: UInt64, at time: Timestamp) {
        // Rounded up: a timer never fires early.
        let tick = Self.tick(at: time.adding(milliseconds: Self.tickMilliseconds - 1))
        let handle = timers.insert(deadline: tick, payload: token)
        precondition(handle != nil, "more operations in flight than the timer wheel was built for")
    }

    /// Time passes: `dueOperations` are the operations that are due.
    package mutating func advance(to now: Timestamp) {
        dueOperations.removeAll(keepingCapacity: true)
        timers.advance(to: Self.tick(at: now), into: &dueOperations)
    }

    /// Whether an operation waits, or payments that were due are left: then every tick counts.
    package var needsTick: Bool { timers.count > 0 || hasMorePayments }

    // MARK: Payments

    /// Deadlines of payments nearer than this are waited for one by one, in milliseconds; the sweep
    /// finds the others in time.
    package static let horizon: Int64 = 3_600_000

    /// The most payments that one tick changes.
    private static let dueLimit = 256

    /// Whether the last tick may have left payments that were due.
    private var hasMorePayments = false

    /// Looks at a payment at `time` or up to a second later, unless it is waiting already;
    /// `always`: also then.
    package mutating func add(_ payment: Index<Payment>, at time: Timestamp, always: Bool = false) {
        payments.add(payment, at: time, always: always)
    }

    /// Takes out the payments that are due. Bounded; the others are due the next time.
    package mutating func takePayments(dueAt now: Timestamp) -> [Index<Payment>] {
        var due: [Index<Payment>] = []
        if payments.count > 0 { payments.advance(to: now, limit: Self.dueLimit, into: &due) }
        hasMorePayments = due.count >= Self.dueLimit
        return due
    }

    /// How many chunks of the payments in memory are to be swept now.
    /// - Parameter chunkCount: how many chunks there are.
    package mutating func chunksToSweep(at now: Timestamp, of chunkCount: Int) -> Int {
        sweep.begin(at: now, of: chunkCount)
    }

    /// The next chunk to sweep, from 0; after the last comes the first.
    package mutating func nextChunkToSweep(of chunkCount: Int) -> Int { sweep.next(of: chunkCount) }
}
