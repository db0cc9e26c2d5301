import Time

/// The time of one shard: a clock, but never before the shard's newest record. The clock is behind
/// that record if it was set back, or if the process that wrote the record had a clock that was
/// ahead. Then time goes on from the record at half its pace, until the clock has caught up. So it
/// neither stands still nor stays wrong.
struct ShardClock: Sendable {
    /// The most milliseconds between the shard's time and the machine's clock while deadlines that
    /// move money are decided. The shortest time that decisions rely on is the horizon of a call on
    /// its way, a minute.
    static let tolerance: Int64 = 1_000

    /// Milliseconds since 1970.
    private let clock: @Sendable () -> Int64
    /// What the machine's clock says; nil where the clock is the only one.
    private let machine: (@Sendable () -> Int64)?
    /// What the clock said when the shard began, and the time of its newest record then.
    private let start: Timestamp
    private let newest: Timestamp

    /// - Parameters:
    ///   - clock: milliseconds since 1970, never falling.
    ///   - machine: the machine's clock, which may be set.
    init(
        _ clock: @escaping @Sendable () -> Int64,
        machine: (@Sendable () -> Int64)? = nil,
        notBefore newest: Timestamp
    ) {
        self.clock = clock
        self.machine = machine
        self.newest = newest
        start = Timestamp(milliseconds: clock())
    }

    /// The shard's time. Never falls if the clock does not.
    func callAsFunction() -> Timestamp {
        let time = Timestamp(milliseconds: clock())
        guard newest > start else { return time }
        return max(time, newest.adding(milliseconds: max(0, time.milliseconds(since: start)) / 2))
    }

    /// How far the shard's time is ahead of the clock, in milliseconds.
    var ahead: Int64 { self().milliseconds - clock() }

    /// Whether `now`, which this clock has just said, is what the machine's clock says.
    func isCertain(at now: Timestamp) -> Bool {
        guard let machine else { return true }
        return abs(now.milliseconds - machine()) <= Self.tolerance
    }
}
