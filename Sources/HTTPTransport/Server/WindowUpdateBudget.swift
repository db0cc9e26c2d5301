import NIOCore

/// Bounds WINDOW_UPDATE frames, which `NIOHTTP2Handler` does not: each request earns some, and
/// every window of time allows some more. An honest client sends one or two for each answer it
/// reads.
struct WindowUpdateBudget {
    /// What one completed request earns.
    static let perRequest = 8

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

    mutating func requestCompleted() {
        remaining = min(limit, remaining + Self.perRequest)
    }

    /// False when the budget is spent.
    mutating func windowUpdateReceived() -> Bool {
        remaining -= 1
        return remaining >= 0
    }

    mutating func timePassed(now: NIODeadline) {
        guard now >= renewal else { return }
        remaining = limit
        renewal = now + window
    }
}
