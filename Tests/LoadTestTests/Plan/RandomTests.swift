import Testing

@testable import LoadTest

@Suite struct RandomTests {
    @Test func `a seed repeats its numbers`() {
        var first = SplitMix64(seed: 42)
        var second = SplitMix64(seed: 42)
        #expect((0..<100).allSatisfy { _ in first.next() == second.next() })
    }

    @Test func `SplitMix64 gives the published numbers`() {
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test func `numbers stay in their range and reach its ends`() {
        var random = SplitMix64(seed: 1)
        let drawn = (0..<1_000).map { _ in random.next(in: -2...3) }
        #expect(Set(drawn) == [-2, -1, 0, 1, 2, 3])
    }

    @Test func `indices are drawn by weight`() {
        let weighted = WeightedIndex([1, 0, 3, 6])
        var random = SplitMix64(seed: 9)
        var counts = [0, 0, 0, 0]
        for _ in 0..<100_000 { counts[weighted.pick(&random)] += 1 }
        #expect(counts[1] == 0)
        for (index, share) in [(0, 0.1), (2, 0.3), (3, 0.6)] {
            #expect(abs(Double(counts[index]) / 100_000 - share) < 0.01)
        }
    }

    @Test func `Zipf's second merchant gets half of the first one's share`() {
        let weighted = WeightedIndex(zipf: 100, exponent: 1)
        var random = SplitMix64(seed: 9)
        var counts = [Int](repeating: 0, count: 100)
        for _ in 0..<200_000 { counts[weighted.pick(&random)] += 1 }
        #expect(abs(Double(counts[1]) / Double(counts[0]) - 0.5) < 0.03)
        #expect(counts[99] > 0)
    }
}
