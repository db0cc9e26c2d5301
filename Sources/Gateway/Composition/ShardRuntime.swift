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

/// A shard while this host owns it, with what belongs to the ownership alone: its connections to the providers, so that no answer to
/// a former owner's call reaches a new one.
final class ShardRuntime: ProviderDelegate {
    let host: ShardHost
    let journal: any JournalEngine
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
    /// Keeps the delegate alive that the providers do not retain.
    private let relay: ProviderRelay

    /// - Parameter prepared: not started, and made for this ownership.
    init(_ host: ShardHost, ownership: ShardOwnership, prepared: PreparedProviders, risk: RiskParts) {
        self.host = host
        self.risk = risk
        journal = ownership.journal
        storage = ownership.storage
        providers = prepared.table
        relay = prepared.relay
        scorer = makeScorer()
        relay.target = self
    }

    /// Connects to the providers and resolves what was in flight.
    /// - Returns: the number of operations to resolve.
    func start() -> Int {
        for provider in providers.all { provider.start() }
        scorer?.start()
        return host.resume()
    }

    /// Ends the connections.
    func close() -> [EventLoopFuture<Void>] { closeScorers() + providers.all.map { $0.shutdown() } }

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
    private func closeScorers() -> [EventLoopFuture<Void>] {
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

/// The clients of a shard's providers before they are started, and to whom they answer.
struct PreparedProviders {
    let table: ProviderTable
    fileprivate let relay: ProviderRelay

    init(_ plan: ShardPlan, on eventLoop: any EventLoop) {
        relay = ProviderRelay()
        table = ProviderTable(plan.connectors, shard: plan.shard.shard, on: eventLoop, delegate: relay)
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
    /// Milliseconds since 1970.
    var clock: @Sendable () -> Int64
    /// Signs the cursors of lists, as the edge reads them.
    var cursorKey: LedgerCursorKey
    var hostLimits: ShardHost.Limits
    var registry: ConnectorRegistry
    var connectors: [ConnectorPlan]
    var risk: RiskParts
    var threadPool: NIOThreadPool
    var readThreads: ReadThreads
    var keyPool: NIOThreadPool
    var mergePool: NIOThreadPool
    var snapshots: SnapshotPolicy
    /// One thread, so that one shard at a time is written.
    var snapshotPool: NIOThreadPool
    var snapshotPace: WritePace
}
