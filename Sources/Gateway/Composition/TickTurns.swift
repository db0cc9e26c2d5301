/// Which of a loop's shards have their turn at a tick, if not every tick counts for them. The
/// shards take turns, so that a loop does not visit all of them at once. Pure.
struct TickTurns {
    /// Ticks from one turn of a shard to its next.
    static let interval = 4

    private var tick = 0

    func isTurn(of place: Int) -> Bool { place % Self.interval == tick }

    mutating func advance() { tick = (tick + 1) % Self.interval }
}
