import Testing

@testable import PSPSimulator

@Suite("Answers that wait")
struct DelayRingTests {
    @Test("elements come out at their time, once, also beyond a round")
    func order() {
        var ring = DelayRing<Int>(maximumCount: 10_000)
        var dice = SplitMix64(state: 1)
        var due: [Int: UInt32] = [:]
        var now: UInt32 = 100
        var number = 0
        while now < 10_000 {
            for _ in 0..<3 where number < 5_000 {
                let delay = UInt32(dice.next() % 4_000)
                due[number] = now + delay
                let isKept = ring.insert(number, due: now + delay, now: now)
                #expect(isKept)
                number += 1
            }
            now += UInt32(dice.next() % 7)
            var expired: [Int] = []
            ring.advance(to: now, into: &expired)
            for element in expired {
                let moment = due.removeValue(forKey: element)
                #expect(moment.map { $0 <= now } == true)
            }
        }
        now += 5_000
        var expired: [Int] = []
        ring.advance(to: now, into: &expired)
        #expect(Set(expired) == Set(due.keys))
        #expect(ring.count == 0)
    }

    @Test("nothing comes out early")
    func early() {
        var ring = DelayRing<Int>(maximumCount: 4)
        let isKept = ring.insert(1, due: 2_000, now: 0)
        #expect(isKept)
        var expired: [Int] = []
        for now in stride(from: UInt32(1), to: 2_000, by: 13) { ring.advance(to: now, into: &expired) }
        #expect(expired.isEmpty)
        ring.advance(to: 2_000, into: &expired)
        #expect(expired == [1])
    }

    @Test("a full ring says so")
    func full() {
        var ring = DelayRing<Int>(maximumCount: 1)
        let isKept = ring.insert(1, due: 5, now: 0)
        #expect(isKept)
        let isKeptToo = ring.insert(2, due: 5, now: 0)
        #expect(!isKeptToo)
    }
}
