package import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A server on several event loops, each with a listener of its own (SO_REUSEPORT: the kernel
/// spreads connections).
///
/// No two servers share a port. The first listener binds and listens without SO_REUSEPORT, which
/// the kernel refuses while any other socket listens there. Only then may the other listeners of
/// this server join it.
package final class HTTPServer: Sendable {
    /// The port listened on.
    package let port: Int
    private let parts: [Part]

    private struct Part: Sendable {
        var loop: NIOLoopBound<HTTPServerLoop>
        var eventLoop: any EventLoop
        var listener: any Channel
    }

    private init(port: Int, parts: [Part]) {
        self.port = port
        self.parts = parts
    }

    /// Binds a listener on every loop. `makeApplication` is called once on each loop before the
    /// first connection. Throws `ListenError` when an address cannot be listened on; nothing is
    /// left listening then.
    package static func start(
        loops: [any EventLoop],
        configuration: HTTPServerConfiguration,
        makeApplication: @escaping @Sendable (HTTPServerLoop) -> any HTTPServerApplication
    ) async throws -> HTTPServer {
        precondition(!loops.isEmpty)
        var parts: [Part] = []
        var port = configuration.port
        do {
            for (index, eventLoop) in loops.enumerated() {
                let part = try await listen(
                    eventLoop,
                    index: index,
                    port: port,
                    configuration: configuration,
                    makeApplication: makeApplication
                )
                parts.append(part)
                // The first listener decides a port left open; the others join it.
                port = part.listener.localAddress?.port ?? port
            }
        } catch {
            await HTTPServer(port: port, parts: parts).drain(within: .zero)
            throw error
        }
        return HTTPServer(port: port, parts: parts)
    }

    private static func listen(
        _ eventLoop: any EventLoop,
        index: Int,
        port: Int,
        configuration: HTTPServerConfiguration,
        makeApplication: @escaping @Sendable (HTTPServerLoop) -> any HTTPServerApplication
    ) async throws -> Part {
        let loop = try await eventLoop.submit {
            let loop = HTTPServerLoop(eventLoop: eventLoop, index: index, configuration: configuration, now: .now())
            loop.start(makeApplication(loop))
            return NIOLoopBound(loop, eventLoop: eventLoop)
        }.get()
        do {
            var bootstrap = bootstrap(loop, eventLoop: eventLoop, configuration: configuration)
            if index > 0 { bootstrap = bootstrap.serverChannelOption(Self.sharing, value: 1) }
            let listener = try await bootstrap.bind(host: configuration.host, port: port).get()
            do {
                if index == 0 { try await listener.setOption(Self.sharing, value: 1).get() }
            } catch {
                try? await listener.close().get()
                throw error
            }
            return Part(loop: loop, eventLoop: eventLoop, listener: listener)
        } catch {
            try? await eventLoop.flatSubmit { loop.value.drain(deadline: .now()) }.get()
            throw ListenError(host: configuration.host, port: port, error)
        }
    }

    /// At most the plaintext of one TLS record a read.
    private static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 2_048, maximum: 16_384)

    private static let sharing = ChannelOptions.Types.SocketOption(level: .socket, name: .init(rawValue: SO_REUSEPORT))

    private static func bootstrap(
        _ loop: NIOLoopBound<HTTPServerLoop>,
        eventLoop: any EventLoop,
        configuration: HTTPServerConfiguration
    ) -> ServerBootstrap {
        ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: configuration.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate { _ in loop.value.statistics.acceptPauses += 1 }
                    try channel.pipeline.syncOperations.addHandler(gate)
                }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            // What one connection may do before others have their turn.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try loop.value.initialize(channel) }
            }
    }

    /// Stops accepting, and announces the end to every peer: by GOAWAY in two steps, or by
    /// `connection: close`. Then it waits at most `within` for the open requests to be answered,
    /// and closes. All loops at once.
    package func drain(within: TimeAmount) async {
        let deadline = NIODeadline.now() + within
        for part in parts { part.listener.close(mode: .all, promise: nil) }
        let drained = parts.map { part in
            part.eventLoop.flatSubmit { part.loop.value.drain(deadline: deadline) }
        }
        for future in drained {
            // Fails only when the event loop itself has been shut down; then nothing is left to
            // drain.
            try? await future.get()
        }
    }
}
