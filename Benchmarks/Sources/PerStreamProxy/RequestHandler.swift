import NIOCore
import NIOHTTP1
import NIOHTTP2

/// A request's side: opens a stream upstream and copies the parts, keeping them until the stream is
/// there.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pool: MultiplexerPool
    private var upstream: (any Channel)?
    private var waiting: [HTTPClientRequestPart] = []
    private var isGone = false

    init(pool: MultiplexerPool) {
        self.pool = pool
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(var head):
            head.headers.replaceOrAdd(name: "host", value: pool.authority)
            forward(
                .head(HTTPRequestHead(version: head.version, method: head.method, uri: head.uri, headers: head.headers))
            )
            open(context)
        case .body(let body):
            forward(.body(.byteBuffer(body)))
        case .end(let trailers):
            forward(.end(trailers))
        }
    }

    private func forward(_ part: HTTPClientRequestPart) {
        guard let upstream else { return waiting.append(part) }
        if case .end = part { upstream.writeAndFlush(part, promise: nil) } else { upstream.write(part, promise: nil) }
    }

    private func open(_ context: ChannelHandlerContext) {
        guard let multiplexer = pool.pick() else { return context.close(promise: nil) }
        let promise = context.eventLoop.makePromise(of: (any Channel).self)
        let downstream = context.channel
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .http), ResponseHandler(downstream: downstream),
                ])
            }
        }
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let stream): self.opened(stream)
            case .failure: downstream.close(promise: nil)
            }
        }
    }

    private func opened(_ stream: any Channel) {
        guard !isGone else { return stream.close(promise: nil) }
        upstream = stream
        let parts = waiting
        waiting = []
        for part in parts { forward(part) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        upstream?.close(promise: nil)
        upstream = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// The answer's side: copies the parts to the client's stream.
final class ResponseHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let downstream: any Channel
    private var isDone = false

    init(downstream: any Channel) {
        self.downstream = downstream
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            downstream.write(
                HTTPServerResponsePart.head(
                    HTTPResponseHead(version: head.version, status: head.status, headers: head.headers)
                ),
                promise: nil
            )
        case .body(let body):
            downstream.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        case .end(let trailers):
            isDone = true
            downstream.writeAndFlush(HTTPServerResponsePart.end(trailers), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { downstream.close(promise: nil) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
