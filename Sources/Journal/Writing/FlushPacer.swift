/// Decides how long the writer waits before the next flush, so that under load more records share
/// one. A flush costs about 35 us of CPU however little it carries. The calls and answers that it
/// releases are cheaper in larger batches, too.
///
/// The least time between the starts of two flushes, the floor, grows with the load:
/// `nanosecondsPerRecord` for every record of the last `window`, up to a ceiling. So it is short
/// for a few hundred records a second, where a merchant would only wait. At 10,000 records a second
/// it is 2 ms if the ceiling allows it; that saves a fifth of the machine. A nearly idle journal
/// never waits.
struct FlushPacer {
    static let nanosecondsPerRecord: UInt64 = 50_000
    /// Nanoseconds over which the load is taken: tumbling windows, of which the last complete one
    /// counts, too.
    static let window: UInt64 = 4_000_000
    /// With at most this many records in a window there is no floor.
    static let idleRecords = 2

    /// From this many records in a window on, the floor that follows from them is long enough for
    /// one more record: 9 records in 4 ms, and a floor of 450 us.
    static let busyRecords = 9

    /// The most that the floor can be, in nanoseconds; 0 for none ever.
    let ceiling: UInt64
    private var lastStart: UInt64 = 0
    private var windowStart: UInt64 = 0
    private var windowRecords = 0
    private var previousWindowRecords = 0

    init(ceilingNanoseconds: UInt64) { ceiling = ceilingNanoseconds }

    /// The earliest time at which the next flush should start; one that has passed for at once.
    func earliestStart(now: UInt64) -> UInt64 { lastStart + floor(now: now) }

    /// Whether the next record is likely to come before the earliest start of the next flush.
    func expectsRecords(now: UInt64) -> Bool { recentRecords(now: now) >= Self.busyRecords }

    mutating func flushStarted(at now: UInt64, records: Int) {
        lastStart = now
        if now - windowStart >= Self.window {
            previousWindowRecords = now - windowStart < 2 * Self.window ? windowRecords : 0
            windowStart = now
            windowRecords = 0
        }
        windowRecords += records
    }

    /// Records of the last complete window, or of the present one if it has more.
    private func recentRecords(now: UInt64) -> Int {
        // Windows begin with a flush, so one that is long over says that there was none since.
        now - windowStart < 2 * Self.window ? max(windowRecords, previousWindowRecords) : 0
    }

    private func floor(now: UInt64) -> UInt64 {
        let records = recentRecords(now: now)
        guard records > Self.idleRecords else { return 0 }
        return min(ceiling, UInt64(records) * Self.nanosecondsPerRecord)
    }
}
