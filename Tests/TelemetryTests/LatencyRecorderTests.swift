import Histogram
import Testing

@testable import Telemetry

@Suite struct LatencyRecorderTests {
    @Test func `percentiles are within one per cent`() {
        let recorder = LatencyRecorder()
        for value in 1...100_000 as ClosedRange<UInt64> { recorder.record(microseconds: value) }
        let snapshot = recorder.snapshot()
        #expect(snapshot.count == 100_000)
        #expect(snapshot.sumMicroseconds == 5_000_050_000)
        for percentile in [1, 25, 50, 90, 99, 99.9, 100] {
            let exact = percentile * 1_000
            #expect(abs(Double(snapshot.microseconds(atPercentile: percentile)) - exact) <= exact * 0.01 + 1)
        }
    }

    @Test func `values outside of the range count as its ends`() {
        let recorder = LatencyRecorder()
        recorder.record(microseconds: 0)
        recorder.record(microseconds: .max)
        let snapshot = recorder.snapshot()
        #expect(snapshot.count == 2)
        #expect(snapshot.sumMicroseconds == 60_000_001)
        #expect(snapshot.cumulativeCounts(upTo: [1, 1_000, 70_000_000]) == [1, 1, 2])
    }

    @Test func `a snapshot is a copy`() {
        let recorder = LatencyRecorder()
        recorder.record(microseconds: 5)
        let first = recorder.snapshot()
        recorder.record(microseconds: 6)
        #expect(first.count == 1 && recorder.snapshot().count == 2)
        #expect(LatencyRecorder().snapshot().microseconds(atPercentile: 99) == 0)
    }

    @Test func `merged snapshots are as if one recorder had seen it all`() {
        let (left, right, whole) = (LatencyRecorder(), LatencyRecorder(), LatencyRecorder())
        for value in 1...20_000 as ClosedRange<UInt64> {
            let microseconds = value * value % 60_000_000
            (value.isMultiple(of: 3) ? left : right).record(microseconds: microseconds)
            whole.record(microseconds: microseconds)
        }
        var merged = left.snapshot()
        merged.merge(right.snapshot())
        let expected = whole.snapshot()
        #expect(merged.count == expected.count && merged.sumMicroseconds == expected.sumMicroseconds)
        let bounds = PrometheusText.bounds.map(\.microseconds)
        #expect(merged.cumulativeCounts(upTo: bounds) == expected.cumulativeCounts(upTo: bounds))
        #expect(merged.microseconds(atPercentile: 99) == expected.microseconds(atPercentile: 99))
    }

    @Test func `cumulative counts are exact up to the histogram's precision`() {
        let recorder = LatencyRecorder()
        for value in 1...200_000 as ClosedRange<UInt64> { recorder.record(microseconds: value) }
        let bounds: [UInt64] = [100, 250, 1_000, 10_000, 100_000, 200_000, 60_000_000]
        let counts = recorder.snapshot().cumulativeCounts(upTo: bounds)
        for (bound, count) in zip(bounds, counts) {
            let exact = Double(min(bound, 200_000))
            #expect(abs(Double(count) - exact) <= exact * 0.01 + 1, "\(bound): \(count)")
        }
        #expect(counts.last == 200_000)
    }
}
