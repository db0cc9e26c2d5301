import Money
import Payments
import Testing
import Time

@testable import Risk

@Suite struct RiskPolicyTests {
    static let key = RiskKey(first: 11, second: 13)

    static func details(_ paymentMethod: String = "tok_1", customer: String? = "cus_1") -> [UInt8] {
        var details = PaymentDetails()
        details.append(.paymentMethod, paymentMethod)
        details.append(.metadataKey, "customer")
        details.append(.metadataValue, "nobody")
        if let customer { details.append(.customer, customer) }
        return details.bytes
    }

    static func facts(_ amountMinor: Int64 = 100, _ currency: Currency = .eur, merchant: UInt64 = 1) -> RiskFacts {
        RiskFacts(merchant: MerchantID(rawValue: merchant), amountMinor: amountMinor, currency: currency)
    }

    /// A policy with its counters, fed payment by payment.
    final class World {
        let policy: RiskPolicy
        private(set) var counters: RiskCounters?

        init(_ policy: RiskPolicy, merchantLimit: Int? = nil) {
            self.policy = policy
            counters = policy.neededCounters.map { RiskCounters(capacity: $0, merchantLimit: merchantLimit ?? $0) }
        }

        func pay(_ facts: RiskFacts, _ details: [UInt8], at now: Timestamp) -> RiskAssessment {
            let assessment = policy.assess(facts, details: details.span, counters, at: now)
            policy.count(facts, details: details.span, in: &counters, at: now)
            return assessment
        }
    }

    static func velocity(_ subject: RiskSubject, limit: UInt64 = 2, score: UInt8 = 60) -> RiskRule {
        RiskRule(name: "fast", score: score, condition: .count(subject, window: 7_000, limit: limit))
    }

    @Test func `without rules everything is allowed and nothing is asked`() {
        let world = World(RiskPolicy(rules: [], key: Self.key))
        let assessment = world.pay(Self.facts(), Self.details(), at: 1_000)
        #expect(assessment.isPlain && world.policy.neededCounters == nil)
    }

    @Test(arguments: RiskSubject.allCases)
    func `the third payment of a subject in the window is one too many`(_ subject: RiskSubject) {
        let world = World(RiskPolicy(rules: [Self.velocity(subject)], key: Self.key))
        #expect(world.pay(Self.facts(), Self.details(), at: 1_000).isPlain)
        #expect(world.pay(Self.facts(), Self.details(), at: 1_500).isPlain)
        let third = world.pay(Self.facts(), Self.details(), at: 2_000)
        #expect(third == RiskAssessment(band: .review, score: 60, reasons: ["fast"], asksScorer: false))
        // Another subject is another counter, whatever else is the same.
        let other: RiskAssessment
        switch subject {
        case .merchant: other = world.pay(Self.facts(merchant: 2), Self.details(), at: 2_000)
        case .paymentMethod: other = world.pay(Self.facts(), Self.details("tok_2"), at: 2_000)
        case .customer: other = world.pay(Self.facts(), Self.details(customer: "cus_2"), at: 2_000)
        case .amount: other = world.pay(Self.facts(100, .usd), Self.details(), at: 2_000)
        }
        #expect(other.isPlain)
        #expect(world.pay(Self.facts(), Self.details(), at: 20_000).isPlain)
    }

    @Test func `a payment without a customer does not count for customers`() {
        let world = World(RiskPolicy(rules: [Self.velocity(.customer, limit: 1)], key: Self.key))
        for time in [1, 2, 3, 4, 5] as [Timestamp] {
            #expect(world.pay(Self.facts(), Self.details(customer: nil), at: time).isPlain)
        }
        #expect(world.counters?.count == 0)
    }

    @Test func `customers of different merchants are different`() {
        let world = World(RiskPolicy(rules: [Self.velocity(.customer, limit: 1)], key: Self.key))
        #expect(world.pay(Self.facts(merchant: 1), Self.details(), at: 1).isPlain)
        #expect(world.pay(Self.facts(merchant: 2), Self.details(), at: 1).isPlain)
        #expect(world.pay(Self.facts(merchant: 1), Self.details(), at: 1).score == 60)
    }

    @Test func `sums count one currency, this payment included`() {
        let rule = RiskRule(
            name: "much",
            score: 100,
            condition: .sum(.customer, window: 7_000, limitMinor: 1_000, .eur)
        )
        let world = World(RiskPolicy(rules: [rule], key: Self.key))
        #expect(world.pay(Self.facts(600), Self.details(), at: 1_000).isPlain)
        #expect(world.pay(Self.facts(99_999, .usd), Self.details(), at: 1_000).isPlain)
        #expect(world.pay(Self.facts(400), Self.details(), at: 1_000).isPlain)
        #expect(world.pay(Self.facts(1), Self.details(), at: 1_000).band == .block)
    }

    @Test func `an amount limit looks at one payment`() {
        let rule = RiskRule(name: "large", score: 50, condition: .amount(overMinor: 10_000, .eur))
        let world = World(RiskPolicy(rules: [rule], key: Self.key))
        #expect(world.pay(Self.facts(10_000), Self.details(), at: 1).isPlain)
        #expect(world.pay(Self.facts(10_001, .usd), Self.details(), at: 1).isPlain)
        #expect(world.pay(Self.facts(10_001), Self.details(), at: 1).band == .review)
    }

    @Test func `scores add up to a hundred at most, and the bands divide them`() {
        let rules = [30, 30, 90].enumerated().map { index, score in
            RiskRule(name: "r\(index)", score: UInt8(score), condition: .amount(overMinor: Int64(index + 1) * 10, .eur))
        }
        let world = World(RiskPolicy(rules: rules, bands: .init(review: 60, block: 100), key: Self.key))
        #expect(world.pay(Self.facts(11), Self.details(), at: 1).band == .allow)
        #expect(world.pay(Self.facts(11), Self.details(), at: 1).reasons == ["r0"])
        #expect(world.pay(Self.facts(21), Self.details(), at: 1).band == .review)
        let all = world.pay(Self.facts(31), Self.details(), at: 1)
        #expect(all.band == .block && all.score == 100 && all.reasons == ["r0", "r1", "r2"])
    }

    @Test func `rules that count the same share a counter`() {
        let rules = [Self.velocity(.customer, limit: 1, score: 10), Self.velocity(.customer, limit: 2, score: 80)]
        let world = World(RiskPolicy(rules: rules, key: Self.key))
        _ = world.pay(Self.facts(), Self.details(), at: 1)
        #expect(world.pay(Self.facts(), Self.details(), at: 1).score == 10)
        #expect(world.pay(Self.facts(), Self.details(), at: 1).score == 90)
        #expect(world.counters?.count == 1)
    }

    @Test func `lists come before rules, sanctions before all`() {
        var lists = RiskLists()
        lists.blockedCustomers.insert("bad", Self.key)
        lists.blockedPaymentMethods.insert("tok_bad", Self.key)
        lists.allowedCustomers.insert("good", Self.key)
        lists.allowedCustomers.insert("listed", Self.key)
        lists.allowedPaymentMethods.insert("tok_good", Self.key)
        lists.sanctionedCustomers.insert("listed", Self.key)
        let rule = RiskRule(name: "any", score: 60, condition: .amount(overMinor: 0, .eur))
        let policy = RiskPolicy(
            rules: [rule],
            lists: lists,
            sanctions: .review,
            scorer: .init(timeout: 100, onFailure: .allow),
            key: Self.key
        )
        let world = World(policy)
        func verdict(_ paymentMethod: String, _ customer: String?) -> RiskAssessment {
            world.pay(Self.facts(), Self.details(paymentMethod, customer: customer), at: 1)
        }
        #expect(verdict("tok", "bad") == .init(band: .block, score: 100, reasons: ["block_list"], asksScorer: false))
        #expect(verdict("tok_bad", "good").band == .block)
        #expect(verdict("tok", "good") == .init(band: .allow, score: 0, reasons: ["allow_list"], asksScorer: false))
        #expect(verdict("tok_good", nil).band == .allow)
        #expect(verdict("tok", "someone") == .init(band: .review, score: 60, reasons: ["any"], asksScorer: true))
        #expect(
            verdict("tok", "listed")
                == .init(band: .review, score: 0, reasons: ["sanctions_list", "allow_list"], asksScorer: false)
        )
    }

    @Test func `one merchant's full share is as a full table for that merchant alone`() {
        let policy = RiskPolicy(
            rules: [Self.velocity(.customer)],
            whenCountersAreFull: .review,
            counterCapacity: 4,
            key: Self.key
        )
        let world = World(policy, merchantLimit: 3)
        for customer in ["a", "b", "c"] {
            #expect(world.pay(Self.facts(), Self.details(customer: customer), at: 1).isPlain)
        }
        let fourth = world.pay(Self.facts(), Self.details(customer: "d"), at: 1)
        #expect(fourth.band == .review && fourth.countersWereFull && fourth.reasons == ["counters_full"])
        #expect(world.pay(Self.facts(merchant: 2), Self.details(customer: "d"), at: 1).isPlain)
        #expect(world.pay(Self.facts(), Self.details(customer: "a"), at: 1).isPlain)
    }

    @Test(arguments: RiskBand.allCases)
    func `a full table has a policy`(_ band: RiskBand) {
        let policy = RiskPolicy(
            rules: [Self.velocity(.customer)],
            whenCountersAreFull: band,
            counterCapacity: 1,
            key: Self.key
        )
        let world = World(policy)
        #expect(world.pay(Self.facts(), Self.details(customer: "a"), at: 1).isPlain)
        let second = world.pay(Self.facts(), Self.details(customer: "b"), at: 1)
        #expect(second.band == band && second.countersWereFull)
        #expect(second.reasons == (band == .allow ? [] : ["counters_full"]))
        #expect(world.pay(Self.facts(), Self.details(customer: "a"), at: 1).isPlain)
    }

    @Test func `the scorer makes a verdict stricter, never milder`() {
        let policy = RiskPolicy(rules: [], scorer: .init(timeout: 1, onFailure: .review), key: Self.key)
        let allowed = RiskAssessment(band: .allow, score: 10, reasons: ["a"], asksScorer: true)
        let listed = RiskAssessment(band: .review, score: 10, reasons: ["sanctions_list"], asksScorer: true)
        #expect(
            policy.combine(allowed, .scored(55, reasons: ["ip"]))
                == .init(band: .review, score: 55, reasons: ["a", "ip"], asksScorer: false)
        )
        #expect(policy.combine(allowed, .scored(0, reasons: [])).score == 10)
        #expect(policy.combine(allowed, .scored(255, reasons: [])).score == 100)
        #expect(policy.combine(allowed, .scored(80, reasons: [])).band == .block)
        #expect(policy.combine(listed, .scored(0, reasons: [])).band == .review)
        #expect(policy.combine(allowed, .failed(.timeout)).band == .review)
        #expect(policy.combine(allowed, .failed(.timeout)).reasons == ["a", "scorer_failed"])
        let closed = RiskPolicy(rules: [], key: Self.key)
        #expect(closed.combine(allowed, .failed(.timeout)).band == .review, "the scorer was taken out meanwhile")
    }

    /// The whole of a policy by a second, naive way: every payment against a list of all before it.
    @Test(arguments: 1...10)
    func `random payments are judged as a naive model judges them`(_ seed: UInt64) {
        var random = SplitMix(state: seed &* 7_919)
        let rules = [
            RiskRule(name: "card", score: 30, condition: .count(.paymentMethod, window: 700, limit: 3)),
            RiskRule(name: "sum", score: 40, condition: .sum(.customer, window: 7_000, limitMinor: 2_000, .eur)),
            RiskRule(name: "same", score: 25, condition: .count(.amount, window: 70, limit: 1)),
            RiskRule(name: "large", score: 20, condition: .amount(overMinor: 900, .eur)),
        ]
        let world = World(RiskPolicy(rules: rules, key: Self.key))
        var past: [(facts: RiskFacts, card: UInt64, customer: UInt64, time: Timestamp)] = []
        var now: Timestamp = 5_000
        for _ in 0..<1_000 {
            now = now.adding(milliseconds: Int64(random.next() % 200))
            let amount = Int64(random.next() % 10) * 100 + 100
            let facts = Self.facts(amount, random.next() % 4 == 0 ? .usd : .eur, merchant: random.next() % 2)
            let (card, customer) = (random.next() % 4, random.next() % 3)
            let verdict = world.pay(facts, Self.details("tok_\(card)", customer: "cus_\(customer)"), at: now)
            past.append((facts, card, customer, now))
            let mine = past.filter { $0.facts.merchant == facts.merchant }
            func recent(_ width: Int64) -> [(facts: RiskFacts, card: UInt64, customer: UInt64, time: Timestamp)] {
                mine.filter { $0.time.milliseconds / width > now.milliseconds / width - 8 }
            }
            var reasons: [String] = []
            if recent(100).count(where: { $0.card == card }) > 3 { reasons.append("card") }
            let spent = recent(1_000).filter { $0.customer == customer && $0.facts.currency == .eur }
            if facts.currency == .eur, spent.reduce(0, { $0 + $1.facts.amountMinor }) > 2_000 { reasons.append("sum") }
            if recent(10).count(where: { $0.facts == facts }) > 1 { reasons.append("same") }
            if facts.currency == .eur, amount > 900 { reasons.append("large") }
            #expect(verdict.reasons == reasons)
        }
    }

    @Test func `a note is read back as it was written, and is in front of the details`() {
        let assessment = RiskAssessment(band: .review, score: 77, reasons: ["fast", "ünï"], asksScorer: true)
        let noted = RiskNote.prepend(assessment, to: Self.details())
        #expect(RiskNote.read(noted.span) == assessment)
        #expect(Array(noted.suffix(Self.details().count)) == Self.details())
        let plain = Self.details()
        #expect(RiskNote.read(plain.span) == nil)
        for length in 0..<12 {
            let cut = Array(noted.prefix(length))
            _ = RiskNote.read(cut.span)
        }
    }
}
