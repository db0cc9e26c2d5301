import Journal
import ShardModel
import Testing

@testable import KeyRuns

@Suite("Runs of completed keys")
struct KeyRunStoreTests {
    private let now: UInt32 = 1_000_000
    private var later: UInt32 { now + KeyBench.ttl }

    @Test("A key that was added is found with all it holds, another is not", arguments: [false, true])
    func roundTrip(isEncrypted: Bool) throws {
        var bench = try KeyBench(isEncrypted: isEncrypted)
        var random = KeyRandom(seed: 1)
        // More than two blocks, and a last one that is not full.
        let keys = random.keys(1...200, expiresAt: later)
        let set = try bench.store.add(keys, coveringUpTo: 250, at: now)
        #expect(set.covered == 250)
        for key in keys {
            #expect(set.mayContain(key.digest))
            #expect(try set.find(key.digest, at: now) == (.held(key), 1))
        }
        #expect(try set.find(random.digest(), at: now).found == .absent)
        #expect(set.occupancy.runs == 1 && set.occupancy.keys == 200)
        #expect(bench.files == ["000000000001.filter", "000000000001.keys", "catalogue"])

        try bench.restart(on: bench.disk.afterPowerLoss(), requiring: 250)
        for key in keys { #expect(try bench.store.current.find(key.digest, at: now).found == .held(key)) }
        #expect(try bench.store.current.verify() == 200)
        #expect(bench.store.current.occupancy == set.occupancy)
    }

    @Test("Memory for a key is below 20 bits, and an absent key is read for less than once in a hundred look-ups")
    func memoryAndReads() throws {
        let bench = try KeyBench()
        var random = KeyRandom(seed: 2)
        let set = try bench.store.add(random.keys(1...60_000, expiresAt: later), coveringUpTo: 60_000, at: now)
        #expect(set.occupancy.memoryBytes * 8 < 60_000 * 21, "\(set.occupancy.memoryBytes)")
        var reads = 0
        for _ in 0..<20_000 { reads += try set.find(random.digest(), at: now).reads }
        #expect(reads < 200, "\(reads)")
    }

    @Test("Keys whose digests share the upper half are found across blocks")
    func sharedUpperHalves() throws {
        let bench = try KeyBench()
        var random = KeyRandom(seed: 3)
        var keys = random.keys(1...300, expiresAt: later)
        for place in keys.indices { keys[place].digest = StoredKeyDigest(high: 9, low: UInt64(place) * 2) }
        let set = try bench.store.add(keys, coveringUpTo: 300, at: now)
        for key in keys { #expect(try set.find(key.digest, at: now).found == .held(key)) }
        for place in 0..<300 {
            let between = StoredKeyDigest(high: 9, low: UInt64(place) * 2 + 1)
            #expect(try set.find(between, at: now).found == .absent)
        }
    }

    @Test("An expired key is absent although its run lives, and a run is dropped with its last key")
    func expiry() throws {
        let bench = try KeyBench()
        var random = KeyRandom(seed: 4)
        let early = random.key(record: 1, expiresAt: now + 100)
        let late = random.key(record: 2, expiresAt: now + 200)
        let set = try bench.store.add([early, late], coveringUpTo: 2, at: now)
        #expect(try set.find(early.digest, at: now + 99).found == .held(early))
        #expect(try set.find(early.digest, at: now + 100).found == .absent)
        #expect(try set.find(late.digest, at: now + 199).found == .held(late))

        let same = try bench.store.add([], coveringUpTo: 3, at: now + 199)
        #expect(same.occupancy.runs == 1 && same.covered == 2)
        let none = try bench.store.add([], coveringUpTo: 4, at: now + 200)
        #expect(none.occupancy.runs == 0 && none.covered == 2)
        #expect(bench.files == ["catalogue"])
        #expect(bench.store.statistics.droppedRuns == 1)
    }

    @Test("Keys that are forgotten already, or in a run already, are not written again")
    func leftOut() throws {
        let bench = try KeyBench()
        var random = KeyRandom(seed: 5)
        let first = random.keys(1...10, expiresAt: later)
        _ = try bench.store.add(first, coveringUpTo: 10, at: now)
        let second = random.keys(11...20, expiresAt: later)
        let forgotten = random.key(record: 21, expiresAt: now)
        let set = try bench.store.add(first + second + [forgotten], coveringUpTo: 21, at: now)
        #expect(set.occupancy.runs == 2 && set.occupancy.keys == 20 && set.covered == 21)
    }

    @Test("A key that was completed again is what the later record says, in one run and across runs")
    func completedAgain() throws {
        let bench = try KeyBench(policy: KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5))
        var random = KeyRandom(seed: 6)
        var key = random.key(record: 1, expiresAt: later)
        var again = key
        again.record = 2
        again.expiresAt += 5
        var set = try bench.store.add([again, key], coveringUpTo: 2, at: now)
        #expect(try set.find(key.digest, at: now).found == .held(again))
        for record in 3...7 as ClosedRange<RecordPosition> {
            key = again
            key.record = record
            key.expiresAt += UInt32(record)
            set = try bench.store.add([key], coveringUpTo: record, at: now)
            #expect(try set.find(key.digest, at: now).found == .held(key))
        }
        let merged = try #require(try bench.store.merge(at: now))
        #expect(try merged.find(key.digest, at: now).found == .held(key))
        #expect(merged.occupancy.keys == 1)
    }

    @Test("A merge keeps every key that is remembered, drops the rest, and readers of the old runs go on")
    func merge() throws {
        let bench = try KeyBench(policy: KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5))
        var random = KeyRandom(seed: 7)
        var keys: [StoredKey] = []
        for round in 0..<6 as Range<UInt64> {
            let batch = (1...150).map { random.key(record: round * 150 + $0, expiresAt: now + UInt32($0)) }
            keys += batch
            _ = try bench.store.add(batch, coveringUpTo: round * 150 + 150, at: now)
        }
        let before = bench.store.current
        #expect(bench.store.needsMerge)
        let after = try #require(try bench.store.merge(at: now + 50))
        #expect(!bench.store.needsMerge)
        #expect(try bench.store.merge(at: now + 50) == nil)
        #expect(after.occupancy.runs == 1 && after.occupancy.keys == 600 && after.covered == 900)
        #expect(bench.files == ["000000000007.filter", "000000000007.keys", "catalogue"])
        for key in keys {
            let expected: KeyRunSet.Found = key.isRemembered(at: now + 50) ? .held(key) : .absent
            #expect(try after.find(key.digest, at: now + 50).found == expected)
            #expect(try before.find(key.digest, at: now + 50).found == expected)
        }
        #expect(try after.verify() == 600)
    }

    @Test("Keys are added and runs dropped while a merge is under way")
    func addDuringMerge() throws {
        let bench = try KeyBench(policy: KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5))
        var random = KeyRandom(seed: 8)
        var keys: [StoredKey] = []
        for record in 1...6 as ClosedRange<RecordPosition> {
            let key = random.key(record: record, expiresAt: record == 1 ? now + 10 : later)
            keys.append(key)
            _ = try bench.store.add([key], coveringUpTo: record, at: now)
        }
        let extra = random.key(record: 7, expiresAt: later)
        var hasAdded = false
        var failure: (any Error)?
        let after = try bench.store.merge(at: now) { _ in
            guard !hasAdded else { return true }
            hasAdded = true
            do {
                // A second merge must not start, and the first run's time passes.
                if try bench.store.merge(at: now) != nil { Issue.record("two merges at once") }
                _ = try bench.store.add([extra], coveringUpTo: 7, at: now + 20)
            } catch { failure = error }
            return true
        }
        #expect(hasAdded && failure == nil)
        let set = try #require(after)
        for key in keys.dropFirst() + [extra] { #expect(try set.find(key.digest, at: now + 20).found == .held(key)) }
        #expect(set.covered == 7 && set.occupancy.runs == 2)
    }

    @Test("A merge that is ended changes nothing and leaves no file")
    func endedMerge() throws {
        let bench = try KeyBench(policy: KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5))
        var random = KeyRandom(seed: 9)
        for record in 1...6 as ClosedRange<RecordPosition> {
            _ = try bench.store.add(random.keys(record...record, expiresAt: later), coveringUpTo: record, at: now)
        }
        let files = bench.files
        let error = #expect(throws: JournalError.self) { _ = try bench.store.merge(at: now) { _ in false } }
        #expect(error?.code == .fenced)
        #expect(bench.files == files && bench.store.current.occupancy.runs == 6)
        #expect(try bench.store.merge(at: now) != nil)
    }

    @Test("Too many runs that no merge made fewer: keys are refused and nothing changes")
    func backlog() throws {
        let policy = KeyRunPolicy(ttlSeconds: KeyBench.ttl, maximumRuns: 5, refusedRuns: 6)
        let bench = try KeyBench(policy: policy)
        var random = KeyRandom(seed: 10)
        for record in 1...6 as ClosedRange<RecordPosition> {
            _ = try bench.store.add(random.keys(record...record, expiresAt: later), coveringUpTo: record, at: now)
        }
        let key = random.key(record: 7, expiresAt: later)
        let error = #expect(throws: JournalError.self) {
            _ = try bench.store.add([key], coveringUpTo: 7, at: now)
        }
        #expect(error?.code == .backlog)
        _ = try bench.store.merge(at: now)
        let set = try bench.store.add([key], coveringUpTo: 7, at: now)
        #expect(try set.find(key.digest, at: now).found == .held(key))
    }
}
