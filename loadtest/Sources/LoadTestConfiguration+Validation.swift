extension LoadTestConfiguration {
    static let maximumLoops = 256
    static let maximumConnections = 1_000
    static let maximumRate = 1_000_000.0
    static let durations = 0.001...1_000_000.0
    /// Requests name their merchant by 16 bits.
    static let maximumAPIKeys = 65_535

    /// Refuses what no run can be made of; says which option, and what it may be.
    func validate() throws(LoadUsageError) {
        guard (1...Self.maximumLoops).contains(loops) else {
            throw LoadUsageError("--loops is \(loops); it must be from 1 to \(Self.maximumLoops)")
        }
        if let connections, !(1...Self.maximumConnections).contains(connections) {
            throw LoadUsageError("--connections is \(connections); it must be from 1 to \(Self.maximumConnections)")
        }
        // A comparison with "not a number" is false: the conditions name what is allowed.
        if let rate, !(rate > 0 && rate <= Self.maximumRate) {
            throw LoadUsageError("--rate is \(rate); it must be above 0 and at most \(Int(Self.maximumRate))")
        }
        if let durationSeconds, !Self.durations.contains(durationSeconds) {
            throw LoadUsageError("--duration is \(durationSeconds) s; it must be from 1ms to 1000000s")
        }
        guard apiKeys.count <= Self.maximumAPIKeys else {
            throw LoadUsageError("\(apiKeys.count) API keys; at most \(Self.maximumAPIKeys) can be used")
        }
    }
}

extension LoadAuditConfiguration {
    static let settleTimes = 0...86_400.0

    /// Refuses what no audit can be made with.
    func validate() throws(LoadUsageError) {
        guard Self.settleTimes.contains(settleSeconds) else {
            throw LoadUsageError("--settle is \(settleSeconds); it must be from 0 to 86400 seconds")
        }
    }
}
