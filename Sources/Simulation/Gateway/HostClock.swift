/// Nanoseconds by which leases are measured, as one host sees them. All hosts have one clock, which
/// stands still for some of them.
///
/// Proof that `@unchecked Sendable` holds: the replica's setup takes a closure that reads the
/// clock, and a real gateway may call it on any thread. A simulation runs on one thread from its
/// beginning to its end, and its jobs and its loop run there, too.
final class HostClock: @unchecked Sendable {
    private let clock: SimClock
    /// From then on it goes a thousand times more slowly, so that owners need not be looked at
    /// often while a world waits for days.
    private let slowAt: Int64?
    private var standsAt: UInt64?

    /// - Parameter slowAt: nil: it always goes at the same pace.
    init(_ clock: SimClock, slowAt: Int64?) {
        self.clock = clock
        self.slowAt = slowAt
    }

    var now: UInt64 { standsAt ?? running }

    var standsStill: Bool { standsAt != nil }

    func stop() { standsAt = running }

    func goOn() { standsAt = nil }

    private var running: UInt64 {
        guard let slowAt, clock.now > slowAt else { return UInt64(clock.now) * 1_000 }
        return UInt64(slowAt) * 1_000 + UInt64(clock.now - slowAt)
    }
}
