import HTTPTransport
import NIOCore
import Payments
import Providers
import Risk
import Scoring
import ShardHost
import ShardState

/// The clients of one event loop: one for each connector, and one for the scorer. The loop's shards
/// share them.
///
/// 1. Each call carries its shard's slot and ownership. Its outcome goes to the ownership that made
///    it. When that has ended, the outcome is dropped and counted: the shard's next owner asks the
///    provider itself.
/// 2. Connections, concurrency and failures to connect belong to the loop and the connector. A
///    shard has at most a share of a client's places, and shards whose calls wait take turns.
final class LoopClients {
    /// What the clients of a loop are made from.
    struct Plan: Sendable {
        var connectors: [ConnectorPlan]
        var risk: RiskParts
        var share: CallShare
    }

    private(set) var providers = ProviderTable()
    private(set) var statistics = LoopClientStatistics()
    private let eventLoop: any EventLoop
    private let share: CallShare
    /// The loop's shards; they number their calls by slot.
    private let callers: Int
    private unowned let runtime: LoopRuntime
    private var risk: RiskParts
    private var scorer: ScorerClient?
    /// Scorers that were replaced and still have questions under way.
    private var retiredScorers: [ScorerClient] = []
    /// What the scorers that have ended counted.
    private var endedScorers = ScorerStatistics()
    private var isStarted = false
    private var isClosing = false
    /// Slots whose shards were given outcomes, and were not yet told that the batch is complete.
    private var touched: [UInt16] = []

    /// Nothing connects before `start`.
    /// - Parameters:
    ///   - callers: the loop's shards.
    ///   - runtime: knows who owns a slot's shard; not retained; outlives the clients' shutdown.
    init(_ plan: Plan, callers: Int, of runtime: LoopRuntime) {
        self.callers = callers
        self.runtime = runtime
        eventLoop = runtime.eventLoop
        share = plan.share
        risk = plan.risk
        providers = ProviderTable(
            plan.connectors,
            share: plan.share,
            callers: callers,
            // The pools of different loops do not reconnect in step.
            seed: UInt64(runtime.index) + 1,
            on: eventLoop,
            delegate: self
        )
        scorer = makeScorer()
    }

    /// Connects to the providers and the scorer.
    func start() {
        isStarted = true
        for provider in providers.all { provider.start() }
        scorer?.start()
    }

    /// Takes no more calls, lets those under way end, closes the connections.
    func shutdown() -> [EventLoopFuture<Void>] {
        isClosing = true
        return (retiredScorers + [scorer].compactMap(\.self)).map { $0.shutdown() }
            + providers.all.map { $0.shutdown() }
    }

    /// Withdraws the requests of a slot's shard that were not sent yet: another host owns the shard
    /// now.
    func withdraw(_ slot: UInt16) {
        for provider in providers.all { provider.withdraw(slot) }
        scorer?.withdraw(slot)
        for scorer in retiredScorers { scorer.withdraw(slot) }
    }

    /// Calls the PSP of the call's connector. If the connector is no longer in the configuration,
    /// nothing is sent. An execution is then not executed, and an inquiry learns nothing.
    func perform(_ call: ProviderCall, token: UInt64, from origin: CallOrigin, deadline: NIODeadline) {
        if let provider = providers[call.connector] {
            return provider.perform(call, token: token, from: origin, deadline: deadline)
        }
        eventLoop.assumeIsolated().execute {
            let outcome: ProviderOutcome =
                call.mode == .execute ? .notExecuted(.misconfigured) : .unknown(.misconfigured)
            self.providerCompleted(token, of: origin, outcome)
            self.providerCompletionsDelivered()
        }
    }

    /// The shard that made a call, while it has the same owner.
    private func shard(of origin: CallOrigin) -> ShardRuntime? {
        guard let shard = runtime.owner(of: origin.caller), shard.origin == origin, !shard.host.isReleased else {
            statistics.answersDropped += 1
            return nil
        }
        if touched.last != origin.caller, !touched.contains(origin.caller) { touched.append(origin.caller) }
        return shard
    }

    /// Tells each shard that was given outcomes that the batch is complete.
    private func delivered(_ tell: (ShardRuntime) -> Void) {
        // Taken out first: what is told may bring the next outcome in.
        var slots: [UInt16] = []
        swap(&slots, &touched)
        runtime.gather {
            for slot in slots {
                if let shard = runtime.owner(of: slot) { tell(shard) }
            }
        }
        slots.removeAll(keepingCapacity: true)
        if touched.isEmpty { swap(&slots, &touched) }
    }
}

/// Plain counters of one loop's clients, since the process started.
struct LoopClientStatistics {
    /// Outcomes of calls whose shard was lost meanwhile.
    var answersDropped: UInt64 = 0
}

/// The part of a client's places that one of several shards may have, so that no shard has them
/// all. It is three quarters, or one merchant's share of a shard's calls if that is more.
struct CallShare: Sendable {
    /// One merchant's share of what its shard may have.
    let ofMerchants: MerchantShare
    private let share: MerchantShare

    init(_ merchants: MerchantShare) {
        ofMerchants = merchants
        share = MerchantShare(percent: max(75, merchants.percent))
    }

    /// How `callers` share the places of a client.
    func sharing(of places: Int, among callers: Int) -> HTTPClientConfiguration.Sharing {
        .init(
            callers: callers,
            maxInFlight: places,
            maxInFlightPerCaller: callers == 1 ? places : share.of(places)
        )
    }
}

// MARK: - Providers

extension LoopClients: ProviderDelegate {
    func providerCompleted(_ token: UInt64, of origin: CallOrigin, _ outcome: ProviderOutcome) {
        shard(of: origin)?.host.providerCompleted(token, outcome)
    }

    func providerCompletionsDelivered() {
        delivered { $0.host.providerCompletionsDelivered() }
    }
}

// MARK: - The scorer

extension LoopClients: ScorerDelegate {
    private func makeScorer() -> ScorerClient? {
        guard var target = risk.scorer else { return nil }
        target.client.sharing = share.sharing(of: target.client.sharing.maxInFlight, among: callers)
        let names = risk.merchantNames
        return ScorerClient(
            eventLoop: eventLoop,
            target: target,
            share: share.ofMerchants,
            merchantName: { names[$0] },
            delegate: self
        )
    }

    /// Asks for a score, or says that nobody can be asked.
    func score(_ question: ScoreRequest, token: UInt64, from origin: CallOrigin, deadline: NIODeadline) {
        guard let scorer else {
            return eventLoop.assumeIsolated().execute {
                self.scored(token, of: origin, .failed(.unreachable))
                self.scoresDelivered()
            }
        }
        scorer.ask(question, token: token, from: origin, deadline: deadline)
    }

    func scored(_ token: UInt64, of origin: CallOrigin, _ outcome: ScoreOutcome) {
        // A question that the end of the process cut short is no failure of the scorer: the next
        // start asks again.
        if isClosing, case .failed = outcome { return }
        shard(of: origin)?.host.scored(token, outcome)
    }

    func scoresDelivered() {
        delivered { $0.host.scoresDelivered() }
    }

    /// What all scorers counted since the start; nil where none was ever asked.
    var scorerStatistics: ScorerStatistics? {
        var sum = endedScorers
        for scorer in retiredScorers + [scorer].compactMap(\.self) { sum.merge(scorer.statistics) }
        return scorer == nil && sum.questions == 0 ? nil : sum
    }

    /// Another scorer from now on; what the old one was asked it still answers.
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
        if isStarted { scorer?.start() }
    }
}
