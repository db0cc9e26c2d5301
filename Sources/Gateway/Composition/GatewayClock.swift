import CMillrace
import ShardHost
import Synchronization

/// The clocks of the machine that the gateway's time is made from, in milliseconds. Tests set them.
struct MachineClock: Sendable {
    /// Never goes back, and stands still while the machine sleeps.
    var monotonic: @Sendable () -> Int64
    /// How long the machine has slept since it was started, by its own count.
    var asleep: @Sendable () -> Int64
    /// The time of day since 1970, which NTP or an operator may set at any time.
    var wall: @Sendable () -> Int64

    static let system = MachineClock(
        monotonic: { read(MILLRACE_CLOCK_MONOTONIC) },
        asleep: { read(MILLRACE_CLOCK_SINCE_BOOT) - read(MILLRACE_CLOCK_MONOTONIC) },
        wall: { read(MILLRACE_CLOCK_WALL) }
    )

    private static func read(_ clock: millrace_clock) -> Int64 {
        millrace_clock_milliseconds(Int32(clock.rawValue))
    }
}

/// The time of day as the shards see it. It begins as the machine's clock at the start, and the
/// monotonic clock carries it on. When the machine's clock is set, it follows slowly
/// (`ClockCourse`). Nothing below the composition root has a clock of its own.
///
/// Every loop reads it for every batch, so it takes no lock. A writer counts `changes` up before
/// and after it stores the course. A reader that finds an odd or another count reads again.
final class GatewayClock: Sendable {
    /// How often the machine's clock is looked at, in milliseconds.
    static let interval: Int64 = 1_000
    /// The most milliseconds between the gateway's time and the machine's clock while deadlines
    /// that move money are decided; as the shards have it (`ShardClock.tolerance`).
    static let tolerance: Int64 = ShardHost.clockTolerance

    let machine: MachineClock
    /// The longest sleep of the machine that is believed at once, in milliseconds.
    private let believedSleep: Int64
    /// Odd while the course changes. Readers wait for that, so it changes only with the course.
    let changes = Atomic<UInt64>(0)
    private let since: Atomic<Int64>
    private let from: Atomic<Int64>
    private let to: Atomic<Int64>
    /// What the machine had slept when its clock was last looked at. Held by the one that changes
    /// the course.
    private let slept: Mutex<Int64>

    init(_ machine: MachineClock, believedSleep: Int64) {
        self.machine = machine
        self.believedSleep = believedSleep
        let monotonic = machine.monotonic()
        let course = ClockCourse(monotonic: monotonic, offset: machine.wall() - monotonic)
        since = Atomic(course.since)
        from = Atomic(course.from)
        to = Atomic(course.to)
        slept = Mutex(machine.asleep())
    }

    /// Milliseconds since 1970; never falls.
    func milliseconds() -> Int64 {
        while true {
            let before = changes.load(ordering: .acquiring)
            let course = ClockCourse(
                since: since.load(ordering: .acquiring),
                from: from.load(ordering: .acquiring),
                to: to.load(ordering: .acquiring)
            )
            let monotonic = machine.monotonic()
            if before & 1 == 0, changes.load(ordering: .acquiring) == before { return course.time(at: monotonic) }
        }
    }

    /// The machine's clock, in seconds since 1970.
    var wallSeconds: Int64 { machine.wall() / 1_000 }

    /// The gateway's time less the machine's clock, in milliseconds.
    var error: Int64 { milliseconds() - machine.wall() }

    /// Begins a new course when the machine's clock was set; call about once a second.
    func follow() {
        slept.withLock { slept in
            let asleep = machine.asleep()
            var course = ClockCourse(
                since: since.load(ordering: .relaxed),
                from: from.load(ordering: .relaxed),
                to: to.load(ordering: .relaxed)
            )
            defer { slept = asleep }
            let before = machine.monotonic()
            guard course.differs(fromOffset: machine.wall() - before) else { return }
            changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
            let monotonic = machine.monotonic()
            course.follow(
                offset: machine.wall() - monotonic,
                at: monotonic,
                asleep: asleep - slept,
                believed: believedSleep
            )
            since.store(course.since, ordering: .releasing)
            from.store(course.from, ordering: .releasing)
            to.store(course.to, ordering: .releasing)
            changes.wrappingAdd(1, ordering: .releasing)
        }
    }
}
