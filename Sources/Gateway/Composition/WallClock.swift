import CoreFoundation
import Glibc

/// The time of day as the shards see it: the wall clock at the start of the process, carried on by the monotonic clock, so
/// that a wall clock that is set forward or back moves no deadline. Read once per batch and passed down; nothing below the
/// composition root has a clock of its own.
enum WallClock {
    /// Milliseconds since 1970.
    @Sendable static func milliseconds() -> Int64 { monotonic() + offset }

    /// What the machine's clock says now; it may have been set since the process began. Milliseconds since 1970.
    @Sendable static func machine() -> Int64 { read(CLOCK_REALTIME) }

    private static let offset = read(CLOCK_REALTIME) - monotonic()

    private static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
