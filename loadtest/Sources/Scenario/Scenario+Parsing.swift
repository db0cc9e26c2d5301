extension Scenario {
    /// Reads a scenario file's text. Throws `LoadUsageError` that names file, line and key.
    init(file: String, text: String) throws {
        let reader = try YAMLReader(file: file, text: text)
        try reader.checkKeys(
            [
                "name", "description", "retries", "give_up", "timeout", "drain", "in_flight", "connections",
                "merchants",
                "phases", "limits", "psp_profile", "raw",
            ] + Load.keys
        )
        guard let name = try reader.string("name") else { throw LoadUsageError("\(file): \"name\" is missing") }
        self.init(name: name)
        description = try reader.string("description") ?? ""
        retries = try reader.bool("retries") ?? retries
        giveUp = try reader.duration("give_up") ?? giveUp
        timeout = try reader.duration("timeout") ?? timeout
        drain = try reader.duration("drain") ?? drain
        inFlight = try reader.int("in_flight", in: 1...Self.maximumInFlight) ?? inFlight
        connections = try reader.int("connections", in: 1...1_000) ?? connections
        if let child = try reader.child("merchants") { merchants = try Merchants(child) }
        if let child = try reader.child("limits") { limits = try Limits(child) }
        if let child = try reader.child("raw") { raw = try RawRequest(child) }
        pspProfile = try reader.json("psp_profile")
        let load = try Load(reader, inheriting: Load())
        phases = try reader.children("phases").flatMap { try Phase.read($0, inheriting: load) }
        guard !phases.isEmpty else { throw LoadUsageError("\(file): \"phases\" must list at least one phase") }
        guard phases.count <= Self.maximumPhases else {
            throw LoadUsageError("\(file): more than \(Self.maximumPhases) phases")
        }
        if raw != nil { for index in phases.indices { phases[index].load.mix = [.raw: 1] } }
    }
}

extension Scenario.Merchants {
    fileprivate init(_ reader: YAMLReader) throws {
        try reader.checkKeys(["count", "spread", "exponent"])
        count = try reader.int("count", in: 1...65_535)
        switch try reader.string("spread") ?? "uniform" {
        case "uniform":
            guard !reader.has("exponent") else { throw reader.failure("exponent", "belongs to a zipf spread") }
        case "zipf":
            exponent = try reader.number("exponent", in: 0.01...5) ?? 1
        default:
            throw reader.failure("spread", "must be uniform or zipf")
        }
    }
}

extension Scenario.Limits {
    fileprivate init(_ reader: YAMLReader) throws {
        try reader.checkKeys(["error_rate", "saturation", "send_lag"] + Percentile.allCases.map(\.rawValue))
        errorRate = try reader.number("error_rate", in: 0...1) ?? 0
        allowsSaturation = try reader.bool("saturation") ?? false
        sendLag = try reader.duration("send_lag") ?? sendLag
        for percentile in Percentile.allCases {
            guard let bound = try reader.duration(percentile.rawValue) else { continue }
            percentiles[percentile] = Double(bound) / 1e6
        }
    }
}

extension Scenario.RawRequest {
    fileprivate init(_ reader: YAMLReader) throws {
        try reader.checkKeys(["api", "path", "body", "headers"])
        guard let api = API(rawValue: try reader.string("api") ?? API.gateway.rawValue) else {
            throw reader.failure("api", "must be gateway or provider")
        }
        guard let path = try reader.string("path"), path.hasPrefix("/") else {
            throw reader.failure("path", "must be given and begin with /")
        }
        var headers: [String: String] = [:]
        if let child = try reader.child("headers") {
            for name in child.keys { headers[name.lowercased()] = try child.string(name) }
        }
        self.init(api: api, path: path, body: try reader.string("body") ?? "", headers: headers)
    }
}

extension Scenario.Load {
    static let keys = ["mix", "payment_methods", "amounts", "duplicates", "conflicts"]

    fileprivate init(_ reader: YAMLReader, inheriting parent: Self) throws {
        self = parent
        if let weights = try reader.weights("mix") {
            mix = [:]
            for (name, weight) in weights {
                guard let operation = Operation(name: name) else {
                    let known = Operation.allCases.filter { $0 != .raw }.map(\.name).joined(separator: ", ")
                    throw reader.failure("mix", "has an unknown operation \"\(name)\"; known: \(known)")
                }
                mix[operation] = weight
            }
        }
        paymentMethods = try reader.weights("payment_methods") ?? paymentMethods
        if let child = try reader.child("amounts") { try readAmounts(child) }
        if let child = try reader.child("duplicates") {
            try child.checkKeys(["rate", "concurrent"])
            duplicateRate = try child.number("rate", in: 0...1) ?? 0
            concurrentShare = try child.number("concurrent", in: 0...1) ?? concurrentShare
        }
        if let child = try reader.child("conflicts") {
            try child.checkKeys(["rate"])
            conflictRate = try child.number("rate", in: 0...1) ?? 0
        }
    }

    private mutating func readAmounts(_ reader: YAMLReader) throws {
        try reader.checkKeys(["minimum", "maximum", "currencies"])
        let minimum = try reader.int("minimum", in: 1...99_999_999) ?? Int(amounts.lowerBound)
        let maximum = try reader.int("maximum", in: 1...99_999_999) ?? Int(amounts.upperBound)
        guard minimum <= maximum else { throw reader.failure("minimum", "is above the maximum") }
        amounts = Int64(minimum)...Int64(maximum)
        currencies = try reader.weights("currencies") ?? currencies
    }
}

extension Scenario.Phase {
    /// One phase, or as many as a phase with `steps` stands for.
    fileprivate static func read(_ reader: YAMLReader, inheriting load: Scenario.Load) throws -> [Self] {
        try reader.checkKeys(
            ["name", "duration", "rate", "steps", "arrival", "warm_up", "stop_above_p99"] + Scenario.Load.keys
        )
        guard let duration = try reader.duration("duration"), duration > 0 else {
            throw reader.failure("duration", "must be given")
        }
        var phase = Self(
            name: try reader.string("name") ?? reader.path,
            duration: duration,
            startRate: 0,
            endRate: 0,
            load: try Scenario.Load(reader, inheriting: load)
        )
        phase.isWarmUp = try reader.bool("warm_up") ?? false
        phase.stopAboveP99 = try reader.duration("stop_above_p99").map { Double($0) / 1e6 }
        switch try reader.string("arrival") ?? "constant" {
        case "constant": phase.arrival = .constant
        case "poisson": phase.arrival = .poisson
        default: throw reader.failure("arrival", "must be constant or poisson")
        }
        return try phase.withRates(reader)
    }

    private func withRates(_ reader: YAMLReader) throws -> [Self] {
        guard reader.has("rate") != reader.has("steps") else {
            throw reader.failure("rate", "or steps must be given, and not both")
        }
        if let steps = try reader.child("steps") { return try withSteps(steps) }
        var phase = self
        if let ramp = try? reader.child("rate") {
            try ramp.checkKeys(["from", "to"])
            phase.startRate = try ramp.requiredRate("from")
            phase.endRate = try ramp.requiredRate("to")
        } else {
            phase.startRate = try reader.requiredRate("rate")
            phase.endRate = phase.startRate
        }
        guard phase.startRate + phase.endRate > 0 else { throw reader.failure("rate", "must be above 0") }
        return [phase]
    }

    private func withSteps(_ steps: YAMLReader) throws -> [Self] {
        try steps.checkKeys(["from", "to", "by"])
        let (from, to) = (try steps.requiredRate("from"), try steps.requiredRate("to"))
        let by = try steps.requiredRate("by")
        guard by > 0, from > 0, from <= to, (to - from) / by < Double(Scenario.maximumPhases) else {
            throw steps.failure("by", "must lead from \"from\" to \"to\" in at most \(Scenario.maximumPhases) steps")
        }
        return stride(from: from, through: to, by: by).map { rate in
            var phase = self
            phase.startRate = rate
            phase.endRate = rate
            phase.name = "\(name)-\(Int(rate))"
            return phase
        }
    }
}

extension YAMLReader {
    fileprivate func requiredRate(_ key: String) throws -> Double {
        guard let rate = try number(key, in: 0...1_000_000) else { throw failure(key, "must be given") }
        return rate
    }
}
