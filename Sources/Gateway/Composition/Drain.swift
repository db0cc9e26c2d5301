import NIOCore

/// When the parts of a drain end.
struct DrainTimes {
    /// Until then everything is served as before, while `/readyz` says that the gateway stops.
    let lameDuckEnds: NIODeadline
    /// Then what is still open is cut off.
    let ends: NIODeadline

    init(lameDuck: TimeAmount, timeout: TimeAmount, at now: NIODeadline) {
        lameDuckEnds = now + lameDuck
        ends = lameDuckEnds + timeout
    }
}

/// Asks again and again until something is so.
enum Poll {
    static let interval = Duration.milliseconds(10)

    /// - Returns: false when `deadline` came first.
    static func until(_ deadline: NIODeadline, _ condition: () async -> Bool) async -> Bool {
        while true {
            if await condition() { return true }
            guard NIODeadline.now() < deadline else { return false }
            do { try await Task.sleep(for: interval) } catch { return false }
        }
    }
}
