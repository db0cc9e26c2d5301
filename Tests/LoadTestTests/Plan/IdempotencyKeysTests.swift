import Testing

@testable import LoadTest

@Suite struct IdempotencyKeysTests {
    @Test func `keys are version 4 UUIDs`() throws {
        let pattern = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
        for sequence in UInt64(0)..<1_000 {
            let key = IdempotencyKeys(seed: 7).text(sequence)
            #expect(key.wholeMatch(of: pattern) != nil, "\(key)")
        }
    }

    @Test func `a run's keys are all different`() {
        let keys = IdempotencyKeys(seed: 7)
        #expect(Set((0..<100_000).map { keys.text($0) }).count == 100_000)
    }

    @Test func `the seed alone decides`() {
        #expect(IdempotencyKeys(seed: 1).text(5) == IdempotencyKeys(seed: 1).text(5))
        #expect(IdempotencyKeys(seed: 1).text(5) != IdempotencyKeys(seed: 2).text(5))
    }
}
