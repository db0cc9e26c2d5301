package import NIOCore

/// A server on several event loops, each with a listener of its own (SO_REUSEPORT: the kernel spreads connections).
package final class HTTPServer: Sendable {
    /// The port listened on.
    package let port: Int

    private init(port: Int) {
        self.port = port
    }

    /// Binds a listener on every loop. `makeApplication` is called once on each loop before the first connection. Throws
    /// what binding throws; nothing is left listening then.
    package static func start(
        loops: [any EventLoop],
        configuration: HTTPServerConfiguration,
        makeApplication: @escaping @Sendable (HTTPServerLoop) -> any HTTPServerApplication
    ) async throws -> HTTPServer {
        throw ChannelError.operationUnsupported
    }

    /// Stops accepting, announces the end to every peer (GOAWAY in two steps, `connection: close`), waits for the open
    /// requests to be answered, at most `within`, and closes.
    package func drain(within: TimeAmount) async {
    }
}
