import NIOCore

/// Bounds what costs a peer little to send, such as the frames of a kind. Every window of time
/// allows some, and good requests may allow more.
struct FrameBudget {
    private let limit: Int
    private let window: TimeAmount
    private var remaining: Int
    private var renewal: NIODeadline

    init(limit: HTTPServerConfiguration.RateLimit, now: NIODeadline) {
        self.limit = limit.count
        window = limit.window
        remaining = limit.count
        renewal = now + limit.window
    }

    /// Never above the limit of a window.
    mutating func earn(_ count: Int) {
        remaining = min(limit, remaining + count)
    }

    /// False when the budget is spent.
    mutating func spend(_ count: Int = 1) -> Bool {
        remaining -= count
        return remaining >= 0
    }

    mutating func timePassed(now: NIODeadline) {
        guard now >= renewal else { return }
        remaining = limit
        renewal = now + window
    }
}
