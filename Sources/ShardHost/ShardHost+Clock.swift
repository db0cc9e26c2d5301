import ShardCore

extension ShardHost {
    /// The most milliseconds between the shard's time and the machine's clock while deadlines that
    /// move money are decided.
    package static var clockTolerance: Int64 { ShardClock.tolerance }

    /// How far the shard's time is ahead of the clock that it was given, in milliseconds: that
    /// clock was behind its newest record.
    package var clockAhead: Int64 { clock.ahead }

    /// Whether deadlines that move money wait, because the shard's time is not the machine's.
    package var holdsDeadlines: Bool { !core.isTimeCertain }
}
