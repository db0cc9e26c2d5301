package import Histogram

/// Latencies of one event loop: an HDR histogram of fixed range, 1 us to 60 s with two significant
/// digits (11 KB), that never grows; `record` costs about 5 ns and does not allocate.
///
/// Owned by its loop. It is a final class, so that recording changes it in place. It is not
/// `Sendable`, so that no other loop can use it. `snapshot()` leaves the loop as a value.
package final class LatencyRecorder {
    package static let lowestMicroseconds: UInt64 = 1
    package static let highestMicroseconds: UInt64 = 60_000_000

    private var latencies = LatencySnapshot()

    package init() {}

    /// Records one latency. Values outside of the range count as its nearest end; their exact sum
    /// is lost.
    package func record(microseconds: UInt64) {
        latencies.record(microseconds: microseconds)
    }

    /// A copy of everything recorded since the start (metrics are cumulative; their reader takes
    /// differences). The next `record` after it copies the counts (11 KB) once.
    package func snapshot() -> LatencySnapshot { latencies }
}

/// A copy of a recorder's state, mergeable with those of other loops.
package struct LatencySnapshot: Sendable {
    /// Counts by microseconds, for percentiles.
    package private(set) var histogram: Histogram<UInt32>
    /// The sum of all recorded (clamped) values.
    package private(set) var sumMicroseconds: UInt64 = 0

    package init() {
        histogram = Histogram<UInt32>(
            lowestDiscernibleValue: LatencyRecorder.lowestMicroseconds,
            highestTrackableValue: LatencyRecorder.highestMicroseconds,
            numberOfSignificantValueDigits: .two
        )
        assert(!histogram.autoResize, "the range is fixed")
    }

    /// Adds latencies that were counted elsewhere in coarser buckets: `count` values of about
    /// `microseconds` each. `addSum` adds their sum, which is known more exactly than the buckets
    /// tell.
    package mutating func add(count: UInt64, near microseconds: UInt64) {
        guard count > 0 else { return }
        let clamped = min(max(microseconds, LatencyRecorder.lowestMicroseconds), LatencyRecorder.highestMicroseconds)
        let isRecorded = histogram.record(clamped, count: UInt32(clamping: count))
        assert(isRecorded, "clamped values are in range")
    }

    /// The exact sum of values that were counted by `add(count:near:)`.
    package mutating func addSum(microseconds: UInt64) {
        sumMicroseconds &+= microseconds
    }

    /// The number of recorded values.
    package var count: UInt64 { histogram.totalCount }

    /// Adds another recorder's values.
    package mutating func merge(_ other: LatencySnapshot) {
        histogram.add(other.histogram)
        sumMicroseconds &+= other.sumMicroseconds
    }

    /// The value that `percentile` (0...100) per cent of the recorded ones do not exceed, within
    /// 1%. Takes a walk over the counts: for reports, not for the loop.
    package func microseconds(atPercentile percentile: Double) -> UInt64 {
        count == 0 ? 0 : histogram.valueAtPercentile(percentile)
    }

    /// How many recorded values are at most each of `bounds` (microseconds, ascending), within the
    /// histogram's 1%: a value counts by the middle of its bucket.
    package func cumulativeCounts(upTo bounds: [UInt64]) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: bounds.count)
        for step in histogram.recordedValues() {
            let middle = histogram.medianEquivalentForValue(step.value)
            guard let index = bounds.firstIndex(where: { middle <= $0 }) else { continue }
            counts[index] += UInt64(step.count)
        }
        for index in counts.indices.dropFirst() { counts[index] += counts[index - 1] }
        return counts
    }

    mutating func record(microseconds: UInt64) {
        let clamped = min(max(microseconds, LatencyRecorder.lowestMicroseconds), LatencyRecorder.highestMicroseconds)
        let isRecorded = histogram.record(clamped)
        assert(isRecorded, "clamped values are in range")
        sumMicroseconds &+= clamped
    }
}
