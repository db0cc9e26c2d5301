import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// The client's end of a real connection: sends bytes, and collects what comes until the connection
/// ends.
struct SocketPeer {
    let channel: any Channel
    let inbound: AsyncStream<ByteBuffer>

    static func connect(
        port: Int,
        tls: NIOSSLContext? = nil,
        autoRead: Bool = true,
        receiveBuffer: Int? = nil
    ) async throws -> SocketPeer {
        let (inbound, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: autoRead)
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        let channel =
            try await bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: "localhost")
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        return SocketPeer(channel: channel, inbound: inbound)
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func send(_ frames: [RawFrame]) async throws { try await send(frames.flatMap(\.bytes)) }

    /// Reads frames until `isEnough`, or to the connection's end.
    func answers(until isEnough: (AnswerReader) -> Bool) async throws -> AnswerReader {
        var reader = AnswerReader()
        var buffer = ByteBuffer()
        for await bytes in inbound {
            buffer.writeImmutableBuffer(bytes)
            try reader.read(RawFrame.parse(&buffer))
            if isEnough(reader) { break }
        }
        return reader
    }

    /// Reads until `count` streams have ended. Nothing else may be under way then.
    func streamsEnded(_ count: Int) async {
        var ended = 0
        var buffer = ByteBuffer()
        for await bytes in inbound {
            buffer.writeImmutableBuffer(bytes)
            ended += RawFrame.parse(&buffer).count { $0.kind == .data && $0.endsStream }
            if ended >= count { break }
        }
    }

    /// Reads text until it contains `mark`, or to the connection's end.
    func text(until mark: String) async -> String {
        var result = ""
        for await bytes in inbound {
            result += String(buffer: bytes)
            if result.contains(mark) { break }
        }
        return result
    }

    /// Waits for the connection's end.
    func end() async {
        for await _ in inbound {}
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let continuation: AsyncStream<ByteBuffer>.Continuation

        init(_ continuation: AsyncStream<ByteBuffer>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { continuation.yield(unwrapInboundIn(data)) }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            continuation.finish()
            context.close(promise: nil)
        }
    }
}
