package import HTTPTransport
package import NIOCore
package import Payments
package import Risk
package import Telemetry

/// Where the scorer is.
package struct ScorerTarget: Sendable {
    package var client: HTTPClientConfiguration
    /// With its leading slash.
    package var path: String
    /// Sent as a bearer token; a secret.
    package var token: String?

    /// - Parameter client: its `sharing` bounds the questions under way on one event loop; more
    ///   fail at once.
    package init(client: HTTPClientConfiguration, path: String, token: String? = nil) {
        self.client = client
        self.path = path
        self.token = token
    }
}

/// Where answers go. All calls come on the client's event loop, exactly one per question, never
/// from inside `ask`.
package protocol ScorerDelegate: AnyObject {
    func scored(_ token: UInt64, of origin: CallOrigin, _ outcome: ScoreOutcome)
    /// The answers that arrived together have been delivered: hand batches over now.
    func scoresDelivered()
}

/// What a client counts, on its own event loop. Counters only grow.
package struct ScorerStatistics: Sendable {
    package var questions: UInt64 = 0
    package var scored: UInt64 = 0
    package var timeouts: UInt64 = 0
    package var unreachable: UInt64 = 0
    package var overloaded: UInt64 = 0
    package var badAnswers: UInt64 = 0
    package var inFlight = 0
    /// From the question to its answer or failure.
    package var latency = LatencySnapshot()

    package init() {}

    /// Adds what another client counted.
    package mutating func merge(_ other: ScorerStatistics) {
        questions += other.questions
        scored += other.scored
        timeouts += other.timeouts
        unreachable += other.unreachable
        overloaded += other.overloaded
        badAnswers += other.badAnswers
        inFlight += other.inFlight
        latency.merge(other.latency)
    }

    mutating func count(_ outcome: ScoreOutcome) {
        switch outcome {
        case .scored: scored += 1
        case .failed(.timeout): timeouts += 1
        case .failed(.unreachable): unreachable += 1
        case .failed(.overloaded): overloaded += 1
        case .failed(.badAnswer): badAnswers += 1
        }
    }
}

/// Asks an external scorer over HTTP/2 (clear text with prior knowledge, or TLS), from one event
/// loop, whose shards share it.
///
/// 1. Encodes questions, and says what the answers mean.
/// 2. Bounds how many are under way (`StateMachine`).
/// 3. Leaves connections, deadlines and batches to the pool below: each question has its outcome by
///    its deadline.
package final class ScorerClient {
    private unowned let delegate: any ScorerDelegate
    private let eventLoop: any EventLoop
    private let encoder: ScoreRequestEncoder
    private let configuration: HTTPClientConfiguration
    private var machine: StateMachine
    private var pool: HTTPClientPool?
    private var counters = ScorerStatistics()
    private let latency = LatencyRecorder()
    /// Succeeds when the last question is answered.
    private var retirement: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - eventLoop: The loop that all calls are made on.
    ///   - share: What one merchant may have of the questions that its shard may ask at once. More
    ///     of it get no score.
    ///   - merchantName: A merchant's configured identifier.
    ///   - delegate: Not retained; must outlive the client's shutdown.
    package init(
        eventLoop: any EventLoop,
        target: ScorerTarget,
        share: MerchantShare,
        merchantName: @escaping @Sendable (MerchantID) -> String?,
        delegate: any ScorerDelegate
    ) {
        self.eventLoop = eventLoop
        self.delegate = delegate
        configuration = target.client
        encoder = ScoreRequestEncoder(target, merchantName: merchantName)
        machine = StateMachine(target.client.sharing, share: share)
    }

    package var statistics: ScorerStatistics {
        var statistics = counters
        statistics.inFlight = machine.inFlightCount
        statistics.latency = latency.snapshot()
        return statistics
    }

    /// Begins to connect; returns at once.
    package func start() {
        precondition(pool == nil, "a client is started once")
        let pool = HTTPClientPool(eventLoop: eventLoop, configuration: configuration, delegate: self)
        self.pool = pool
        pool.start()
    }

    /// Asks nothing any more; closes the connections when every question has its answer, each by
    /// its deadline.
    package func retire() -> EventLoopFuture<Void> {
        machine.close()
        guard machine.inFlightCount > 0 else { return shutdown() }
        let promise = retirement ?? eventLoop.makePromise(of: Void.self)
        retirement = promise
        return promise.futureResult
    }

    /// Asks nothing any more, fails the questions that wait to be sent, lets the sent ones end, and
    /// closes the connections.
    package func shutdown() -> EventLoopFuture<Void> {
        machine.close()
        return pool?.shutdown() ?? eventLoop.makeSucceededVoidFuture()
    }

    /// Withdraws the caller's questions that were not sent yet: they fail. Questions that were sent
    /// go on.
    package func withdraw(_ caller: UInt16) {
        pool?.withdraw(Int(caller))
    }

    /// Asks for a score. Its outcome arrives at the delegate with `token` and `origin`, at the
    /// latest at `deadline`. The timer wheel's tick makes that exact to 10 ms.
    package func ask(_ question: ScoreRequest, token: UInt64, from origin: CallOrigin, deadline: NIODeadline) {
        guard let pool else { preconditionFailure("start() comes before ask(_:token:from:deadline:)") }
        counters.questions += 1
        switch machine.ask(token: token, about: question.merchant, from: origin, at: .now()) {
        case .send(let slot):
            pool.execute(encoder.encode(question), token: slot, caller: Int(origin.caller), deadline: deadline)
        case .refuse:
            eventLoop.assumeIsolated().execute {
                self.report(.failed(.overloaded), token, of: origin)
                self.delegate.scoresDelivered()
            }
        }
    }

    private func report(_ outcome: ScoreOutcome, _ token: UInt64, of origin: CallOrigin) {
        counters.count(outcome)
        delegate.scored(token, of: origin, outcome)
    }
}

extension ScorerClient: HTTPClientDelegate {
    package func completed(_ slot: UInt64, _ result: HTTPClientResult) {
        let question = machine.answered(slot)
        let nanoseconds = (NIODeadline.now() - question.askedAt).nanoseconds
        latency.record(microseconds: UInt64(max(0, nanoseconds)) / 1_000)
        report(ScoreAnswerDecoder.outcome(of: result), question.token, of: question.origin)
    }

    package func completionsDelivered() {
        delegate.scoresDelivered()
        guard machine.inFlightCount == 0, let retirement else { return }
        self.retirement = nil
        shutdown().cascade(to: retirement)
    }
}
