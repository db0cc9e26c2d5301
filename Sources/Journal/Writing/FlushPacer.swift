/// Decides how long the writer waits before the next flush, so that under load more records share one. A flush costs about 35 us
/// of CPU however little it carries.
///
/// There is no wait when the journal is nearly idle: the last flush carried at most `idleRecords` and fewer than `busyRecords`
/// went out within one floor's time. The second condition is needed because a fast disk at 10,000 records/s flushes each record
/// alone, so that the size of the last batch would never show the load.
struct FlushPacer {
    static let idleRecords = 2
    static let busyRecords = 8

    let floor: UInt64
    private var lastStart: UInt64 = 0
    private var lastRecords = 0
    /// Tumbling windows of one floor's length.
    private var windowStart: UInt64 = 0
    private var windowRecords = 0
    private var previousWindowRecords = 0

    init(floorNanoseconds: UInt64) { floor = floorNanoseconds }

    /// The earliest time at which the next flush should start; 0 for at once.
    func earliestStart(now: UInt64) -> UInt64 {
        guard floor > 0, isBusy(now: now) else { return 0 }
        return lastStart + floor
    }

    mutating func flushStarted(at now: UInt64, records: Int) {
        lastStart = now
        lastRecords = records
        if now - windowStart >= floor {
            previousWindowRecords = now - windowStart < 2 * floor ? windowRecords : 0
            windowStart = now
            windowRecords = 0
        }
        windowRecords += records
    }

    private func isBusy(now: UInt64) -> Bool {
        if lastRecords > Self.idleRecords { return true }
        let age = now - windowStart
        if age >= 2 * floor { return false }
        return max(windowRecords, previousWindowRecords) >= Self.busyRecords
    }
}
