import Testing

@testable import KeyRuns

@Suite("Filter of a run")
struct FuseFilterTests {
    private func digests(_ count: Int, seed: UInt64) -> [StoredKeyDigest] {
        var random = KeyRandom(seed: seed)
        return (0..<count).map { _ in random.digest() }
    }

    @Test("lets every key of its run through", arguments: [1, 2, 3, 4, 5, 7, 10, 31, 92, 100, 1_000, 4_097, 30_000])
    func noFalseNegatives(count: Int) {
        var builder = FuseFilterBuilder()
        for seed in 1...(count < 100 ? 200 : 3) as ClosedRange<UInt64> {
            let keys = digests(count, seed: seed)
            var fingerprints: [UInt16] = [1, 2, 3]
            let filter = builder.build(keys, appendingTo: &fingerprints)
            #expect(filter.segmentCount > 0, "a filter of \(count) keys, seed \(seed), could not be built")
            #expect(fingerprints.count == 3 + filter.slotCount)
            #expect(keys.allSatisfy { filter.mayContain($0, fingerprints, base: 3) })
        }
    }

    @Test("lets one of 65,536 absent keys through")
    func falsePositives() {
        var builder = FuseFilterBuilder()
        var fingerprints: [UInt16] = []
        let filter = builder.build(digests(20_000, seed: 1), appendingTo: &fingerprints)
        let asked = 1 << 19
        let wrong = digests(asked, seed: 2).filter { filter.mayContain($0, fingerprints, base: 0) }.count
        // Eight are expected. Chance alone gives more than 30 less than once in a hundred million
        // seeds, and the seed is fixed.
        #expect(wrong > 0 && wrong < 30, "\(wrong) of \(asked)")
    }

    @Test("of a full partition takes less than 18.6 bits a key and fits into one chunk")
    func size() {
        let filter = FuseFilter(keyCount: KeyRunFormat.keysPerPartition, seed: 0)
        #expect(Double(filter.slotCount * 16) / Double(KeyRunFormat.keysPerPartition) < 18.6)
        let head = PartitionHead(
            keyCount: KeyRunFormat.keysPerPartition,
            blockCount: KeyRunFormat.blocksPerPartition,
            first: StoredKeyDigest(high: 0, low: 0),
            filter: filter
        )
        #expect(head.chunkBytes < (1 << 20) - 48)
    }

    @Test("is the same for the same keys, whatever was built before")
    func determinism() {
        var used = FuseFilterBuilder()
        var before: [UInt16] = []
        _ = used.build(digests(5_000, seed: 3), appendingTo: &before)
        var first: [UInt16] = []
        var second: [UInt16] = []
        var fresh = FuseFilterBuilder()
        let keys = digests(1_000, seed: 4)
        #expect(used.build(keys, appendingTo: &first) == fresh.build(keys, appendingTo: &second))
        #expect(first == second)
    }

    @Test("tells digests apart that share a half")
    func sharedHalves() {
        var builder = FuseFilterBuilder()
        let keys = (0..<500 as Range<UInt64>).flatMap {
            [StoredKeyDigest(high: 5, low: $0), StoredKeyDigest(high: $0 + 6, low: 5)]
        }
        var fingerprints: [UInt16] = []
        let filter = builder.build(keys, appendingTo: &fingerprints)
        #expect(filter.segmentCount > 0 && keys.allSatisfy { filter.mayContain($0, fingerprints, base: 0) })
    }

    @Test("that cannot be built says maybe to every key")
    func unbuildable() {
        var builder = FuseFilterBuilder(maximumAttempts: 0)
        var fingerprints: [UInt16] = []
        let filter = builder.build(digests(10, seed: 1), appendingTo: &fingerprints)
        #expect(filter == .unknown && fingerprints.isEmpty)
        #expect(digests(100, seed: 2).allSatisfy { filter.mayContain($0, fingerprints, base: 0) })
    }
}
