import API
import Journal
import KeyRuns
import NIOCore
import ShardCore
import ShardHost
import ShardRecords
import ShardStorage

/// What a shard's state is built with, whoever owns the shard.
struct ShardParts: Sendable {
    let configuration: ShardConfiguration
    let renderer: RendererV1
    private let directory: String
    private let keys: JournalKeys?
    private let onDamage: @Sendable (JournalError) -> Void

    /// - Parameter providers: declare what they are capable of.
    init(_ plan: ShardPlan, _ providers: ProviderTable) {
        var configuration = plan.shard
        providers.describe(in: &configuration.connectors)
        self.configuration = configuration
        renderer = RendererV1(cursorKey: plan.cursorKey, connectors: plan.registry)
        directory = plan.directory
        keys = plan.keys
        onDamage = plan.onDamage
    }

    /// The files beside the log, as a new owner finds them.
    func openStorage() -> ShardStorage {
        ShardStorage(
            directory: directory,
            journalID: UInt64(configuration.shard),
            keys: keys,
            keyPolicy: KeyRunPolicy(ttlSeconds: configuration.idempotencySeconds),
            onDamage: onDamage
        )
    }

    func makeFollower() throws(JournalError) -> ShardFollower {
        try ShardFollower(configuration: configuration, renderer: renderer, storage: openStorage())
    }

    /// What the operator reads of a shard that cannot be built.
    func refusal(_ failure: ShardFollower.Failure) -> any Error {
        switch failure {
        case .journal(let error): return error
        case .record(.idempotencyTableFull(let capacity), _):
            return ConfigurationError(
                place: "idempotency.capacity_per_shard",
                "\(directory) holds more keys to remember than \(capacity); raise it"
            )
        case .record(let error, let position):
            return JournalError(.format, "\(directory): record \(position): \(error)")
        }
    }
}
