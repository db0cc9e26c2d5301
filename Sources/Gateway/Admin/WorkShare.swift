import Synchronization

/// Lets work take a share of a loop's time at most: after each piece it waits seven times as long
/// as the piece took.
struct WorkShare {
    static let rests: UInt64 = 7

    /// The clock at which the next piece may begin, in nanoseconds.
    private var earliest: UInt64 = 0

    /// How long to wait before the next piece.
    func wait(at now: UInt64) -> UInt64 { earliest > now ? earliest - now : 0 }

    /// A piece took so long and has just ended.
    mutating func spent(_ nanoseconds: UInt64, at now: UInt64) {
        earliest = max(earliest, now) + nanoseconds * Self.rests
    }
}

/// The share of the loops' time that all answers to operators have together. However many ask at
/// once, merchants' requests find the loops free for seven eighths of the time.
final class AdminPace: Sendable {
    private let share = Mutex(WorkShare())
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    private var now: UInt64 { UInt64((clock.now - start) / .nanoseconds(1)) }

    /// Waits for the turn.
    func turn() async throws {
        while true {
            let wait = share.withLock { $0.wait(at: now) }
            if wait == 0 { return }
            try await Task.sleep(for: .nanoseconds(Int64(wait)), clock: clock)
        }
    }

    func spent(_ time: Duration) {
        share.withLock { $0.spent(UInt64(max(0, time / .nanoseconds(1))), at: now) }
    }
}
