import Testing

@testable import Journal

@Suite struct FlushPacerTests {
    @Test func `idle journal flushes at once`() {
        var pacer = FlushPacer(floorNanoseconds: 1_000)
        #expect(pacer.earliestStart(now: 50_000) == 0)
        pacer.flushStarted(at: 50_000, records: 2)
        #expect(pacer.earliestStart(now: 50_100) == 0)
    }

    @Test func `batch of more than two records makes the next one wait for the floor`() {
        var pacer = FlushPacer(floorNanoseconds: 1_000)
        pacer.flushStarted(at: 50_000, records: 3)
        #expect(pacer.earliestStart(now: 50_100) == 51_000)
        pacer.flushStarted(at: 51_000, records: 1)
        #expect(pacer.earliestStart(now: 51_100) == 0)
    }

    @Test func `many small batches within one floor's time are load`() {
        var pacer = FlushPacer(floorNanoseconds: 1_000)
        for step in 0..<7 { pacer.flushStarted(at: 50_000 + UInt64(step) * 100, records: 1) }
        #expect(pacer.earliestStart(now: 50_650) == 0)
        pacer.flushStarted(at: 50_700, records: 1)
        #expect(pacer.earliestStart(now: 50_750) == 51_700)
        #expect(pacer.earliestStart(now: 53_000) == 0)
    }

    @Test func `floor of zero never waits`() {
        var pacer = FlushPacer(floorNanoseconds: 0)
        pacer.flushStarted(at: 50_000, records: 100)
        #expect(pacer.earliestStart(now: 50_001) == 0)
    }
}
