import NIOCore
import NIOHTTP2
import NIOPosix
import ProxySupport

/// The upstream connections' multiplexers, taken in turn; lost connections are dialled again.
final class MultiplexerPool {
    let authority: String
    private let eventLoop: any EventLoop
    private let port: Int
    private var multiplexers: [(id: Int, multiplexer: NIOHTTP2Handler.StreamMultiplexer)] = []
    private var next = 0
    private var lastID = 0

    init(eventLoop: any EventLoop, port: Int) {
        self.eventLoop = eventLoop
        self.port = port
        authority = "127.0.0.1:\(port)"
    }

    func pick() -> NIOHTTP2Handler.StreamMultiplexer? {
        guard !multiplexers.isEmpty else { return nil }
        next = next + 1 < multiplexers.count ? next + 1 : 0
        return multiplexers[next].multiplexer
    }

    func dial() -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(FlushGatherer())
                    let multiplexer = try operations.configureHTTP2Pipeline(
                        mode: .client,
                        connectionConfiguration: ProxySetup.connection,
                        streamConfiguration: ProxySetup.stream
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                    bound.value.add(multiplexer, channel)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .map { _ in }
    }

    private func add(_ multiplexer: NIOHTTP2Handler.StreamMultiplexer, _ channel: any Channel) {
        lastID += 1
        let id = lastID
        multiplexers.append((id, multiplexer))
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        channel.closeFuture.whenComplete { _ in bound.value.lost(id) }
    }

    private func lost(_ id: Int) {
        multiplexers.removeAll { $0.id == id }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(100)) { _ = bound.value.dial() }
    }
}
