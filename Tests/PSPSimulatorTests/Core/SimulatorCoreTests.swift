import Testing

@testable import PSPSimulator

@Suite("Idempotency keys")
struct SimulatorCoreTests {
    @Test("the same key and parameters give the stored answer again, without executing")
    func replay() throws {
        let provider = try TestProvider()
        let first = provider.charge()
        let second = provider.charge()
        #expect(!first.replayed && second.replayed)
        #expect(provider.answer(first) == provider.answer(second))
        #expect(provider.core.store.operations.count == 1)
        #expect(provider.core.store.charges.count == 1)
    }

    @Test("a decline is replayed too")
    func replayedDecline() throws {
        let provider = try TestProvider()
        let first = provider.charge("tok_decline_lost_card")
        let second = provider.charge("tok_decline_lost_card")
        #expect(second.replayed)
        #expect(provider.answer(first) == provider.answer(second))
        #expect(provider.answer(second).status == 402)
    }

    @Test("a replayed authorisation says what it said, whatever happened to the charge since")
    func replayAfterCapture() throws {
        let provider = try TestProvider()
        let first = provider.answer(provider.charge(capture: false))
        provider.followUp(.capture, key: "c", amount: 1_000)
        #expect(provider.answer(provider.charge(capture: false)) == first)
    }

    @Test("the same key with any other parameter is refused")
    func reuse() throws {
        let provider = try TestProvider()
        provider.charge()
        #expect(provider.charge(amount: 1_001).answer == .refusal(.keyReused))
        #expect(provider.charge(currency: .usd).answer == .refusal(.keyReused))
        #expect(provider.charge(capture: false).answer == .refusal(.keyReused))
        #expect(provider.charge("pm_card_visa").answer == .refusal(.keyReused))
        #expect(provider.charge(reference: "pay_2").answer == .refusal(.keyReused))
        #expect(provider.followUp(.refund, key: "k1", amount: 1_000).answer == .refusal(.keyReused))
        #expect(provider.oracle().count == 2)
    }

    @Test("a follow-up's key is bound to its charge, kind and amount")
    func followUpReuse() throws {
        let provider = try TestProvider()
        provider.charge(key: "a", reference: "pay_1")
        provider.charge(key: "b", reference: "pay_2")
        provider.followUp(.refund, key: "r", amount: 10)
        #expect(provider.followUp(.refund, key: "r", amount: 10).replayed)
        #expect(provider.followUp(.refund, key: "r", amount: 11).answer == .refusal(.keyReused))
        #expect(provider.followUp(.capture, key: "r", amount: 10).answer == .refusal(.keyReused))
        let other = provider.followUp(.refund, charge: 1, key: "r", reference: "pay_2", amount: 10)
        #expect(other.answer == .refusal(.keyReused))
        #expect(provider.core.store.charges[0].refunded == 10)
    }

    @Test("a key is in progress until its answer is out")
    func inProgress() throws {
        var profile = SimulatorProfile.clean
        profile.latency = .fixed(milliseconds: 50)
        let provider = try TestProvider(profile)
        #expect(provider.charge().latency == 50)
        #expect(provider.charge(now: 49).answer == .refusal(.inProgress))
        #expect(provider.charge(now: 50).replayed)
    }

    @Test("a failed attempt that executed nothing may be tried again until it succeeds, and executes once")
    func retryAfterFailure() throws {
        var profile = SimulatorProfile.clean
        profile.errorRate = 0.5
        profile.resetRate = 0.3
        let provider = try TestProvider(profile)
        for payment in 0..<200 {
            var attempts = 0
            while true {
                attempts += 1
                let verdict = provider.charge(key: "key-\(payment)", reference: "pay_\(payment)")
                if case .operation = verdict.answer { break }
                try #require(attempts < 200)
            }
        }
        #expect(provider.core.store.operations.count == 200)
        let lines = provider.oracle()
        #expect(lines.count == 400)
        for line in lines { #expect(line.contains(#""executions":1"#)) }
    }

    @Test("a query after a failure without execution finds nothing, yet the parameters stay bound")
    func ghost() throws {
        var profile = SimulatorProfile.clean
        profile.resetRate = 1
        let provider = try TestProvider(profile)
        #expect(provider.charge().delivery == .lose(.reset))
        #expect(provider.operation("k1")?.outcome == .notExecuted)
        #expect(provider.charge(amount: 5).answer == .refusal(.keyReused))
        #expect(provider.oracle().isEmpty)
    }

    @Test("with drop_first_only off, replays are lost as well")
    func everyAnswerDropped() throws {
        var profile = SimulatorProfile.clean
        profile.dropRate = 1
        let provider = try TestProvider(profile)
        #expect(provider.charge().delivery == .lose(.reset))
        #expect(provider.charge().delivery == .reply)
        profile.dropFirstOnly = false
        try provider.core.setProfile(profile)
        #expect(provider.charge().delivery == .lose(.reset))
        #expect(provider.core.store.operations.count == 1)
    }
}
