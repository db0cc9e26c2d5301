import Journal
import ShardModel
import Testing

@testable import KeyRuns

/// Random steps, compared with a dictionary.
@Suite("Runs against a dictionary")
struct KeyRunPropertyTests {
    @Test("add, merge, restart, time", arguments: 1...6 as ClosedRange<UInt64>)
    func randomSteps(seed: UInt64) throws {
        let ttl: UInt32 = 1_000
        let policy = KeyRunPolicy(ttlSeconds: ttl, maximumRuns: 5 + Int(seed % 4), maximumMerged: 2 + Int(seed % 7))
        var bench = try KeyBench(isEncrypted: seed % 3 == 0, policy: policy)
        var random = KeyRandom(seed: seed)
        var model: [StoredKeyDigest: StoredKey] = [:]
        var now: UInt32 = 1_000_000
        var record: RecordPosition = 0
        var merges = 0
        for _ in 0..<60 {
            switch random.next() % 8 {
            case 0...3:
                var keys: [StoredKey] = []
                for _ in 0..<random.next() % 120 {
                    record += 1
                    var key = random.key(record: record, expiresAt: now + ttl - UInt32(random.next() % 50))
                    // Sometimes a key that was known before. A key that is completed later is
                    // forgotten later.
                    if random.next() % 8 == 0, let known = model.values.randomElement(using: &random) {
                        key.digest = known.digest
                        key.expiresAt = max(key.expiresAt, known.expiresAt)
                    }
                    keys.append(key)
                    model[key.digest] = key
                }
                record += 1
                _ = try bench.store.add(keys, coveringUpTo: record, at: now)
            case 4...5: if try bench.store.merge(at: now) != nil { merges += 1 }
            case 6: try bench.restart(on: bench.disk.afterPowerLoss(), requiring: bench.store.current.covered)
            default: now += UInt32(random.next() % 200)
            }
            let set = bench.store.current
            for key in model.values {
                let expected: KeyRunSet.Found = key.isRemembered(at: now) ? .held(key) : .absent
                let found = try set.find(key.digest, at: now).found
                #expect(found == expected)
                #expect(found == .absent || set.mayContain(key.digest))
            }
            for _ in 0..<20 { #expect(try set.find(random.digest(), at: now).found == .absent) }
        }
        _ = try bench.store.current.verify()
        #expect(merges > 0)
    }
}
