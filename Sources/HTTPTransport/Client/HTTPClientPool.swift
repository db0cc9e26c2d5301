package import NIOCore

/// A pooled HTTP/2 client for one target on one event loop.
package final class HTTPClientPool {
    package let eventLoop: any EventLoop
    package let configuration: HTTPClientConfiguration
    package private(set) var statistics = HTTPClientStatistics()
    private unowned let delegate: any HTTPClientDelegate

    package init(eventLoop: any EventLoop, configuration: HTTPClientConfiguration, delegate: any HTTPClientDelegate) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.delegate = delegate
    }

    /// Dials the minimum of connections, and from then on keeps them established.
    package func start() {
        preconditionFailure("skeleton")
    }

    /// Sends `request` as soon as a stream is free. Its result is delivered with `token`, never from inside this call.
    package func execute(_ request: HTTPClientRequest, token: UInt64, deadline: NIODeadline) {
        preconditionFailure("skeleton")
    }

    /// Takes no more requests, lets those in flight end, closes the connections.
    package func shutdown() -> EventLoopFuture<Void> {
        preconditionFailure("skeleton")
    }
}
