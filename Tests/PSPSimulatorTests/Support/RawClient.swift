import NIOCore
import NIOPosix

/// Sends bytes and collects what comes back until the peer closes.
enum RawClient {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private var collected = ByteBuffer()
        private let promise: EventLoopPromise<ByteBuffer>

        init(_ promise: EventLoopPromise<ByteBuffer>) { self.promise = promise }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var buffer = unwrapInboundIn(data)
            collected.writeBuffer(&buffer)
        }

        func channelInactive(context: ChannelHandlerContext) { promise.succeed(collected) }
    }

    static func exchange(_ request: String, port: Int, on eventLoop: any EventLoop) async throws -> String {
        let promise = eventLoop.makePromise(of: ByteBuffer.self)
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(promise))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: request))
        return String(buffer: try await promise.futureResult.get())
    }
}
