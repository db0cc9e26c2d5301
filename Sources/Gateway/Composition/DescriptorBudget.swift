#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How the descriptors of the process are shared out. Journals, calls to providers and the admin
/// port come first; merchants' connections get the rest. So no number of connections can take a
/// descriptor from a journal.
struct DescriptorBudget: Equatable {
    /// Standard streams, the data directory, libraries, and files that are open for a moment.
    private static let process = 128
    /// A log's segments (in use, next, archived ones that are read), witness, checkpoints and lock.
    private static let log = 32
    /// A shard's snapshots, runs of keys, cold payments, cursors and lock, and what its readers
    /// open of the log.
    private static let shard = 48
    /// The listener and the system's own descriptors of an event loop.
    private static let eventLoop = 8
    /// The least connections of a loop, or the configured number if that is lower. A start with
    /// fewer is refused.
    static let leastConnectionsPerLoop = 64

    /// What the process may open.
    let limit: Int
    /// What merchants' connections never take.
    let reserved: Int
    /// What is configured.
    let wantedPerLoop: Int
    /// The most connections that each loop takes.
    let connectionsPerLoop: Int

    /// - Parameters:
    ///   - limit: what the process may open.
    ///   - callsPerLoop: the most connections of a loop to the providers and the scorer.
    ///   - adminConnections: the most connections of the admin port.
    ///   - wantedPerLoop: the most merchants' connections of a loop, as configured.
    /// Throws when too few connections are left.
    init(
        limit: Int,
        loops: Int,
        shards: Int,
        logs: Int,
        callsPerLoop: Int,
        adminConnections: Int,
        wantedPerLoop: Int
    ) throws(ConfigurationError) {
        self.limit = limit
        self.wantedPerLoop = wantedPerLoop
        reserved =
            Self.process + logs * Self.log + shards * Self.shard + adminConnections + (loops + 1) * Self.eventLoop
            + loops * callsPerLoop
        connectionsPerLoop = min(wantedPerLoop, max(0, limit - reserved) / loops)
        let least = min(wantedPerLoop, Self.leastConnectionsPerLoop)
        guard connectionsPerLoop >= least else {
            throw ConfigurationError(
                place: "the limit of open files",
                "\(limit) leaves no room for merchants' connections: \(reserved) are kept for \(shards) shards and the "
                    + "admin port. Raise the hard limit to \(reserved + loops * least) at least (ulimit -Hn, "
                    + "LimitNOFILE), or use fewer shards"
            )
        }
    }

    /// The budget of a gateway; raises the process's limit.
    /// - Parameter callsPerLoop: the most connections of a loop to the providers.
    init(
        _ configuration: GatewayConfiguration,
        shards: Int,
        logs: Int,
        callsPerLoop: Int
    ) throws(ConfigurationError) {
        try self.init(
            limit: Self.raiseLimit(),
            loops: min(configuration.loops, shards),
            shards: shards,
            logs: logs,
            callsPerLoop: callsPerLoop + (configuration.risk.scorer?.connectionsPerLoop ?? 0),
            adminConnections: AdminLimits().maxConnections,
            wantedPerLoop: configuration.limits.maxConnectionsPerLoop
        )
    }

    /// Whether the limit allows fewer connections than configured.
    var isShort: Bool { connectionsPerLoop < wantedPerLoop }

    /// Raises the process's soft limit of open files to its hard limit, and returns what the
    /// process may open then.
    static func raiseLimit() -> Int {
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            // Refused in some containers; the soft limit holds then.
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, 1 << 30))
    }
}
