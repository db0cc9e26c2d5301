import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import ProxySupport

/// TLS and HTTP/2 in, cleartext HTTP/2 out, no work in between: one `NIOHTTP2Handler` without a
/// multiplexer on each side. The floor for what a gateway of this design can cost.
@main
struct BareFrameProxy {
    static func main() async throws {
        guard let options = ProxyOptions(CommandLine.arguments) else { return print(ProxyOptions.usage) }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let tls = try ProxySetup.tls(options)
        let pool = try await loop.submit {
            NIOLoopBound(UpstreamPool(eventLoop: loop, port: options.upstreamPort), eventLoop: loop)
        }.get()
        for _ in 0..<options.connections { try await loop.flatSubmit { pool.value.dial() }.get() }
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let codec = NIOHTTP2Handler(
                        mode: .server,
                        connectionConfiguration: ProxySetup.connection,
                        streamConfiguration: ProxySetup.stream
                    )
                    let handlers: [any ChannelHandler] = [
                        NIOSSLServerHandler(context: tls), FlushGatherer(), codec, Downstream(pool: pool.value),
                    ]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
            .bind(host: "127.0.0.1", port: options.listenPort).get()
        announce(port: listener.localAddress?.port ?? 0)
        try await listener.closeFuture.get()
    }
}
