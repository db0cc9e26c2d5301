package import HTTPTransport
package import NIOCore
package import Payments

/// The adapter for the built-in PSP simulator.
package final class SimulatedProvider: Provider {
    package let name: String
    package let capabilities = ProviderCapabilities(
        idempotentReplay: .hours(24),
        queryByReference: .zero,
        queryByID: true,
        cancelByReference: false
    )
    package private(set) var statistics = ProviderStatistics()
    private unowned let delegate: any ProviderDelegate

    /// - Parameters:
    ///   - client: The target; its authority is used in every request.
    ///   - secret: The bearer token, `sk_sim_…`.
    ///   - delegate: Not retained; must outlive the provider.
    package init(
        name: String,
        eventLoop: any EventLoop,
        client: HTTPClientConfiguration,
        secret: String,
        delegate: any ProviderDelegate
    ) {
        self.name = name
        self.delegate = delegate
    }

    package func start() {
        preconditionFailure("skeleton")
    }

    package func shutdown() -> EventLoopFuture<Void> {
        preconditionFailure("skeleton")
    }

    package func perform(_ call: ProviderCall, token: UInt64, deadline: NIODeadline) {
        preconditionFailure("skeleton")
    }
}
