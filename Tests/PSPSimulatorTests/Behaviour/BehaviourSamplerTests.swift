import Testing

@testable import PSPSimulator

@Suite("Decisions drawn from the seed")
struct BehaviourSamplerTests {
    private static let count = 20_000

    private static func decisions(
        _ profile: SimulatorProfile,
        seed: UInt64,
        keys: some Sequence<Int> = 0..<count
    ) throws -> [Int: BehaviourSampler.Decision] {
        let sampler = try BehaviourSampler(profile: profile, seed: seed)
        var decisions: [Int: BehaviourSampler.Decision] = [:]
        for key in keys {
            var hash = SeededHash(seed: 0)
            hash.combine("key-\(key)".utf8.span)
            decisions[key] = sampler.decide(keyHash: hash.value, attempt: 0, canDecline: true)
        }
        return decisions
    }

    @Test("the same seed and key decide the same, in any order")
    func deterministic() throws {
        let forward = try Self.decisions(.chaos, seed: 42)
        let backward = try Self.decisions(.chaos, seed: 42, keys: (0..<Self.count).reversed())
        #expect(forward == backward)
    }

    @Test("another seed decides otherwise")
    func seeds() throws {
        let first = try Self.decisions(.chaos, seed: 1)
        let second = try Self.decisions(.chaos, seed: 2)
        let same = first.filter { second[$0.key]?.latency == $0.value.latency }.count
        #expect(same < Self.count / 10)
    }

    @Test("the values are part of the contract: they do not change between builds")
    func golden() throws {
        var hash = SeededHash(seed: 7)
        hash.combine("pay_golden_key".utf8.span)
        #expect(hash.value == Self.goldenHash)
    }

    private static let goldenHash: UInt64 = 16_129_544_706_644_969_584

    @Test("rates are met")
    func rates() throws {
        var profile = SimulatorProfile.clean
        profile.declineRate = 0.1
        profile.declineCodes = ["lost_card": 3, "stolen_card": 1]
        profile.dropRate = 0.05
        profile.dropModes = [.reset: 1, .silence: 1]
        profile.errorRate = 0.2
        profile.errorExecutedShare = 0.25
        profile.resetRate = 0.1
        profile.dripRate = 0.02
        let decisions = try Self.decisions(profile, seed: 3).values
        func share(_ matches: (BehaviourSampler.Decision) -> Bool) -> Double {
            Double(decisions.count(where: matches)) / Double(Self.count)
        }
        #expect(abs(share { $0.decline != nil } - 0.1) < 0.01)
        #expect(abs(share { $0.decline == .lost_card } - 0.075) < 0.01)
        #expect(abs(share { $0.fault == .drop(.reset) } - 0.025) < 0.005)
        #expect(abs(share { $0.fault == .drop(.silence) } - 0.025) < 0.005)
        #expect(abs(share { $0.fault == .errorAfterExecution } - 0.05) < 0.01)
        #expect(abs(share { $0.fault == .errorWithoutExecution } - 0.15) < 0.01)
        #expect(abs(share { $0.fault == .resetBeforeExecution } - 0.1) < 0.01)
        #expect(abs(share { $0.fault == .drip } - 0.02) < 0.005)
    }

    @Test("raising one rate does not change the other decisions")
    func independence() throws {
        var profile = SimulatorProfile.drops5
        let before = try Self.decisions(profile, seed: 5)
        profile.declineRate = 0.5
        let after = try Self.decisions(profile, seed: 5)
        for (key, decision) in before { #expect(after[key]?.fault == decision.fault) }
    }

    @Test("latencies follow their distribution")
    func latencies() throws {
        func sorted(_ latency: SimulatorProfile.Latency) throws -> [UInt32] {
            var profile = SimulatorProfile.clean
            profile.latency = latency
            return try Self.decisions(profile, seed: 9).values.map(\.latency).sorted()
        }
        let fixed = try sorted(.fixed(milliseconds: 50))
        #expect(fixed.first == 50 && fixed.last == 50)
        let uniform = try sorted(.uniform(minimum: 10, maximum: 30))
        #expect(uniform.first! >= 10 && uniform.last! <= 30)
        #expect((19...21).contains(uniform[Self.count / 2]))
        let lognormal = try sorted(.lognormal(p50: 80, p99: 400))
        #expect((76...84).contains(lognormal[Self.count / 2]))
        #expect((340...460).contains(lognormal[Self.count * 99 / 100]))
    }

    @Test("attempts are drawn anew")
    func attempts() throws {
        var profile = SimulatorProfile.clean
        profile.resetRate = 0.5
        let sampler = try BehaviourSampler(profile: profile, seed: 1)
        let faults = (0..<64).map { sampler.decide(keyHash: 99, attempt: $0, canDecline: true).fault }
        #expect(faults.contains(.none) && faults.contains(.resetBeforeExecution))
    }

    @Test("a replayed follow-up or query is never declined by the profile")
    func noDecline() throws {
        var profile = SimulatorProfile.clean
        profile.declineRate = 1
        let sampler = try BehaviourSampler(profile: profile, seed: 1)
        #expect(sampler.decide(keyHash: 1, attempt: 0, canDecline: false).decline == nil)
        #expect(sampler.decide(keyHash: 1, attempt: 0, canDecline: true).decline == .generic_decline)
    }
}
