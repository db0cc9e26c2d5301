package import HTTPTransport
package import NIOCore
package import Payments

/// What a payment service provider (PSP) offers beyond executing operations.
package struct ProviderCapabilities: Sendable, Equatable {
    /// How the unknown outcome of each kind of operation is found out.
    package var resolution: OperationTable<ResolutionMeans>
    /// What can be asked of it beyond authorize, capture, cancel and refund.
    package var payments: PaymentCapabilities

    package init(
        resolution: OperationTable<ResolutionMeans>,
        payments: PaymentCapabilities = PaymentCapabilities()
    ) {
        self.resolution = resolution
        self.payments = payments
    }
}

/// Where the outcomes of a provider's calls go. All calls come on the provider's event loop,
/// exactly one per call to `perform`, never from inside it.
package protocol ProviderDelegate: AnyObject {
    func providerCompleted(_ token: UInt64, of origin: CallOrigin, _ outcome: ProviderOutcome)
    /// The outcomes that arrived together have been delivered: hand batches over now.
    func providerCompletionsDelivered()
}

/// One connector of a PSP as seen from one event loop, whose shards share it. Their calls wait in
/// queues of their own.
package protocol Provider: AnyObject {
    /// The name in configuration, metrics and records.
    var name: String { get }
    var capabilities: ProviderCapabilities { get }
    var statistics: ProviderStatistics { get }
    /// Begins to establish connections; returns at once.
    func start()
    /// Takes no more calls (they are `.notExecuted`), lets those under way end, closes the
    /// connections.
    func shutdown() -> EventLoopFuture<Void>
    /// Withdraws the caller's calls that were not sent yet: they are `.notExecuted`. Calls that
    /// were sent go on.
    func withdraw(_ caller: UInt16)
    /// Sends `call`. Its outcome arrives at the delegate with `token` and `origin`, at the latest
    /// at `deadline`. The timer wheel's tick makes that exact to 10 ms.
    func perform(_ call: ProviderCall, token: UInt64, from origin: CallOrigin, deadline: NIODeadline)
}
