import Testing

@testable import KeyRuns

@Suite("When runs are merged")
struct KeyRunPolicyTests {
    private func summary(_ number: UInt64, _ count: UInt64, expiries: ClosedRange<UInt32>) -> KeyRunSummary {
        KeyRunSummary(
            number: number,
            count: count,
            firstRecord: number,
            lastRecord: number,
            firstExpiry: expiries.lowerBound,
            lastExpiry: expiries.upperBound
        )
    }

    /// Days in which a run comes every quarter of an hour, merged and dropped as the store does it.
    private func live(
        _ policy: KeyRunPolicy,
        ttl: UInt32,
        interval: UInt32
    ) -> (writes: Double, held: Double, runs: Int) {
        var runs: [KeyRunSummary] = []
        var number: UInt64 = 0
        var written: UInt64 = 0
        var added: UInt64 = 0
        var held: UInt64 = 0
        var most = 0
        for second in stride(from: UInt32(0), to: 3 * ttl, by: Int(interval)) {
            number += 1
            runs.removeAll { $0.isForgotten(at: second) }
            runs.append(summary(number, 1_000, expiries: second + ttl - interval...second + ttl))
            if second >= ttl { added += 1_000 }
            while let range = policy.nextMerge(runs) {
                let count = runs[range].reduce(0) { $0 + $1.count }
                let expiries = (runs[range].map(\.firstExpiry).min() ?? 0)...(runs[range].map(\.lastExpiry).max() ?? 0)
                number += 1
                runs.replaceSubrange(range, with: [summary(number, count, expiries: expiries)])
                if second >= ttl { written += count }
            }
            held = max(held, runs.reduce(0) { $0 + $1.count })
            most = max(most, runs.count)
        }
        let day = UInt64(ttl / interval) * 1_000
        return (Double(written + added) / Double(added), Double(held) / Double(day), most)
    }

    @Test("a day of quarter hours: at most 8 runs, each key written about four times, forgotten keys a quarter at most")
    func aDay() {
        let figures = live(KeyRunPolicy(ttlSeconds: 86_400), ttl: 86_400, interval: 900)
        #expect(figures.runs <= 8)
        #expect(figures.writes < 4.5, "\(figures.writes)")
        #expect(figures.held < 1.27, "\(figures.held)")
    }

    @Test("a month of quarter hours: the same bounds, and each key is written a dozen times")
    func aMonth() {
        let figures = live(KeyRunPolicy(ttlSeconds: 31 * 86_400), ttl: 31 * 86_400, interval: 900)
        #expect(figures.runs <= 8)
        #expect(figures.writes < 13, "\(figures.writes)")
        #expect(figures.held < 1.27, "\(figures.held)")
    }

    @Test("few runs are left alone")
    func few() {
        let policy = KeyRunPolicy(ttlSeconds: 86_400)
        #expect(policy.nextMerge([]) == nil)
        let runs = (1...8).map { summary(UInt64($0), 10, expiries: UInt32($0)...UInt32($0)) }
        #expect(policy.nextMerge(runs) == nil)
        #expect(policy.nextMerge(runs + [summary(9, 10, expiries: 9...9)]) == 0..<8)
    }

    @Test("where no two fit into a window, the two smallest neighbours are merged")
    func overWindow() {
        let policy = KeyRunPolicy(ttlSeconds: 400)
        let counts: [UInt64] = [50, 40, 30, 20, 5, 7, 30, 40, 50]
        let runs = counts.enumerated().map {
            summary(
                UInt64($0.offset + 1),
                $0.element,
                expiries: UInt32($0.offset * 1_000)...UInt32($0.offset * 1_000 + 60)
            )
        }
        #expect(policy.nextMerge(runs) == 4..<6)
    }

    @Test("no more are merged in one go than allowed")
    func mergedAtOnce() {
        let policy = KeyRunPolicy(ttlSeconds: 86_400, maximumRuns: 5, maximumMerged: 3)
        let runs = (1...20).map { summary(UInt64($0), 10, expiries: 5...6) }
        #expect(policy.nextMerge(runs)?.count == 3)
    }
}
