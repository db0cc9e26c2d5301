package import HTTPTransport
package import NIOCore
package import Payments

/// The adapter for the built-in PSP simulator.
///
/// Authorizations are charges (`POST /v1/charges`), and later operations are operations on a
/// charge. The outcome of any operation is asked for by its idempotency key. References are `ch_…`
/// for authorizations and confirmations, the operation's own identifier otherwise. Voids by
/// reference have their own keys, `…-void`.
package final class SimulatedProvider: Provider {
    package let name: String
    package let capabilities: ProviderCapabilities

    private unowned let delegate: any ProviderDelegate
    private let eventLoop: any EventLoop
    private let encoder: SimulatedRequestEncoder
    private var counters = ProviderStatistics()
    private var calls = SimulatedCallTable()
    private var pool: HTTPClientPool?
    private let configuration: HTTPClientConfiguration

    /// - Parameters:
    ///   - eventLoop: The loop that all calls are made on.
    ///   - client: The target; its authority is used in every request.
    ///   - secret: The bearer token, `sk_sim_…`.
    ///   - interface: What the simulator was started with.
    ///   - payments: What its operator has switched on; the simulator's profile and tokens must
    ///     allow it, too.
    ///   - delegate: Not retained; must outlive the provider's shutdown.
    package init(
        name: String,
        eventLoop: any EventLoop,
        client: HTTPClientConfiguration,
        secret: String,
        interface: SimulatedInterface = .full,
        payments: PaymentCapabilities = PaymentCapabilities(),
        delegate: any ProviderDelegate
    ) {
        self.name = name
        self.capabilities = ProviderCapabilities(resolution: interface.resolution, payments: payments)
        self.eventLoop = eventLoop
        self.configuration = client
        self.delegate = delegate
        self.encoder = SimulatedRequestEncoder(
            authority: client.authority,
            isSecure: client.tls != nil,
            secret: secret
        )
    }

    package var statistics: ProviderStatistics {
        var statistics = counters
        if let pool { statistics.transport = pool.statistics }
        return statistics
    }

    package func start() {
        precondition(pool == nil, "a provider is started once")
        let pool = HTTPClientPool(eventLoop: eventLoop, configuration: configuration, delegate: self)
        self.pool = pool
        pool.start()
    }

    package func shutdown() -> EventLoopFuture<Void> {
        pool?.shutdown() ?? eventLoop.makeSucceededVoidFuture()
    }

    package func withdraw(_ caller: UInt16) {
        pool?.withdraw(Int(caller))
    }

    package func perform(_ call: ProviderCall, token: UInt64, from origin: CallOrigin, deadline: NIODeadline) {
        guard let pool else { preconditionFailure("start() comes before perform(_:token:from:deadline:)") }
        counters.calls += 1
        guard let request = encoder.encode(call) else { return refuse(call, token: token, from: origin) }
        let slot = calls.insert(SimulatedCall(call), token: token, from: origin)
        pool.execute(request, token: slot, caller: Int(origin.caller), deadline: deadline)
    }

    /// The simulator's protocol cannot express the call: it was not executed. The delegate learns
    /// it as of any other call.
    private func refuse(_ call: ProviderCall, token: UInt64, from origin: CallOrigin) {
        let outcome: ProviderOutcome =
            call.mode == .execute ? .notExecuted(.misconfigured) : .unknown(.misconfigured)
        eventLoop.assumeIsolated().execute {
            self.report(outcome, token, of: origin)
            self.delegate.providerCompletionsDelivered()
        }
    }

    private func report(_ outcome: ProviderOutcome, _ token: UInt64, of origin: CallOrigin) {
        counters.count(outcome)
        delegate.providerCompleted(token, of: origin, outcome)
    }
}

extension SimulatedProvider: HTTPClientDelegate {
    package func completed(_ slot: UInt64, _ result: HTTPClientResult) {
        let (token, origin, call) = calls.remove(slot)
        report(SimulatedReplyDecoder.outcome(of: result, for: call), token, of: origin)
    }

    package func completionsDelivered() {
        delegate.providerCompletionsDelivered()
    }
}
