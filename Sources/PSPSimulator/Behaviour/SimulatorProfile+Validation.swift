extension SimulatorProfile {
    /// Throws `PSPSimulatorError.invalidProfile`, naming the field as it is spelt in JSON.
    func validate() throws(PSPSimulatorError) {
        try Self.checkRate("decline_rate", declineRate)
        try Self.checkRate("error_rate", errorRate)
        try Self.checkRate("error_executed_share", errorExecutedShare)
        try Self.checkRate("reset_rate", resetRate)
        try Self.checkRate("drop_rate", dropRate)
        try Self.checkRate("drip_rate", dripRate)
        guard errorRate + resetRate + dropRate + dripRate <= 1 else {
            throw .invalidProfile(
                "error_rate, reset_rate, drop_rate and drip_rate exclude each other: their sum exceeds 1"
            )
        }
        guard goAwayEvery >= 0 else { throw .invalidProfile("goaway_every must not be negative") }
        for (name, weight) in declineCodes {
            guard ErrorCode.issuerDecline(named: name[...]) != nil else {
                throw .invalidProfile("decline_codes: \(name) is not a decline code")
            }
            try Self.checkWeight("decline_codes.\(name)", weight)
        }
        for (mode, weight) in dropModes { try Self.checkWeight("drop_modes.\(mode.rawValue)", weight) }
        try latency.validate()
    }

    private static func checkRate(_ name: String, _ rate: Double) throws(PSPSimulatorError) {
        guard rate >= 0, rate <= 1 else { throw .invalidProfile("\(name) must be between 0 and 1") }
    }

    private static func checkWeight(_ name: String, _ weight: Double) throws(PSPSimulatorError) {
        guard weight >= 0, weight.isFinite else { throw .invalidProfile("\(name) must not be negative") }
    }
}

extension SimulatorProfile.Latency {
    fileprivate func validate() throws(PSPSimulatorError) {
        let range = 0...SimulatorProfile.maximumLatencyMilliseconds
        switch self {
        case .fixed(let milliseconds):
            guard range.contains(milliseconds) else {
                throw .invalidProfile("latency.ms must be between 0 and 60000")
            }
        case .uniform(let minimum, let maximum):
            guard range.contains(minimum), range.contains(maximum), minimum <= maximum else {
                throw .invalidProfile("latency needs 0 <= min_ms <= max_ms <= 60000")
            }
        case .lognormal(let p50, let p99):
            guard range.contains(p50), range.contains(p99), p50 > 0, p50 <= p99 else {
                throw .invalidProfile("latency needs 0 < p50_ms <= p99_ms <= 60000")
            }
        }
    }
}
