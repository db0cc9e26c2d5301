import NIOCore
import NIOHPACK
import NIOHTTP2

/// One client connection: frames in, frames out, no child channels. Writes of a read cycle share
/// one flush.
final class Downstream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    // By stream of this connection.
    private var routes: [HTTP2StreamID: (upstream: Upstream, stream: HTTP2StreamID)] = [:]
    private var window = ReceiveWindow()
    private var isReading = false
    private var isDirty = false

    init(pool: UpstreamPool) {
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            begin(frame.streamID, headers, context: context)
        case .data(let data):
            if let update = window.received(data.data.readableBytes + (data.paddingBytes ?? 0)) {
                context.write(wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: update)), promise: nil)
                isDirty = true
            }
            guard let route = routes[frame.streamID] else { return }
            route.upstream.send(frame.payload, on: route.stream)
        case .rstStream(let code):
            guard let route = routes.removeValue(forKey: frame.streamID) else { return }
            route.upstream.abandon(route.stream, code)
        case .settings, .windowUpdate, .ping, .goAway, .priority, .pushPromise, .alternativeService, .origin:
            break
        }
    }

    private func begin(
        _ stream: HTTP2StreamID,
        _ payload: HTTP2Frame.FramePayload.Headers,
        context: ChannelHandlerContext
    ) {
        guard let upstream = pool.pick() else {
            let refused = HTTP2Frame(streamID: stream, payload: .rstStream(.refusedStream))
            context.write(wrapOutboundOut(refused), promise: nil)
            isDirty = true
            return
        }
        // As they came, `:scheme` and `:authority` included: no work.
        routes[stream] = (upstream, upstream.open(.headers(payload), for: self, stream))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        pool.flush()
        flushIfDirty()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        for route in routes.values { route.upstream.abandon(route.stream, .cancel) }
        routes.removeAll()
        pool.flush()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Stream errors are answered by the codec; the connection's own end it.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }

    // MARK: From upstream

    /// A frame of the answer; `isLast` ends the stream.
    func answer(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID, isLast: Bool) {
        guard let context else { return }
        if isLast { routes[stream] = nil }
        context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        isDirty = true
    }

    func flushIfDirty() {
        guard isDirty, !isReading else { return }
        isDirty = false
        context?.flush()
    }
}

/// Counts what was received and says when half of the connection's window is to be given back.
struct ReceiveWindow {
    private var consumed = 0

    mutating func received(_ bytes: Int) -> HTTP2Frame.FramePayload? {
        consumed += bytes
        guard consumed >= 32_768 else { return nil }
        defer { consumed = 0 }
        return .windowUpdate(windowSizeIncrement: consumed)
    }
}
