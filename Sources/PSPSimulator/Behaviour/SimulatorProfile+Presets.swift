extension SimulatorProfile {
    /// The names of the ready-made profiles.
    package static let presetNames = ["clean", "realistic", "drops5", "chaos"]

    /// Everything succeeds at once.
    package static let clean = SimulatorProfile()

    /// What a healthy provider looks like from outside: 80 ms in the median, 400 ms at the 99th
    /// percentile, 3% declines.
    package static let realistic: SimulatorProfile = {
        var profile = SimulatorProfile()
        profile.latency = .lognormal(p50: 80, p99: 400)
        profile.declineRate = 0.03
        profile.declineCodes = commonDeclines
        profile.errorRate = 0.0005
        profile.errorExecutedShare = 0.2
        profile.dropRate = 0.0001
        profile.dropModes = [.reset: 1, .close: 1, .silence: 1]
        return profile
    }()

    /// 5% of the operations are executed and then lose their answer.
    package static let drops5: SimulatorProfile = {
        var profile = SimulatorProfile()
        profile.dropRate = 0.05
        profile.dropModes = [.reset: 1]
        return profile
    }()

    /// Everything goes wrong now and then.
    package static let chaos: SimulatorProfile = {
        var profile = SimulatorProfile()
        profile.latency = .lognormal(p50: 20, p99: 1_000)
        profile.declineRate = 0.05
        profile.declineCodes = commonDeclines
        profile.errorRate = 0.05
        profile.errorExecutedShare = 0.5
        profile.resetRate = 0.03
        profile.dropRate = 0.05
        profile.dropModes = [.reset: 6, .close: 1, .silence: 3]
        profile.dripRate = 0.01
        profile.goAwayEvery = 5_000
        return profile
    }()

    /// The ready-made profile of that name.
    package static func preset(named name: String) -> SimulatorProfile? {
        switch name {
        case "clean": .clean
        case "realistic": .realistic
        case "drops5": .drops5
        case "chaos": .chaos
        default: nil
        }
    }

    private static let commonDeclines: [String: Double] = [
        "insufficient_funds": 45, "do_not_honor": 20, "generic_decline": 10, "expired_card": 6, "incorrect_cvc": 6,
        "suspected_fraud": 4, "velocity_exceeded": 3, "authentication_required": 3, "issuer_unavailable": 1,
        "lost_card": 1, "stolen_card": 1,
    ]
}
