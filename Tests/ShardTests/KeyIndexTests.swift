import Payments
import ShardRecords
import Testing

@testable import ShardState

@Suite("The index of idempotency keys")
struct KeyIndexTests {
    /// A slab of entries, an index over it, and a dictionary that says the same.
    private struct World {
        var slab: [IdempotencyTable.Entry] = []
        var index: KeyIndex
        var expected: [KeyDigest: Int] = [:]

        init(capacity: Int) { index = KeyIndex(capacity: capacity) }

        mutating func insert(_ digest: KeyDigest) {
            slab.append(
                IdempotencyTable.Entry(
                    digest: digest,
                    fingerprint: Fingerprint(high: 0, low: 0),
                    value: 0,
                    expiresAt: 0,
                    next: 0,
                    owner: 0,
                    state: .completed
                )
            )
            index.insert(slab.count - 1, of: digest, in: slab)
            expected[digest] = slab.count - 1
        }

        func slot(of digest: KeyDigest) -> Int? {
            var slot = index.home(digest)
            while index[slot] != 0 {
                if slab[Int(index[slot]) - 1].digest == digest { return slot }
                slot = index.after(slot)
            }
            return nil
        }

        mutating func remove(_ digest: KeyDigest) {
            guard let slot = slot(of: digest) else {
                Issue.record("\(digest) is not found")
                return
            }
            index.remove(slot, in: slab)
            expected[digest] = nil
        }

        func check() {
            for (digest, place) in expected {
                let slot = slot(of: digest)
                #expect(slot.map { Int(index[$0]) - 1 } == place, "\(digest)")
                if slot.map({ Int(index[$0]) - 1 }) != place { return }
            }
        }
    }

    @Test(
        "What is inserted is found, what is removed is not, through many divisions",
        arguments: [
            "random", "counted", "same low bits", "same high bits",
        ]
    )
    func model(kind: String) {
        var random = SplitMix(state: 7)
        func digest(_ number: Int) -> KeyDigest {
            switch kind {
            case "counted": KeyDigest(high: 0, low: UInt64(number))
            case "same low bits": KeyDigest(high: UInt64(number), low: 5)
            case "same high bits": KeyDigest(high: 5, low: UInt64(number) << 40)
            default: KeyDigest(high: random.next(), low: random.next())
            }
        }
        var world = World(capacity: 64)
        var digests: [KeyDigest] = []
        for number in 0..<6_000 {
            digests.append(digest(number))
            world.insert(digests[number])
            // A third goes again, the way expiry takes them.
            if number % 3 == 2 { world.remove(digests[number - 2]) }
        }
        world.check()
        for digest in digests where world.expected[digest] == nil { #expect(world.slot(of: digest) == nil) }
        for digest in digests where world.expected[digest] != nil { world.remove(digest) }
        for digest in digests { #expect(world.slot(of: digest) == nil) }
    }

    @Test("The index takes memory as keys come, at most 12 bytes a key and a page")
    func memory() {
        var random = SplitMix(state: 1)
        var world = World(capacity: 1_000_000)
        let empty = world.index.reservedBytes
        #expect(empty < 4_096)
        for _ in 0..<50_000 { world.insert(KeyDigest(high: random.next(), low: random.next())) }
        #expect(world.index.reservedBytes <= 50_000 * 12 + empty)
    }
}
