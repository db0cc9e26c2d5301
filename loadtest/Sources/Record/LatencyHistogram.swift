import Histogram

/// Latencies in microseconds with three significant digits, up to two minutes; longer ones count as
/// two minutes.
struct LatencyHistogram: Sendable {
    static let highest: UInt64 = 120_000_000

    private(set) var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1,
        highestTrackableValue: LatencyHistogram.highest,
        numberOfSignificantValueDigits: .three
    )

    var count: UInt64 { histogram.totalCount }

    mutating func record(nanoseconds: UInt64) {
        histogram.record(min(nanoseconds / 1_000, Self.highest))
    }

    mutating func add(_ other: LatencyHistogram) { histogram.add(other.histogram) }

    /// Milliseconds; 0 when nothing was recorded.
    func milliseconds(_ percentile: Percentile) -> Double {
        guard count > 0 else { return 0 }
        return Double(histogram.valueAtPercentile(percentile.value)) / 1_000
    }

    var meanMilliseconds: Double { count == 0 ? 0 : histogram.mean / 1_000 }

    /// HdrHistogram's percentile distribution text (`.hgrm`), values in milliseconds, as its
    /// plotter reads it.
    func percentileDistribution() -> String {
        var text = ""
        histogram.outputPercentileDistribution(to: &text, outputValueUnitScalingRatio: 1_000)
        return text
    }
}
