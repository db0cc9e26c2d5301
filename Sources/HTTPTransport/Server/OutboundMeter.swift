import NIOCore

/// Counts the bytes of one connection that have been written and not yet been taken by the socket.
/// It is the first handler of the pipeline, below TLS, because TLS and the channel buffer what the
/// layers above have written.
final class OutboundMeter: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Bytes ever written to the channel, TLS records included.
    private(set) var bytesWritten = 0
    /// `bytesWritten` when the channel was last found empty: nothing has to be asked until it
    /// grows.
    private var bytesWrittenWhenEmpty = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        bytesWritten += unwrapOutboundIn(data).readableBytes
        context.write(data, promise: promise)
    }

    /// Closes the channel below TLS. TLS's closing message would wait behind the output that the
    /// peer does not read.
    func closeChannel() { context?.close(promise: nil) }

    /// Bytes that the channel holds because the peer does not read. Costs a comparison while
    /// nothing is written.
    func bytesWaiting() -> Int {
        guard bytesWritten != bytesWrittenWhenEmpty, let context else { return 0 }
        // Every channel that this server makes has synchronous options; one without them would
        // count as empty.
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if waiting == 0 { bytesWrittenWhenEmpty = bytesWritten }
        return waiting
    }
}
