import Testing

@testable import PSPSimulator

@Suite("Profiles")
struct SimulatorProfileTests {
    @Test("every preset is valid", arguments: SimulatorProfile.presetNames)
    func presets(name: String) throws {
        let profile = try #require(SimulatorProfile.preset(named: name))
        try profile.validate()
    }

    @Test("an unknown preset is none")
    func unknownPreset() {
        #expect(SimulatorProfile.preset(named: "quiet") == nil)
    }

    @Test("drops5 executes all and loses one answer in twenty; replays tell the truth")
    func drops5() throws {
        let provider = try TestProvider(.drops5, seed: 11)
        var lost: [Int] = []
        for payment in 0..<4_000 {
            let verdict = provider.charge(key: "k\(payment)", reference: "pay_\(payment)")
            if verdict.delivery != .reply { lost.append(payment) }
        }
        #expect((150...250).contains(lost.count))
        for payment in lost {
            let replay = provider.charge(key: "k\(payment)", reference: "pay_\(payment)")
            #expect(replay.delivery == .reply && replay.replayed)
        }
        #expect(provider.oracle().count == 8_000)
    }

    private typealias Change = @Sendable (inout SimulatorProfile) -> Void

    private static let mistakes: [(String, Change)] = [
        ("decline_rate", { (profile: inout SimulatorProfile) in profile.declineRate = 1.1 }),
        ("error_rate", { (profile: inout SimulatorProfile) in profile.errorRate = -0.1 }),
        ("drop_rate", { (profile: inout SimulatorProfile) in profile.dropRate = .nan }),
        (
            "sum exceeds 1",
            { (profile: inout SimulatorProfile) in
                profile.dropRate = 0.6
                profile.resetRate = 0.6
            }
        ),
        ("decline_codes", { (profile: inout SimulatorProfile) in profile.declineCodes = ["nonsense": 1] }),
        (
            "decline_codes.lost_card",
            { (profile: inout SimulatorProfile) in profile.declineCodes = ["lost_card": -1] }
        ),
        ("goaway_every", { (profile: inout SimulatorProfile) in profile.goAwayEvery = -1 }),
        ("latency.ms", { (profile: inout SimulatorProfile) in profile.latency = .fixed(milliseconds: 60_001) }),
        ("min_ms", { (profile: inout SimulatorProfile) in profile.latency = .uniform(minimum: 5, maximum: 4) }),
        ("p50_ms", { (profile: inout SimulatorProfile) in profile.latency = .lognormal(p50: 0, p99: 4) }),
    ]

    @Test("impossible profiles are refused by the name of the field", arguments: mistakes)
    private func invalid(field: String, change: Change) throws {
        var profile = SimulatorProfile.clean
        change(&profile)
        let error = #expect(throws: PSPSimulatorError.self) { try profile.validate() }
        #expect(error?.description.contains(field) == true)
    }

    @Test("switching takes effect at once, and a bad profile changes nothing")
    func switching() throws {
        let provider = try TestProvider()
        var profile = SimulatorProfile.clean
        profile.declineRate = 1
        try provider.core.setProfile(profile)
        provider.charge(key: "a", reference: "pay_1")
        #expect(provider.operation("a")?.outcome == .declined)
        profile.declineRate = 2
        #expect(throws: PSPSimulatorError.self) { try provider.core.setProfile(profile) }
        #expect(provider.core.profile.declineRate == 1)
        try provider.core.setProfile(.clean)
        provider.charge(key: "b", reference: "pay_2")
        #expect(provider.operation("b")?.outcome == .succeeded)
    }
}
