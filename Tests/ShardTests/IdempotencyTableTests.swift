import Payments
import ShardRecords
import ShardState
import Testing
import Time

@Suite("The idempotency table")
struct IdempotencyTableTests {
    private static let start: Timestamp = 1_790_000_000_000
    private let merchant = MerchantID(rawValue: 7)

    @Test("takes at most 64 bytes for each key of its capacity, and 4 for each second of its time to live")
    func memory() {
        var table = IdempotencyTable(capacity: 1 << 16, ttlSeconds: 86_400)
        let seconds = 86_403 * 4
        #expect(table.reservedBytes <= (1 << 16) * 8 + seconds, "an empty table has no entries")
        for key in 0..<1 << 16 as Range<UInt64> {
            let digest = KeyDigest(high: key, low: key &* 0x9E37_79B9_7F4A_7C15)
            let fingerprint = Fingerprint(high: 0, low: key)
            let isReserved = table.reserve(digest, fingerprint, operation: key, of: merchant, at: Self.start)
            #expect(isReserved)
        }
        #expect(table.isFull)
        #expect(table.reservedBytes <= (1 << 16) * 64 + seconds)
    }

    @Test("agrees with a dictionary under random reserving, completing and expiring", arguments: 1...8)
    func agreesWithModel(seed: UInt64) {
        var random = SplitMix(state: seed)
        var table = IdempotencyTable(capacity: 512, ttlSeconds: 120)
        var model: [UInt64: (fingerprint: UInt64, value: UInt64, completed: Bool, expires: Int64)] = [:]
        var now = Self.start
        for step in 0..<20_000 as Range<UInt64> {
            // Few distinct low bits: long runs of neighbours in the index.
            let key = random.next() % 700
            let digest = KeyDigest(high: key, low: key * 3 % 64)
            switch random.next() % 4 {
            case 0, 1:
                let found = table.lookup(digest, Fingerprint(high: 0, low: key))
                guard let known = model[key] else {
                    #expect(found == .absent)
                    let reserved = table.reserve(
                        digest,
                        Fingerprint(high: 0, low: key),
                        operation: step,
                        of: merchant,
                        at: now
                    )
                    #expect(reserved == (model.count < 512))
                    if reserved { model[key] = (key, step, false, now.milliseconds / 1000 + 120) }
                    continue
                }
                #expect(
                    found == (known.completed ? .completed(record: known.value) : .reserved(operation: known.value))
                )
                #expect(table.lookup(digest, Fingerprint(high: 1, low: key)) == .mismatch)
            case 2:
                guard let known = model[key], !known.completed else { continue }
                table.complete(digest, record: step, at: now)
                model[key] = (key, step, true, max(known.expires, now.milliseconds / 1000 + 120))
            default:
                now += Int64(random.next() % 3_000)
                table.expire(at: now)
                for (key, known) in model where known.completed && known.expires <= now.milliseconds / 1000 {
                    if table.lookup(KeyDigest(high: key, low: key * 3 % 64), Fingerprint(high: 0, low: key)) == .absent
                    {
                        model[key] = nil
                    }
                }
            }
            #expect(table.count == model.count)
        }
    }

    @Test("forgets every completed key in the end, and none that is reserved")
    func expiry() {
        var table = IdempotencyTable(capacity: 8_192, ttlSeconds: 600)
        for key in 0..<8_000 as Range<UInt64> {
            let digest = KeyDigest(high: key, low: key &* 0x9e37_79b9_7f4a_7c15)
            let reserved = table.reserve(
                digest,
                Fingerprint(high: 0, low: 0),
                operation: key,
                of: merchant,
                at: Self.start
            )
            #expect(reserved)
            if key % 10 != 0 { table.complete(digest, record: key, at: Self.start) }
        }
        table.expire(at: Self.start + 599_000)
        #expect(table.count == 8_000)
        for second in 0..<100 as Range<Int64> { table.expire(at: Self.start + 602_000 + second * 1_000) }
        #expect(table.count == 800)
    }

    @Test("lets go of completed keys that a run holds, a bounded number at a time, and of no others")
    func release() {
        var table = IdempotencyTable(capacity: 8_192, ttlSeconds: 600)
        func digest(_ key: UInt64) -> KeyDigest { KeyDigest(high: key, low: key &* 0x9e37_79b9_7f4a_7c15) }
        let print = Fingerprint(high: 0, low: 0)
        for key in 1...5_000 as ClosedRange<UInt64> {
            let now = Self.start + Int64(key) * 10
            let reserved = table.reserve(digest(key), print, operation: key, of: merchant, at: now)
            #expect(reserved)
            if key % 10 != 0 { table.complete(digest(key), record: key, at: now) }
        }
        var calls = 1
        while !table.release(upTo: 3_000, limit: 500) { calls += 1 }
        #expect(calls >= 5 && table.count == 5_000 - 2_700)
        for key in 1...5_000 as ClosedRange<UInt64> {
            let expected: IdempotencyTable.Lookup =
                key % 10 == 0 ? .reserved(operation: key) : key <= 3_000 ? .absent : .completed(record: key)
            #expect(table.lookup(digest(key), print) == expected)
        }
        let isDone = table.release(upTo: 3_000, limit: 1)
        #expect(isDone, "nothing new is to be let go")
        for second in 0..<100 as Range<Int64> { table.expire(at: Self.start + 660_000 + second * 1_000) }
        #expect(table.count == 500, "what is left expires as before")
    }

    @Test("one merchant fills its share and leaves room for another")
    func share() {
        var table = IdempotencyTable(capacity: 64, ttlSeconds: 600)
        let other = MerchantID(rawValue: 8)
        let print = Fingerprint(high: 0, low: 0)
        var keys: UInt64 = 0
        while table.hasRoom(for: merchant) {
            keys += 1
            let reserved = table.reserve(
                KeyDigest(high: 0, low: keys),
                print,
                operation: 1,
                of: merchant,
                at: Self.start
            )
            #expect(reserved)
        }
        #expect(keys == 56 && !table.isFull && table.hasRoom(for: other))
        for key in 57...64 as ClosedRange<UInt64> {
            let reserved = table.reserve(KeyDigest(high: 0, low: key), print, operation: 1, of: other, at: Self.start)
            #expect(reserved)
        }
        #expect(table.isFull && !table.hasRoom(for: other))
        table.complete(KeyDigest(high: 0, low: 1), record: 1, at: Self.start)
        let isDone = table.release(upTo: 1)
        #expect(isDone && table.hasRoom(for: merchant) && table.hasRoom(for: other))
    }

    @Test("survives a clock that jumps forward and back")
    func clockJumps() {
        var table = IdempotencyTable(capacity: 64, ttlSeconds: 600)
        let year: Int64 = 365 * 86_400_000
        func digest(_ key: UInt64) -> KeyDigest { KeyDigest(high: key, low: key) }
        let first = table.reserve(
            digest(1),
            Fingerprint(high: 0, low: 0),
            operation: 1,
            of: merchant,
            at: Self.start + year
        )
        #expect(first)
        table.complete(digest(1), record: 1, at: Self.start + year)
        table.expire(at: Self.start + year)
        table.expire(at: Self.start)
        let second = table.reserve(digest(2), Fingerprint(high: 0, low: 0), operation: 2, of: merchant, at: Self.start)
        #expect(second)
        table.complete(digest(2), record: 2, at: Self.start)
        for second in 0..<2_000 as Range<Int64> { table.expire(at: Self.start + second * 1_000) }
        #expect(table.lookup(digest(2), Fingerprint(high: 0, low: 0)) == .absent)
        #expect(table.count <= 1)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a small seeded generator.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
