import NIOCore
import NIOPosix
import Payments

@testable import HTTPTransport
@testable import Providers

/// A provider on an event loop of its own, to be used from async tests.
final class ProviderHarness: Sendable {
    private final class Recorder: ProviderDelegate {
        var promises: [UInt64: EventLoopPromise<ProviderOutcome>] = [:]
        var nextToken: UInt64 = 1 << 40
        var isPerforming = false

        func providerCompleted(_ token: UInt64, of origin: CallOrigin, _ outcome: ProviderOutcome) {
            precondition(!isPerforming, "delivered from inside perform")
            precondition(origin == ProviderHarness.origin, "the outcome of another's call")
            guard let promise = promises.removeValue(forKey: token) else { preconditionFailure("two outcomes") }
            promise.succeed(outcome)
        }

        func providerCompletionsDelivered() {}
    }

    private static let origin = CallOrigin(caller: 0, ownership: 7)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let parts: NIOLoopBound<(provider: SimulatedProvider, recorder: Recorder)>

    init(port: Int) async throws {
        let loop = group.next()
        self.loop = loop
        parts = try await loop.submit {
            var client = HTTPClientConfiguration(host: "127.0.0.1", port: port, authority: "localhost")
            client.connections = .init(minimum: 1, maximum: 2)
            client.backoff = .init(minimum: .milliseconds(5), maximum: .milliseconds(20))
            let recorder = Recorder()
            let provider = SimulatedProvider(
                name: "simulated",
                eventLoop: loop,
                client: client,
                secret: "sk_sim_test",
                delegate: recorder
            )
            provider.start()
            return NIOLoopBound((provider, recorder), eventLoop: loop)
        }.get()
    }

    func perform(_ call: ProviderCall, timeout: TimeAmount = .hours(1)) async throws -> ProviderOutcome {
        let promise = loop.makePromise(of: ProviderOutcome.self)
        loop.execute {
            let (provider, recorder) = self.parts.value
            recorder.nextToken += 1
            recorder.promises[recorder.nextToken] = promise
            recorder.isPerforming = true
            provider.perform(call, token: recorder.nextToken, from: Self.origin, deadline: .now() + timeout)
            recorder.isPerforming = false
        }
        return try await promise.futureResult.get()
    }

    func statistics() async throws -> ProviderStatistics {
        try await loop.submit { self.parts.value.provider.statistics }.get()
    }

    func shutdown() async throws {
        try await loop.flatSubmit { self.parts.value.provider.shutdown() }.get()
        try await group.shutdownGracefully()
    }
}

extension ProviderOutcome {
    var success: ProviderSuccess? {
        if case .succeeded(let success) = self { success } else { nil }
    }
    var decline: Decline? {
        if case .declined(let decline) = self { decline } else { nil }
    }
}
