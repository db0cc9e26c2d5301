import Payments
import Testing
import Time

@testable import Risk

@Suite struct RiskCountersTests {
    static let merchant = MerchantID(rawValue: 7)

    static func digest(_ number: UInt64) -> RiskDigest {
        let bytes: [UInt8] = []
        return RiskDigest(RiskKey(first: 3, second: 5), first: number, second: 0, bytes: bytes.span)
    }

    @Test func `a counter counts its window and lets go after it`() {
        var counters = RiskCounters(capacity: 8, merchantLimit: 8)
        let width = RiskCounters.width(ofWindow: 7_000)
        #expect(width == 1_000)
        for time in [10_000, 10_500, 14_000] as [Timestamp] {
            counters.add(1, to: Self.digest(1), of: Self.merchant, width: width, at: time)
        }
        #expect(counters.value(Self.digest(1), width: width, at: 14_000) == 3)
        // The whole window is covered: 17,999 - 7,000 < 11,000.
        #expect(counters.value(Self.digest(1), width: width, at: 17_999) == 3)
        #expect(counters.value(Self.digest(1), width: width, at: 18_000) == 1)
        #expect(counters.value(Self.digest(1), width: width, at: 21_999) == 1)
        #expect(counters.value(Self.digest(1), width: width, at: 22_000) == 0)
        #expect(counters.value(Self.digest(1), width: width, at: Timestamp(milliseconds: 1 << 60)) == 0)
        #expect(counters.value(Self.digest(2), width: width, at: 14_000) == 0)
    }

    @Test func `a sum that is too large stays the largest`() {
        var counters = RiskCounters(capacity: 1, merchantLimit: 1)
        counters.add(.max - 1, to: Self.digest(1), of: Self.merchant, width: 10, at: 5)
        counters.add(5, to: Self.digest(1), of: Self.merchant, width: 10, at: 15)
        counters.add(5, to: Self.digest(1), of: Self.merchant, width: 10, at: 15)
        #expect(counters.value(Self.digest(1), width: 10, at: 15) == .max)
    }

    @Test func `a full table counts no new subject until a window has passed`() {
        var counters = RiskCounters(capacity: 3, merchantLimit: 3)
        for number in 1...3 { Self.add(Self.digest(UInt64(number)), at: 1_000, to: &counters) }
        #expect(!counters.hasRoom(for: 1, of: Self.merchant, at: 1_700) && !counters.contains(Self.digest(4)))
        let addedFourth = counters.add(1, to: Self.digest(4), of: Self.merchant, width: 100, at: 1_700)
        #expect(!addedFourth)
        #expect(counters.value(Self.digest(4), width: 100, at: 1_700) == 0)
        #expect(counters.contains(Self.digest(2)))
        Self.add(Self.digest(2), at: 1_700, to: &counters)
        // 1 and 3 have passed: there is room, though the table is full until it is made.
        #expect(
            counters.count == 3 && counters.hasRoom(for: 2, of: Self.merchant, at: 1_800)
                && !counters.hasRoom(for: 3, of: Self.merchant, at: 1_800)
        )
        Self.add(Self.digest(4), at: 1_800, to: &counters)
        #expect(counters.count == 2)
        #expect(counters.value(Self.digest(2), width: 100, at: 1_800) == 1)
        #expect(counters.value(Self.digest(4), width: 100, at: 1_800) == 1)
    }

    @Test func `a table takes 128 bytes for each counter of its capacity`() {
        for capacity in [10_000, 65_536, 1_000_000] {
            let bytes = RiskCounters(capacity: capacity, merchantLimit: capacity).reservedBytes
            #expect(bytes >= capacity * 128 && bytes <= capacity * 128 + 2 * 256 * RiskCounters.slotBytes)
        }
    }

    /// Random adds to few subjects over random times, against a list of everything that was ever
    /// added.
    @Test(arguments: 1...20)
    func `counters equal a naive list`(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var counters = RiskCounters(capacity: 64, merchantLimit: 64)
        let widths: [Int64] = [1, 7, 100, 1_000]
        var events: [(subject: UInt64, time: Timestamp, amount: UInt64)] = []
        var time: Timestamp = 1_000_000
        for step in 0..<4_000 {
            time = time.adding(milliseconds: Int64(random.next() % (step % 100 == 0 ? 20_000 : 60)))
            // Each subject has one width; more subjects than the table holds.
            let subject = random.next() % 90
            let width = widths[Int(subject % 4)]
            let amount = random.next() % 5
            let hadRoom =
                counters.contains(Self.digest(subject)) || counters.hasRoom(for: 1, of: Self.merchant, at: time)
            let added = counters.add(amount, to: Self.digest(subject), of: Self.merchant, width: width, at: time)
            #expect(added == hadRoom)
            if added { events.append((subject, time, amount)) }
            let asked = random.next() % 90
            let askedWidth = widths[Int(asked % 4)]
            let value = counters.value(Self.digest(asked), width: askedWidth, at: time)
            let exact = events.reduce(UInt64(0)) { sum, event in
                let bucket = event.time.milliseconds / askedWidth
                let isIn = event.subject == asked && bucket > time.milliseconds / askedWidth - 8
                return isIn ? sum + event.amount : sum
            }
            #expect(value == exact)
            let window = events.reduce(UInt64(0)) { sum, event in
                event.subject == asked && time.milliseconds(since: event.time) < 7 * askedWidth
                    ? sum + event.amount : sum
            }
            #expect(value >= window, "the whole window is covered")
        }
        #expect(counters.count <= 64 && counters.count > 0)
    }

    @Test func `a copy that is restored slot by slot goes on alike`() {
        var random = SplitMix(state: 99)
        var first = RiskCounters(capacity: 100, merchantLimit: 100)
        for step in 0..<3_000 {
            first.add(
                1,
                to: Self.digest(random.next() % 150),
                of: Self.merchant,
                width: 50,
                at: Timestamp(milliseconds: Int64(step * 3))
            )
        }
        var second = RiskCounters(capacity: 100, merchantLimit: 100)
        var isRestored = true
        first.forEach { slot, counter in isRestored = second.restore(slot: slot, counter) && isRestored }
        second.restore(cursor: first.shape.cursor)
        #expect(isRestored && second.count == first.count)
        for step in 3_000..<6_000 {
            let subject = Self.digest(random.next() % 150)
            let isFirst = first.add(
                1,
                to: subject,
                of: Self.merchant,
                width: 50,
                at: Timestamp(milliseconds: Int64(step * 3))
            )
            let isSecond = second.add(
                1,
                to: subject,
                of: Self.merchant,
                width: 50,
                at: Timestamp(milliseconds: Int64(step * 3))
            )
            #expect(isFirst == isSecond)
        }
        #expect(Self.words(first) == Self.words(second))
    }

    @Test func `words that are no counter are refused`() {
        var counters = RiskCounters(capacity: 2, merchantLimit: 2)
        let good: [UInt64] = [1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]
        func counter(_ words: [UInt64]) -> StoredCounter { StoredCounter(merchant: Self.merchant, words: words) }
        func restore(_ slot: Int, _ words: [UInt64]) -> Bool { counters.restore(slot: slot, counter(words)) }
        let refused = [
            restore(-1, good), restore(1 << 40, good), restore(0, Array(good.dropLast())),
            restore(0, [1, 2, 3, 0] + good[4...]), restore(0, [1, 2, .max, 4] + good[4...]),
            restore(0, [1, 2, 3, 1 << 40] + good[4...]),
        ]
        #expect(!refused.contains(true) && counters.count == 0)
        let (first, again, adopted) = (restore(0, good), restore(0, good), counters.adopt(counter(good), at: 13))
        #expect(first && !again && counters.count == (adopted ? 2 : 1))
    }

    // MARK: Merchants

    @Test func `one merchant takes its share of the counters, and others' new subjects are counted`() {
        var counters = RiskCounters(capacity: 8, merchantLimit: 6)
        let other = MerchantID(rawValue: 8)
        for number in 1...6 { Self.add(Self.digest(UInt64(number)), at: 1_000, to: &counters) }
        #expect(!counters.hasRoom(for: 1, of: Self.merchant, at: 1_000))
        let seventh = counters.add(1, to: Self.digest(7), of: Self.merchant, width: 100, at: 1_000)
        #expect(!seventh && counters.value(Self.digest(7), width: 100, at: 1_000) == 0)
        // What has a counter goes on.
        Self.add(Self.digest(6), at: 1_000, to: &counters)
        #expect(counters.value(Self.digest(6), width: 100, at: 1_000) == 2)
        #expect(counters.hasRoom(for: 2, of: other, at: 1_000) && !counters.hasRoom(for: 3, of: other, at: 1_000))
        for number in 8...9 as ClosedRange<UInt64> {
            let isCounted = counters.add(1, to: Self.digest(number), of: other, width: 100, at: 1_700)
            #expect(isCounted && counters.value(Self.digest(number), width: 100, at: 1_700) == 1)
        }
        #expect(counters.count == 8 && counters.largestMerchantCount == 6)
        // Of the full share, the counters whose windows have passed make room.
        #expect(counters.hasRoom(for: 6, of: Self.merchant, at: 1_800))
        #expect(!counters.hasRoom(for: 7, of: Self.merchant, at: 1_800))
        Self.add(Self.digest(7), at: 1_800, to: &counters)
        #expect(counters.count(of: Self.merchant) == 1 && counters.count(of: other) == 2)
    }

    @Test func `a smaller table adopts no more of a merchant than its share`() {
        var counters = RiskCounters(capacity: 4, merchantLimit: 3)
        var adopted = 0
        for number in 1...4 as ClosedRange<UInt64> {
            let words = [number, number << 40, 3, 4] + [UInt64](repeating: 0, count: 8)
            if counters.adopt(StoredCounter(merchant: Self.merchant, words: words), at: 13) { adopted += 1 }
        }
        #expect(adopted == 3 && counters.count == 3)
        // What stood in a table of the same size goes back, whatever the share is.
        let words = [9, 9, 3, 4] + [UInt64](repeating: 0, count: 8)
        let slot = counters.slotsInUse.last.map { $0 + 1 } ?? 0
        let isRestored = counters.restore(slot: slot, StoredCounter(merchant: Self.merchant, words: words))
        #expect(isRestored && counters.count(of: Self.merchant) == 4)
    }

    /// Random adds of five merchants, and a copy that is restored now and then.
    @Test(arguments: 1...10)
    func `counts of merchants equal a recount, and a counter is refused only without room`(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        var counters = RiskCounters(capacity: 40, merchantLimit: 16)
        var time: Timestamp = 1_000_000
        var refusals = 0
        for step in 0..<3_000 {
            time = time.adding(milliseconds: Int64(random.next() % (step % 200 == 0 ? 2_000 : 30)))
            let number = random.next() % 5
            // The first merchant has many subjects.
            let merchant = MerchantID(rawValue: number)
            let digest = Self.digest(number << 32 | random.next() % (number == 0 ? 60 : 8))
            let hadRoom = counters.contains(digest) || counters.hasRoom(for: 1, of: merchant, at: time)
            let isCounted = counters.add(1, to: digest, of: merchant, width: 100, at: time)
            #expect(isCounted == hadRoom)
            if !isCounted { refusals += 1 }
            if step % 500 == 499 { counters = Self.restored(counters) }
            var counts: [MerchantID: Int] = [:]
            counters.forEach { _, counter in counts[counter.merchant, default: 0] += 1 }
            for number in 0..<5 as Range<UInt64> {
                let merchant = MerchantID(rawValue: number)
                #expect(counters.count(of: merchant) == counts[merchant] ?? 0)
            }
            #expect(counters.largestMerchantCount == counts.values.max() ?? 0 && counters.largestMerchantCount <= 16)
            #expect(counters.count == counts.values.reduce(0, +))
        }
        #expect(refusals > 0)
    }

    private static func restored(_ counters: RiskCounters) -> RiskCounters {
        var copy = RiskCounters(capacity: counters.capacity, merchantLimit: counters.merchantLimit)
        counters.forEach { slot, counter in
            let isRestored = copy.restore(slot: slot, counter)
            #expect(isRestored)
        }
        copy.restore(cursor: counters.shape.cursor)
        return copy
    }

    private static func add(_ digest: RiskDigest, at time: Timestamp, to counters: inout RiskCounters) {
        let added = counters.add(1, to: digest, of: Self.merchant, width: 100, at: time)
        #expect(added)
    }

    static func words(_ counters: RiskCounters) -> [[UInt64]] {
        var all: [[UInt64]] = []
        counters.forEach { slot, counter in all.append([UInt64(slot), counter.merchant.rawValue] + counter.words) }
        return all
    }
}

/// Vigna's splitmix64.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
