import Testing

@testable import Journal

@Suite struct FlushPacerTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let start = 50 * millisecond

    /// A pacer after a second of `records` in every flush, one each `interval` nanoseconds.
    private func pacer(records: Int, every interval: UInt64, ceiling: UInt64 = 2 * millisecond) -> (FlushPacer, UInt64)
    {
        var pacer = FlushPacer(ceilingNanoseconds: ceiling)
        var now = Self.start
        while now < Self.start + 1_000 * Self.millisecond {
            pacer.flushStarted(at: now, records: records)
            now += interval
        }
        return (pacer, now - interval)
    }

    @Test func `idle journal flushes at once`() {
        var pacer = FlushPacer(ceilingNanoseconds: 2 * Self.millisecond)
        #expect(pacer.earliestStart(now: Self.start) < Self.start)
        pacer.flushStarted(at: Self.start, records: 2)
        #expect(pacer.earliestStart(now: Self.start + 100) <= Self.start + 100)
    }

    @Test(arguments: [(1, 1, 0.2), (1, 5, 1.0), (2, 20, 2.0), (1, 100, 2.0)])
    func `the floor grows with the load up to its ceiling`(_ milliseconds: UInt64, _ records: Int, _ floor: Double) {
        let (pacer, last) = pacer(records: records, every: milliseconds * Self.millisecond)
        #expect(pacer.earliestStart(now: last + 100) == last + UInt64(floor * Double(Self.millisecond)))
    }

    @Test func `many small batches are as much load as few large ones`() {
        let (small, last) = pacer(records: 1, every: Self.millisecond / 5)
        let (large, end) = pacer(records: 5, every: Self.millisecond)
        #expect(small.earliestStart(now: last + 100) - last == large.earliestStart(now: end + 100) - end)
    }

    @Test func `a burst after a pause is flushed at once`() {
        let (pacer, last) = pacer(records: 20, every: Self.millisecond)
        let later = last + 8 * Self.millisecond
        #expect(pacer.earliestStart(now: later) <= later)
    }

    @Test func `what follows a burst waits at most for the ceiling`() {
        var pacer = FlushPacer(ceilingNanoseconds: 3 * Self.millisecond)
        pacer.flushStarted(at: Self.start, records: 10_000)
        #expect(pacer.earliestStart(now: Self.start + 100) == Self.start + 3 * Self.millisecond)
    }

    @Test(arguments: [(1, 2, false), (1, 3, true), (4, 8, false), (4, 9, true)])
    func `records are expected before the floor ends from 9 in a window on`(
        _ milliseconds: UInt64,
        _ records: Int,
        _ isExpected: Bool
    ) {
        let (pacer, last) = pacer(records: records, every: milliseconds * Self.millisecond)
        #expect(pacer.expectsRecords(now: last + 100) == isExpected)
    }

    @Test func `nothing is expected after a pause`() {
        let (pacer, last) = pacer(records: 20, every: Self.millisecond)
        #expect(!pacer.expectsRecords(now: last + 8 * Self.millisecond))
    }

    @Test func `ceiling of zero never waits`() {
        let (pacer, last) = pacer(records: 100, every: Self.millisecond, ceiling: 0)
        #expect(pacer.earliestStart(now: last) <= last)
    }
}
