import Glibc

/// The calendar's time, for the tools that need it.
enum WallClock {
    /// Seconds since 1970.
    static func seconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec)
    }
}
