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
    private let journal: JournalConfiguration

    /// - Parameter providers: declare what they are capable of.
    init(_ plan: ShardPlan, _ providers: ProviderTable) {
        var configuration = plan.shard
        providers.describe(in: &configuration.connectors)
        self.configuration = configuration
        renderer = RendererV1(cursorKey: plan.cursorKey, connectors: plan.registry)
        directory = plan.directory
        journal = plan.journal
    }

    /// The files beside the journal, as a new owner finds them.
    func openStorage() -> ShardStorage {
        ShardStorage(
            directory: directory,
            journalID: journal.journalID,
            keys: journal.keys,
            keyPolicy: KeyRunPolicy(ttlSeconds: configuration.idempotencySeconds)
        )
    }

    func makeFollower() throws(JournalError) -> ShardFollower {
        try ShardFollower(configuration: configuration, renderer: renderer, storage: openStorage())
    }

    /// Opens the journal without owning it, and applies every record behind the follower's snapshot. Blocks.
    func openJournal(_ follower: ShardFollower) throws(JournalError) -> (LocalJournalStore, RecoveryReport) {
        do throws(JournalError) {
            let opened = try LocalJournalStore.open(
                directory: directory,
                configuration: journal,
                from: follower.position
            ) { position, bytes in follower.replay(bytes, at: position) }
            return (opened.store, opened.report)
        } catch {
            // The journal names its file; of several shards the operator needs to know which.
            if error.description.contains(directory) { throw error }
            throw JournalError(error.code, "\(directory): \(error.description)")
        }
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
