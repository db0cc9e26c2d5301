import Money
import Payments
import Risk
import Testing
import Time

@Suite("The fraud screening of a shard")
struct RiskScreeningTests {
    private static let now: Timestamp = 1_790_000_000_000
    private static let window: Int64 = 7_000
    private let facts = RiskFacts(merchant: MerchantID(rawValue: 7), amountMinor: 1_000, currency: .eur)
    private let details = RiskPolicyTests.details()

    private func policy(limit: UInt64 = 1, counters: Int = 64, scorer: RiskPolicy.Scorer? = nil) -> RiskPolicy {
        RiskPolicy(
            rules: [
                RiskRule(
                    name: "often",
                    score: 90,
                    condition: .count(.customer, window: Self.window, limit: limit)
                )
            ],
            scorer: scorer,
            counterCapacity: counters,
            key: RiskKey(first: 1, second: 2)
        )
    }

    private func screening(_ policy: RiskPolicy?) -> RiskScreening {
        RiskScreening(policy, share: MerchantShare(percent: 100))
    }

    private func band(_ screening: RiskScreening) -> RiskBand? {
        screening.assess(facts, details: details.span, at: Self.now)?.band
    }

    @Test func `without rules nothing is looked at and nothing is counted`() {
        var screening = screening(nil)
        screening.count(facts, details: details.span, at: Self.now)
        #expect(band(screening) == nil && screening.occupancy == (0, 0, 0) && screening.reservedBytes == 0)
    }

    @Test func `what was counted is looked at`() {
        var screening = screening(policy())
        #expect(band(screening) == .allow)
        screening.count(facts, details: details.span, at: Self.now)
        #expect(band(screening) == .block && screening.occupancy == (1, 64, 1))
    }

    @Test func `new rules go on with what was counted alike, in a table of another size, too`() {
        var screening = screening(policy())
        screening.count(facts, details: details.span, at: Self.now)
        screening.reload(policy(limit: 2), at: Self.now)
        #expect(band(screening) == .allow && screening.occupancy == (1, 64, 1))
        screening.count(facts, details: details.span, at: Self.now)
        #expect(band(screening) == .block)
        screening.reload(policy(limit: 2, counters: 8), at: Self.now)
        #expect(band(screening) == .block && screening.occupancy == (1, 8, 1))
        screening.reload(policy(limit: 2, counters: 16), at: Self.now.adding(milliseconds: 2 * Self.window))
        #expect(screening.occupancy == (0, 16, 0), "what counts nothing any more is left behind")
        screening.reload(nil, at: Self.now)
        #expect(band(screening) == nil && screening.occupancy == (0, 0, 0))
    }

    @Test func `a score decides by the rules; where they are gone a manual review does`() {
        let before = RiskAssessment(band: .allow, score: 10, reasons: ["first"], asksScorer: true)
        let scored = ScoreOutcome.scored(95, reasons: ["second"])
        let withRules = screening(policy(scorer: RiskPolicy.Scorer(timeout: 100, onFailure: .allow)))
        let decided = withRules.combine(before, scored)
        #expect(decided.band == .block && decided.reasons == ["first", "second"] && !decided.asksScorer)
        #expect(withRules.combine(before, .failed(.unreachable)).band == .allow)
        let orphaned = screening(nil).combine(before, scored)
        #expect(orphaned.band == .review && orphaned.reasons == ["first", RiskReason.scorerFailed])
        #expect(screening(nil).reviewTimeout == 86_400_000)
    }

    @Test func `a snapshot's counters keep their places only in a table of the same size`() {
        var first = screening(policy())
        first.count(facts, details: details.span, at: Self.now)
        guard let counters = first.counters, let slot = counters.slotsInUse.first else {
            Issue.record("nothing was counted")
            return
        }
        var same = screening(policy())
        let keeps = same.beginRestore(
            slots: UInt64(counters.shape.slots),
            count: 1,
            cursor: UInt64(counters.shape.cursor)
        )
        let isRestored = same.restore(slot: slot, counters.counter(at: slot))
        let isRestoredTwice = same.restore(slot: slot, counters.counter(at: slot))
        #expect(keeps && isRestored && !isRestoredTwice && band(same) == .block)
        var larger = screening(policy(counters: 1_024))
        let keepsInLarger = larger.beginRestore(slots: UInt64(counters.shape.slots), count: 1, cursor: 0)
        larger.adopt(counters.counter(at: slot), at: Self.now)
        #expect(!keepsInLarger && band(larger) == .block)
        var without = screening(nil)
        let keepsWithout = without.beginRestore(slots: UInt64(counters.shape.slots), count: 1, cursor: 0)
        #expect(!keepsWithout && without.counters == nil)
    }
}
