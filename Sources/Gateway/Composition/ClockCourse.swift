/// How the gateway's time follows the machine's clock: what is added to the monotonic clock, and
/// how that changes. Pure.
///
/// When somebody sets the machine's clock while the gateway runs, the gateway follows it at half a
/// second a second, forward and back. A shard follows a clock that is behind its newest record in
/// the same way. So the gateway's time never falls, and passes at half to one and a half times the
/// true pace.
struct ClockCourse: Sendable, Equatable {
    /// Less than this between the clocks is the noise of reading them one after the other, in
    /// milliseconds.
    static let noise: Int64 = 20

    /// The most milliseconds between a step of the clock and a sleep that explains it.
    private static let sleepTolerance: Int64 = 1_000

    /// When this course began, on the monotonic clock. Another begins whenever the machine's clock
    /// was set.
    private(set) var since: Int64
    /// What was added to the monotonic clock then, and what is to be added in the end. All in
    /// milliseconds.
    private(set) var from: Int64
    private(set) var to: Int64

    /// - Parameter offset: the machine's clock less the monotonic clock.
    init(monotonic: Int64, offset: Int64) {
        since = monotonic
        from = offset
        to = offset
    }

    init(since: Int64, from: Int64, to: Int64) {
        self.since = since
        self.from = from
        self.to = to
    }

    /// What is added to the monotonic clock then.
    func offset(at monotonic: Int64) -> Int64 {
        let most = max(0, monotonic - since) / 2
        return to >= from ? min(to, from + most) : max(to, from - most)
    }

    /// The gateway's time, in milliseconds since 1970. Never falls if the monotonic clock does not,
    /// whatever courses follow each other.
    func time(at monotonic: Int64) -> Int64 { monotonic + offset(at: monotonic) }

    /// Whether the machine's clock was set, so that a new course is due.
    /// - Parameter offset: the machine's clock less the monotonic clock.
    func differs(fromOffset offset: Int64) -> Bool { abs(offset - to) > Self.noise }

    /// Begins a new course towards the machine's clock, if that was set.
    /// - Parameters:
    ///   - offset: the machine's clock less the monotonic clock.
    ///   - asleep: how long the machine has slept since the last call, by its own count. If its
    ///     clock went on by as much, the clock is right and is followed at once.
    ///   - believed: the longest sleep that is believed.
    mutating func follow(offset: Int64, at monotonic: Int64, asleep: Int64, believed: Int64) {
        guard differs(fromOffset: offset) else { return }
        let step = offset - to
        if asleep > Self.noise, asleep <= believed, abs(step - asleep) <= Self.sleepTolerance {
            self = ClockCourse(since: monotonic, from: self.offset(at: monotonic) + step, to: offset)
        } else {
            self = ClockCourse(since: monotonic, from: self.offset(at: monotonic), to: offset)
        }
    }
}
