import NIOCore
import NIOPosix
import Payments
import Risk

@testable import HTTPTransport
@testable import Scoring

/// A client on an event loop of its own, to be used from async tests.
final class ScorerHarness: Sendable {
    private final class Recorder: ScorerDelegate {
        var promises: [UInt64: EventLoopPromise<ScoreOutcome>] = [:]
        var nextToken: UInt64 = 1 << 40
        var isAsking = false

        func scored(_ token: UInt64, of origin: CallOrigin, _ outcome: ScoreOutcome) {
            precondition(!isAsking, "delivered from inside ask")
            precondition(origin == ScorerHarness.origin, "the answer to another's question")
            guard let promise = promises.removeValue(forKey: token) else { preconditionFailure("two outcomes") }
            promise.succeed(outcome)
        }

        func scoresDelivered() {}
    }

    private static let origin = CallOrigin(caller: 0, ownership: 7)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let parts: NIOLoopBound<(client: ScorerClient, recorder: Recorder)>

    init(port: Int, maximumInFlight: Int = 256) async throws {
        let loop = group.next()
        self.loop = loop
        parts = try await loop.submit {
            var http = HTTPClientConfiguration(host: "127.0.0.1", port: port, authority: "localhost")
            http.connections = .init(minimum: 1, maximum: 2)
            http.sharing = .init(maxInFlight: maximumInFlight)
            http.backoff = .init(minimum: .milliseconds(5), maximum: .milliseconds(20))
            let recorder = Recorder()
            let client = ScorerClient(
                eventLoop: loop,
                target: ScorerTarget(client: http, path: "/score", token: "secret"),
                share: MerchantShare(percent: 100),
                merchantName: { $0.rawValue == 7 ? "shop" : nil },
                delegate: recorder
            )
            client.start()
            return NIOLoopBound((client, recorder), eventLoop: loop)
        }.get()
    }

    func ask(_ question: ScoreRequest, timeout: TimeAmount = .hours(1)) async throws -> ScoreOutcome {
        let promise = loop.makePromise(of: ScoreOutcome.self)
        loop.execute {
            let (client, recorder) = self.parts.value
            recorder.nextToken += 1
            recorder.promises[recorder.nextToken] = promise
            recorder.isAsking = true
            client.ask(question, token: recorder.nextToken, from: Self.origin, deadline: .now() + timeout)
            recorder.isAsking = false
        }
        return try await promise.futureResult.get()
    }

    /// Asks before the first connection is there, and retires in the same turn; returns when the
    /// client has.
    func askAndRetire(_ question: ScoreRequest, count: Int) async throws -> [ScoreOutcome] {
        let promises = (0..<count).map { _ in loop.makePromise(of: ScoreOutcome.self) }
        try await loop.flatSubmit {
            let (client, recorder) = self.parts.value
            for promise in promises {
                recorder.nextToken += 1
                recorder.promises[recorder.nextToken] = promise
                client.ask(question, token: recorder.nextToken, from: Self.origin, deadline: .now() + .hours(1))
            }
            return client.retire()
        }.get()
        return try await EventLoopFuture.whenAllSucceed(promises.map(\.futureResult), on: loop).get()
    }

    func statistics() async throws -> ScorerStatistics {
        try await loop.submit { self.parts.value.client.statistics }.get()
    }

    func shutdown() async throws {
        try await loop.flatSubmit { self.parts.value.client.shutdown() }.get()
        try await group.shutdownGracefully()
    }
}
