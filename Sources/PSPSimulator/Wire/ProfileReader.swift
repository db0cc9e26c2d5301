import WireJSON

/// Reads a profile from JSON. Starts from the preset that `preset` names, or from `clean`; every
/// other member replaces one field. It refuses unknown members by name, because a misspelt rate
/// must not silently be 0.
struct ProfileReader {
    private var cursor = JSONCursor(maximumDepth: 4)

    /// Throws `PSPSimulatorError.invalidProfile` for anything that is not a usable profile.
    static func read(_ input: Span<UInt8>) throws(PSPSimulatorError) -> SimulatorProfile {
        // Two passes, because `preset` may stand behind what it must not overwrite.
        var reader = ProfileReader()
        var profile = try reader.readPreset(input)
        reader = ProfileReader()
        try reader.readFields(input, into: &profile)
        try profile.validate()
        return profile
    }

    private mutating func readPreset(_ input: Span<UInt8>) throws(PSPSimulatorError) -> SimulatorProfile {
        var chosen = SimulatorProfile.clean
        try beginObject(input)
        while let name = try nextName(input) {
            if name == "preset" {
                let text = try string(name, input)
                guard let preset = SimulatorProfile.preset(named: text) else {
                    let names = SimulatorProfile.presetNames.joined(separator: ", ")
                    throw .invalidProfile("preset: \(text) is not one of \(names)")
                }
                chosen = preset
            } else {
                try skip(input)
            }
        }
        try finish(input)
        return chosen
    }

    private mutating func readFields(
        _ input: Span<UInt8>,
        into profile: inout SimulatorProfile
    ) throws(PSPSimulatorError) {
        try beginObject(input)
        while let name = try nextName(input) {
            switch name {
            case "preset": try skip(input)
            case "latency": profile.latency = try latency(input)
            case "decline_rate": profile.declineRate = try number(name, input)
            case "decline_codes": profile.declineCodes = try weights(name, input)
            case "error_rate": profile.errorRate = try number(name, input)
            case "error_executed_share": profile.errorExecutedShare = try number(name, input)
            case "reset_rate": profile.resetRate = try number(name, input)
            case "drop_rate": profile.dropRate = try number(name, input)
            case "drop_modes": profile.dropModes = try dropModes(input)
            case "drop_first_only": profile.dropFirstOnly = try bool(name, input)
            case "drip_rate": profile.dripRate = try number(name, input)
            case "goaway_every": profile.goAwayEvery = try integer(name, input)
            case "over_capture_basis_points": profile.overCaptureBasisPoints = try basisPoints(name, input)
            default: throw .invalidProfile("\(name) is not a field of a profile")
            }
        }
    }

    private mutating func latency(_ input: Span<UInt8>) throws(PSPSimulatorError) -> SimulatorProfile.Latency {
        var kind = "fixed"
        var values: [String: Double] = [:]
        try beginObject(input, "latency")
        while let name = try nextName(input) {
            if name == "kind" {
                kind = try string("latency.kind", input)
            } else {
                values[name] = try number("latency.\(name)", input)
            }
        }
        let names = Set(values.keys)
        switch kind {
        case "fixed" where names == ["ms"]:
            return .fixed(milliseconds: values["ms"]!)
        case "uniform" where names == ["min_ms", "max_ms"]:
            return .uniform(minimum: values["min_ms"]!, maximum: values["max_ms"]!)
        case "lognormal" where names == ["p50_ms", "p99_ms"]:
            return .lognormal(p50: values["p50_ms"]!, p99: values["p99_ms"]!)
        default:
            throw .invalidProfile(
                "latency is {kind: fixed, ms}, {kind: uniform, min_ms, max_ms} or {kind: lognormal, p50_ms, p99_ms}"
            )
        }
    }

    private mutating func dropModes(
        _ input: Span<UInt8>
    ) throws(PSPSimulatorError) -> [SimulatorProfile.DropMode: Double] {
        var modes: [SimulatorProfile.DropMode: Double] = [:]
        for (name, weight) in try weights("drop_modes", input) {
            guard let mode = SimulatorProfile.DropMode(rawValue: name) else {
                throw .invalidProfile("drop_modes: \(name) is not one of reset, close, silence")
            }
            modes[mode] = weight
        }
        return modes
    }

    private mutating func weights(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> [String: Double] {
        var weights: [String: Double] = [:]
        try beginObject(input, field)
        while let name = try nextName(input) { weights[name] = try number("\(field).\(name)", input) }
        return weights
    }
}

// MARK: - Values

extension ProfileReader {
    private mutating func beginObject(_ input: Span<UInt8>, _ field: String? = nil) throws(PSPSimulatorError) {
        do { try cursor.beginObject(input) } catch {
            throw Self.failure(error, field.map { "\($0) must be an object" } ?? "the body must be a JSON object")
        }
    }

    private mutating func nextName(_ input: Span<UInt8>) throws(PSPSimulatorError) -> String? {
        do { return try cursor.nextMember(input)?.string(in: input) } catch { throw Self.failure(error, nil) }
    }

    private mutating func finish(_ input: Span<UInt8>) throws(PSPSimulatorError) {
        do { try cursor.finish(input) } catch { throw Self.failure(error, nil) }
    }

    private mutating func skip(_ input: Span<UInt8>) throws(PSPSimulatorError) {
        do { try cursor.skipValue(input) } catch { throw Self.failure(error, nil) }
    }

    private mutating func string(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> String {
        do { return try cursor.readString(input).string(in: input) } catch {
            throw Self.failure(error, "\(field) must be a string")
        }
    }

    private mutating func bool(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> Bool {
        do { return try cursor.readBool(input) } catch { throw Self.failure(error, "\(field) must be true or false") }
    }

    private mutating func integer(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> Int {
        do { return Int(try cursor.readInt64(input)) } catch {
            throw Self.failure(error, "\(field) must be a whole number")
        }
    }

    private mutating func basisPoints(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> UInt16 {
        let value = try integer(field, input)
        guard (0...10_000).contains(value) else { throw .invalidProfile("\(field) must be between 0 and 10000") }
        return UInt16(value)
    }

    private mutating func number(_ field: String, _ input: Span<UInt8>) throws(PSPSimulatorError) -> Double {
        do {
            let range = try cursor.readNumber(input).range
            var digits: [UInt8] = []
            for index in range { digits.append(input[index]) }
            // Read as a double: these are probabilities and weights, never money.
            return Double(String(decoding: digits, as: UTF8.self)) ?? .infinity
        } catch {
            throw Self.failure(error, "\(field) must be a number")
        }
    }

    private static func failure(_ error: JSONError, _ expectation: String?) -> PSPSimulatorError {
        let isOfWrongKind = error.code == .wrongType || error.code == .notAnInteger
        if isOfWrongKind, let expectation { return .invalidProfile(expectation) }
        return .invalidProfile("not JSON: \(error.code) at byte \(error.offset)")
    }
}
