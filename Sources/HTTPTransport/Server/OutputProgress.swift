import NIOCore

/// Decides when a peer reads too little to be waited for any longer. While output waits, the socket
/// must take at least `leastBytes` in each window of time. Pure: time and byte counts are
/// arguments.
struct OutputProgress {
    struct Limits {
        /// The length of a window.
        var window: TimeAmount
        /// The fewest bytes that the socket must take in a window while output waits.
        var leastBytes: Int
    }

    enum Verdict: Equatable {
        case goOn
        /// The peer took less than the least progress in a whole window.
        case tooSlow
    }

    private struct Window {
        var start: NIODeadline
        var bytesTaken: Int
    }

    private let limits: Limits
    private var window: Window?

    init(limits: Limits) { self.limits = limits }

    /// - Parameters:
    ///   - bytesTaken: bytes that the socket has taken since the connection began.
    ///   - isWaiting: whether any output waits now.
    mutating func check(now: NIODeadline, bytesTaken: Int, isWaiting: Bool) -> Verdict {
        guard isWaiting else {
            window = nil
            return .goOn
        }
        guard let current = window else {
            window = Window(start: now, bytesTaken: bytesTaken)
            return .goOn
        }
        guard now >= current.start + limits.window else { return .goOn }
        guard bytesTaken - current.bytesTaken >= limits.leastBytes else { return .tooSlow }
        window = Window(start: now, bytesTaken: bytesTaken)
        return .goOn
    }
}
