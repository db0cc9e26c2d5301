import API
import HTTPTransport
import Journal
import KeyRuns
import NIOCore
import NIOPosix
import Payments
import Providers
import Risk
import Scoring
import ShardCore
import ShardHost
import ShardRecords
import ShardStorage

/// One shard with what belongs to it alone: its journal and its connections to the providers.
final class ShardRuntime: ProviderDelegate {
    let host: ShardHost
    let journal: LocalJournal
    let recovery: RecoveryReport
    let restored: RestoreReport
    let storage: ShardStorage
    /// One pooled client for each connector of the configuration.
    let providers: ProviderTable
    /// Asks for scores; nil without one in the configuration.
    private(set) var scorer: ScorerClient?
    /// A scorer that was replaced and still has questions under way.
    private var retiredScorers: [ScorerClient] = []
    /// What those counted that are gone.
    private var endedScorers = ScorerStatistics()
    private var risk: RiskParts
    private var isClosing = false
    var room = RoomWatch()

    private init(
        host: ShardHost,
        journal: LocalJournal,
        recovery: RecoveryReport,
        restored: RestoreReport,
        storage: ShardStorage,
        providers: ProviderTable,
        risk: RiskParts
    ) {
        self.host = host
        self.journal = journal
        self.recovery = recovery
        self.restored = restored
        self.storage = storage
        self.providers = providers
        self.risk = risk
    }

    /// Brings a new shard to its newest snapshot, replays the journal behind it, and prepares the provider. Blocks; on the loop,
    /// before anything else runs there.
    static func open(_ plan: ShardPlan, on runtime: LoopRuntime) throws -> ShardRuntime {
        let relay = ProviderRelay()
        let providers = ProviderTable(plan.connectors, shard: plan.shard.shard, on: runtime.eventLoop, delegate: relay)
        var shardConfiguration = plan.shard
        providers.describe(in: &shardConfiguration.connectors)
        let renderer = RendererV1(cursorKey: plan.cursorKey, connectors: plan.registry)
        var core = ShardCore(configuration: shardConfiguration, renderer: renderer)
        let storage = ShardStorage(
            directory: plan.directory,
            journalID: plan.journal.journalID,
            keys: plan.journal.keys,
            keyPolicy: KeyRunPolicy(ttlSeconds: plan.shard.idempotencySeconds)
        )
        let restored = try storage.restore(into: &core)
        let restoredPayments = core.paymentCount
        let bridge = JournalBridge(eventLoop: runtime.eventLoop)
        let (journal, report): (LocalJournal, RecoveryReport)
        do {
            (journal, report) = try replay(plan, into: &core, from: restored.position, storage, owner: bridge)
        } catch let error as JournalError where !error.description.contains(plan.directory) {
            // The journal names its file; of several shards the operator needs to know which.
            throw JournalError(error.code, "\(plan.directory): \(error.description)")
        }
        let tailPayments = core.paymentCount - restoredPayments
        let host = ShardHost(
            eventLoop: runtime.eventLoop,
            core: core,
            journal: journal,
            threadPool: plan.threadPool,
            historyPool: plan.historyPool,
            keyPool: plan.keyPool,
            snapshots: SnapshotSetup(
                storage: storage,
                policy: plan.snapshots,
                writer: plan.snapshotPool,
                pace: plan.snapshotPace,
                merger: plan.mergePool,
                tailBytes: report.bytes,
                tailPayments: tailPayments
            ),
            limits: plan.hostLimits,
            clock: WallClock.milliseconds,
            ports: runtime
        )
        bridge.bind(host)
        let shard = ShardRuntime(
            host: host,
            journal: journal,
            recovery: report,
            restored: restored,
            storage: storage,
            providers: providers,
            risk: plan.risk
        )
        shard.scorer = shard.makeScorer()
        relay.target = shard
        shard.relay = relay
        return shard
    }

    /// Opens the journal and applies every record behind `position`.
    private static func replay(
        _ plan: ShardPlan,
        into core: inout ShardCore,
        from position: RecordPosition,
        _ storage: ShardStorage,
        owner: JournalBridge
    ) throws -> (LocalJournal, RecoveryReport) {
        var undecodable: (any Error)?
        var unreadable: JournalError?
        let (journal, report) = try LocalJournal.open(
            directory: plan.directory,
            configuration: plan.journal,
            owner: owner,
            from: position,
            fileSystem: PosixFileSystem()
        ) { position, bytes in
            guard undecodable == nil else { return }
            do throws(RecordDecodingError) {
                try core.replay(bytes, at: position) { sequence, before in
                    do throws(JournalError) { return try storage.load(sequence, before: before) } catch {
                        unreadable = error
                        return nil
                    }
                }
            } catch {
                undecodable = unreadable ?? Self.refusal(error, at: position, in: plan.directory)
            }
            do throws(JournalError) { try storage.makeRoomForKeys(in: &core) } catch { undecodable = error }
        }
        if let undecodable { throw undecodable }
        do throws(JournalError) { try storage.checkKeys(in: core) } catch {
            journal.close()
            throw error
        }
        return (journal, report)
    }

    private static func refusal(
        _ error: RecordDecodingError,
        at position: RecordPosition,
        in directory: String
    ) -> any Error {
        guard case .idempotencyTableFull(let capacity) = error else {
            return JournalError(.format, "\(directory): record \(position): \(error)")
        }
        return ConfigurationError(
            place: "idempotency.capacity_per_shard",
            "\(directory) holds more keys to remember than \(capacity); raise it"
        )
    }

    /// Keeps the delegate alive that the providers do not retain.
    private var relay: ProviderRelay?

    /// Calls the PSP of the call's connector. Of one that has left the configuration nothing is sent, and nothing is learnt.
    func perform(_ call: ProviderCall, token: UInt64, deadline: NIODeadline) {
        if let provider = providers[call.connector] {
            return provider.perform(call, token: token, deadline: deadline)
        }
        host.eventLoop.assumeIsolated().execute {
            self.providerCompleted(
                token,
                call.mode == .execute ? .notExecuted(.misconfigured) : .unknown(.misconfigured)
            )
            self.providerCompletionsDelivered()
        }
    }

    func providerCompleted(_ token: UInt64, _ outcome: ProviderOutcome) {
        host.providerCompleted(token, outcome)
    }

    func providerCompletionsDelivered() {
        host.providerCompletionsDelivered()
    }
}

// MARK: - The fraud hook

extension ShardRuntime: ScorerDelegate {
    private func makeScorer() -> ScorerClient? {
        guard let target = risk.scorer else { return nil }
        let names = risk.merchantNames
        return ScorerClient(
            eventLoop: host.eventLoop,
            target: target,
            merchantName: { names[$0] },
            delegate: self
        )
    }

    func scored(_ token: UInt64, _ outcome: ScoreOutcome) {
        // A question that the end of the process cut short is no failure of the scorer: the next start asks again.
        if isClosing, case .failed = outcome { return }
        host.scored(token, outcome)
    }

    /// Ends the questions under way.
    func closeScorers() -> [EventLoopFuture<Void>] {
        isClosing = true
        return (retiredScorers + [scorer].compactMap(\.self)).map { $0.shutdown() }
    }

    func scoresDelivered() { host.scoresDelivered() }

    /// What all scorers counted since the start; nil where none was ever asked.
    var scorerStatistics: ScorerStatistics? {
        var sum = endedScorers
        for scorer in retiredScorers + [scorer].compactMap(\.self) { sum.merge(scorer.statistics) }
        return scorer == nil && sum.questions == 0 ? nil : sum
    }

    /// New rules from now on; what the old scorer was asked it still answers.
    func reload(_ risk: RiskParts) {
        self.risk = risk
        if let scorer {
            retiredScorers.append(scorer)
            scorer.retire().assumeIsolated().whenComplete { _ in
                self.endedScorers.merge(scorer.statistics)
                self.retiredScorers.removeAll { $0 === scorer }
            }
        }
        scorer = makeScorer()
        scorer?.start()
        host.reload(risk: risk.policy)
    }

    /// Asks for a score, or says that nobody can be asked.
    func score(_ question: ScoreRequest, token: UInt64, timeout: Int64) {
        guard let scorer else {
            return host.eventLoop.assumeIsolated().execute {
                self.scored(token, .failed(.unreachable))
                self.scoresDelivered()
            }
        }
        scorer.ask(question, token: token, deadline: .now() + .milliseconds(timeout))
    }
}

/// Stands in for the shard's runtime while the providers are made before it.
private final class ProviderRelay: ProviderDelegate {
    weak var target: ShardRuntime?

    func providerCompleted(_ token: UInt64, _ outcome: ProviderOutcome) {
        target?.providerCompleted(token, outcome)
    }

    func providerCompletionsDelivered() {
        target?.providerCompletionsDelivered()
    }
}

/// What one shard is made from.
struct ShardPlan: Sendable {
    var directory: String
    var journal: JournalConfiguration
    var shard: ShardConfiguration
    /// Signs the cursors of lists, as the edge reads them.
    var cursorKey: LedgerCursorKey
    var hostLimits: ShardHost.Limits
    var registry: ConnectorRegistry
    var connectors: [ConnectorPlan]
    var risk: RiskParts
    var threadPool: NIOThreadPool
    var historyPool: NIOThreadPool
    var keyPool: NIOThreadPool
    var mergePool: NIOThreadPool
    var snapshots: SnapshotPolicy
    /// One thread, so that one shard at a time is written.
    var snapshotPool: NIOThreadPool
    var snapshotPace: WritePace
}
