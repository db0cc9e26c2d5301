import API
import HTTPTransport
import Journal
import KeyRuns
import NIOPosix
import Payments
import ShardCore
import ShardHost
import ShardRecords
import ShardStorage

/// A shard while this host owns it, with what belongs to the ownership alone.
final class ShardRuntime {
    let host: ShardHost
    let journal: any JournalEngine
    let storage: ShardStorage
    /// Names this ownership in calls to the providers and the scorer, so that no answer to a former
    /// owner's call reaches it.
    let origin: CallOrigin
    var room = RoomWatch()

    init(_ host: ShardHost, ownership: ShardOwnership, origin: CallOrigin) {
        self.host = host
        self.origin = origin
        journal = ownership.journal
        storage = ownership.storage
    }

    /// What the shard holds of what all shards share.
    var held: TableBudget.Held {
        TableBudget.Held(
            payments: host.core.warmPaymentCount,
            keys: host.core.idempotencyCount,
            accounts: host.core.expectedAccounts,
            completedKeys: host.core.completedKeyCount
        )
    }
}

/// What one shard is made from.
struct ShardPlan: Sendable {
    /// What the shard has beside its log.
    var directory: String
    var keys: JournalKeys?
    /// Nanoseconds that never go back.
    var monotonic: @Sendable () -> UInt64
    var shard: ShardConfiguration
    var clock: GatewayClock
    /// Signs the cursors of lists, as the edge reads them.
    var cursorKey: LedgerCursorKey
    var hostLimits: ShardHost.Limits
    var registry: ConnectorRegistry
    var risk: RiskParts
    var threadPool: NIOThreadPool
    var readThreads: ReadThreads
    var keyPool: NIOThreadPool
    var mergePool: NIOThreadPool
    var snapshots: SnapshotPolicy
    /// One thread, so that one shard at a time is written.
    var snapshotPool: NIOThreadPool
    var snapshotPace: WritePace
    /// One shard at a time takes what a snapshot is made from.
    var snapshotTurns: SnapshotTurns
    /// Hears of damage that a read of the shard's files found.
    var onDamage: @Sendable (JournalError) -> Void = { _ in }
}
