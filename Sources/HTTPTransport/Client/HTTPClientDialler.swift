import NIOCore
import NIOHTTP2
import NIOPosix

/// Makes one connection's channel: TCP, then (from the socket inwards) TLS, write gathering,
/// HTTP/2, the connection handler.
struct HTTPClientDialler {
    let configuration: HTTPClientConfiguration
    let eventLoop: any EventLoop

    /// Bytes that may wait for the socket before the pool sends nothing more on the connection. The
    /// limit is above one turn's requests, so that ordinary bursts do not reach it.
    private static let writeBufferBytes = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)

    /// - Parameter completion: Called on the event loop with whether TCP connected. Once it has,
    ///   the connection handler reports the channel's end.
    func dial(_ connection: HTTPClientConnection, completion: @escaping (Bool) -> Void) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let boundConnection = NIOLoopBound(connection, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: Self.writeBufferBytes)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try bound.value.configure(channel, for: boundConnection.value)
                }
            }
            .connect(host: configuration.host, port: configuration.port)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success: completion(true)
                case .failure: completion(false)
                }
            }
    }

    private func configure(_ channel: any Channel, for connection: HTTPClientConnection) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls = configuration.tls {
            try pipeline.addHandler(tls.makeClientHandler(serverName: configuration.serverName))
        }
        try pipeline.addHandler(WriteGatherer())
        try pipeline.addHandler(HTTPClientFlushObserver(connection: connection))
        try pipeline.addHandler(makeHTTP2Handler(delegate: connection))
        try pipeline.addHandler(connection)
    }

    private func makeHTTP2Handler(delegate: any NIOHTTP2FrameDelegate) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: streamWindowBytes),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 16_384),
        ]
        connection.headerBlockValidation = configuration.validatesHeaderBlocks ? .enabled : .disabled
        // The client chose this peer, which sends thousands of answers per second. Its resets are
        // results, not an attack.
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.streamResetFrameRateLimit.maximumCount = 100_000
        connection.maximumSequentialEmptyDataFrames = 16
        return NIOHTTP2Handler(
            mode: .client,
            frameDelegate: delegate,
            connectionConfiguration: connection,
            streamConfiguration: streams
        )
    }

    /// One byte above the longest answer, so that a longer one shows itself instead of waiting for
    /// the window.
    private var streamWindowBytes: Int { max(65_535, configuration.maxResponseBytes + 1) }
}
