package import NIOCore

/// Merges the writes of one flush into one buffer below HTTP/2, so that TLS makes one record of
/// HEADERS and DATA and the socket sees one element. What a well-made proxy of either style would
/// do.
package final class FlushGatherer: ChannelOutboundHandler {
    package typealias OutboundIn = IOData
    package typealias OutboundOut = ByteBuffer

    private static let maximumBytes = 16_384
    private var pending = ByteBuffer()

    package init() {}

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .byteBuffer(var bytes) = unwrapOutboundIn(data) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        // Nobody in these proxies waits for a write.
        promise?.succeed()
        if pending.readableBytes + bytes.readableBytes > Self.maximumBytes { emit(context) }
        if pending.readableBytes == 0 { pending = context.channel.allocator.buffer(capacity: 2_048) }
        pending.writeBuffer(&bytes)
    }

    package func flush(context: ChannelHandlerContext) {
        emit(context)
        context.flush()
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        emit(context)
        context.close(mode: mode, promise: promise)
    }

    private func emit(_ context: ChannelHandlerContext) {
        guard pending.readableBytes > 0 else { return }
        context.write(wrapOutboundOut(pending), promise: nil)
        pending = ByteBuffer()
    }
}
