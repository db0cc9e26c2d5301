import Foundation
import Testing

@testable import LoadTest

@Suite struct LatencyHistogramTests {
    private func histogram() -> LatencyHistogram {
        var histogram = LatencyHistogram()
        for value in UInt64(1)...10_000 { histogram.record(nanoseconds: value * 10_000) }
        return histogram
    }

    @Test func `percentiles are within three significant digits`() {
        let histogram = histogram()
        for (percentile, expected) in [(Percentile.p50, 50.0), (.p90, 90), (.p99, 99), (.p99_9, 99.9), (.max, 100)] {
            let value = histogram.milliseconds(percentile)
            #expect(abs(value - expected) / expected < 0.002, "\(percentile): \(value)")
        }
    }

    @Test func `nothing recorded reads as zero`() {
        #expect(LatencyHistogram().milliseconds(.p99) == 0 && LatencyHistogram().meanMilliseconds == 0)
    }

    @Test func `what is longer than two minutes is counted as two minutes`() {
        var histogram = LatencyHistogram()
        histogram.record(nanoseconds: 500_000_000_000)
        #expect(histogram.count == 1)
        #expect(abs(histogram.milliseconds(.max) - 120_000) < 120)
    }

    @Test func `the percentile distribution has HdrHistogram's format`() throws {
        let lines = histogram().percentileDistribution().components(separatedBy: "\n")
        #expect(lines[0].split(separator: " ") == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
        #expect(lines[1].isEmpty)
        let row = /\s*\d+\.\d{3} \d\.\d{12}\s+\d+\s+\d+\.\d{2}/
        let last = /\s*\d+\.\d{3} 1\.0{12}\s+10000/
        let end = try #require(lines.firstIndex { $0.hasPrefix("#[Mean") })
        for line in lines[2..<end - 1] { #expect(line.wholeMatch(of: row) != nil, "\(line)") }
        #expect(lines[end - 1].wholeMatch(of: last) != nil, "\(lines[end - 1])")
        #expect(lines[end].contains("StdDeviation"))
        #expect(lines[end + 1].hasPrefix("#[Max") && lines[end + 1].contains("Total count"))
        #expect(lines[end + 2].hasPrefix("#[Buckets"))
    }

    @Test func `the distribution's counts grow with the percentile`() {
        let counts = histogram().percentileDistribution().components(separatedBy: "\n").dropFirst(2)
            .filter { !$0.hasPrefix("#") && !$0.isEmpty }
            .compactMap { Int($0.split(separator: " ")[2]) }
        #expect(counts.count > 20 && counts == counts.sorted() && counts.last == 10_000)
    }

    @Test func `histograms of loops add up`() {
        var sum = histogram()
        sum.add(histogram())
        #expect(sum.count == 20_000)
    }
}
