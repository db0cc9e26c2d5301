/// What the drivers of all loops share.
struct LoadPlan: Sendable {
    var compiled: CompiledScenario
    var seed: UInt64
    var loops: Int
    var retries: Bool
    /// Whether the ledger of expectations is kept in memory for an audit.
    var keepsExpectations: Bool
    var stopSignal: (any StopSignal)?
}
