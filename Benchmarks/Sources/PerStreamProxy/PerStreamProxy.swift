import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import ProxySupport

/// TLS and HTTP/2 in, cleartext HTTP/2 out, no work in between, in the style that most tutorials
/// show: a child channel per stream on both sides (the inline multiplexer) with HTTP/1 codecs.
@main
struct PerStreamProxy {
    static func main() async throws {
        guard let options = ProxyOptions(CommandLine.arguments) else { return print(ProxyOptions.usage) }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let tls = try ProxySetup.tls(options)
        let pool = try await loop.submit {
            NIOLoopBound(MultiplexerPool(eventLoop: loop, port: options.upstreamPort), eventLoop: loop)
        }.get()
        for _ in 0..<options.connections { try await loop.flatSubmit { pool.value.dial() }.get() }
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandlers([NIOSSLServerHandler(context: tls), FlushGatherer()])
                    _ = try operations.configureHTTP2Pipeline(
                        mode: .server,
                        connectionConfiguration: ProxySetup.connection,
                        streamConfiguration: ProxySetup.stream
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            try stream.pipeline.syncOperations.addHandlers([
                                HTTP2FramePayloadToHTTP1ServerCodec(), RequestHandler(pool: pool.value),
                            ])
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: options.listenPort).get()
        announce(port: listener.localAddress?.port ?? 0)
        try await listener.closeFuture.get()
    }
}
