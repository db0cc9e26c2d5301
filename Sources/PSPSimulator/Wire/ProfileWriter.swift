import NIOCore
import WireJSON

/// Writes a profile in the form that `ProfileReader` reads.
enum ProfileWriter {
    static func write(_ profile: SimulatorProfile, into buffer: inout ByteBuffer) {
        let fields = [
            ("latency", latency(profile.latency)),
            ("decline_rate", "\(profile.declineRate)"),
            ("decline_codes", object(profile.declineCodes.map { ($0.key, "\($0.value)") })),
            ("error_rate", "\(profile.errorRate)"),
            ("error_executed_share", "\(profile.errorExecutedShare)"),
            ("reset_rate", "\(profile.resetRate)"),
            ("drop_rate", "\(profile.dropRate)"),
            ("drop_modes", object(profile.dropModes.map { ($0.key.rawValue, "\($0.value)") })),
            ("drop_first_only", "\(profile.dropFirstOnly)"),
            ("drip_rate", "\(profile.dripRate)"),
            ("goaway_every", "\(profile.goAwayEvery)"),
            ("over_capture_basis_points", "\(profile.overCaptureBasisPoints)"),
        ]
        buffer.writeString(joined(fields))
    }

    private static func latency(_ latency: SimulatorProfile.Latency) -> String {
        switch latency {
        case .fixed(let milliseconds):
            joined([("kind", "\"fixed\""), ("ms", "\(milliseconds)")])
        case .uniform(let minimum, let maximum):
            joined([("kind", "\"uniform\""), ("min_ms", "\(minimum)"), ("max_ms", "\(maximum)")])
        case .lognormal(let p50, let p99):
            joined([("kind", "\"lognormal\""), ("p50_ms", "\(p50)"), ("p99_ms", "\(p99)")])
        }
    }

    private static func object(_ members: [(String, String)]) -> String {
        joined(members.sorted { $0.0 < $1.0 })
    }

    // The simulator chooses the names, and they need no escaping. A finite double prints as a JSON
    // number.
    private static func joined(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
