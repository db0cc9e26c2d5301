import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import ProxySupport

/// One connection to the upstream server. Streams beyond the peer's limit are buffered by the
/// codec.
final class Upstream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let pool: UpstreamPool
    private var context: ChannelHandlerContext?
    private var nextStream = 1
    private var routes: [HTTP2StreamID: (downstream: Downstream, stream: HTTP2StreamID)] = [:]
    private var window = ReceiveWindow()
    private var touched: [Downstream] = []
    private var isDirty = false

    init(pool: UpstreamPool) {
        self.pool = pool
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    /// Begins a stream; it leaves with the next flush.
    func open(
        _ headers: HTTP2Frame.FramePayload,
        for downstream: Downstream,
        _ stream: HTTP2StreamID
    ) -> HTTP2StreamID {
        let own = HTTP2StreamID(nextStream)
        nextStream += 2
        routes[own] = (downstream, stream)
        send(headers, on: own)
        return own
    }

    func send(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID) {
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        isDirty = true
    }

    func abandon(_ stream: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        guard routes.removeValue(forKey: stream) != nil else { return }
        send(.rstStream(code), on: stream)
    }

    func flushIfDirty() {
        guard isDirty else { return }
        isDirty = false
        context?.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            pass(frame, isLast: headers.endStream)
        case .data(let data):
            if let update = window.received(data.data.readableBytes + (data.paddingBytes ?? 0)) {
                send(update, on: .rootStream)
            }
            pass(frame, isLast: data.endStream)
        case .rstStream:
            pass(frame, isLast: true)
        case .goAway:
            pool.retire(self)
        case .settings, .windowUpdate, .ping, .priority, .pushPromise, .alternativeService, .origin:
            break
        }
    }

    private func pass(_ frame: HTTP2Frame, isLast: Bool) {
        guard let route = routes[frame.streamID] else { return }
        if isLast { routes[frame.streamID] = nil }
        route.downstream.answer(frame.payload, on: route.stream, isLast: isLast)
        if touched.last !== route.downstream { touched.append(route.downstream) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        for downstream in touched { downstream.flushIfDirty() }
        touched.removeAll(keepingCapacity: true)
        flushIfDirty()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pool.retire(self)
        for route in routes.values {
            route.downstream.answer(.rstStream(.internalError), on: route.stream, isLast: true)
            route.downstream.flushIfDirty()
        }
        routes.removeAll()
        self.context = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }
}

/// The upstream connections of the one loop, taken in turn; lost ones are dialled again.
final class UpstreamPool {
    private let eventLoop: any EventLoop
    private let port: Int
    private var connections: [Upstream] = []
    private var next = 0

    init(eventLoop: any EventLoop, port: Int) {
        self.eventLoop = eventLoop
        self.port = port
    }

    func pick() -> Upstream? {
        guard !connections.isEmpty else { return nil }
        next = next + 1 < connections.count ? next + 1 : 0
        return connections[next]
    }

    func flush() {
        for connection in connections { connection.flushIfDirty() }
    }

    func dial() -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upstream = Upstream(pool: bound.value)
                    let codec = NIOHTTP2Handler(
                        mode: .client,
                        connectionConfiguration: ProxySetup.connection,
                        streamConfiguration: ProxySetup.stream
                    )
                    try channel.pipeline.syncOperations.addHandlers([FlushGatherer(), codec, upstream])
                    bound.value.connections.append(upstream)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .map { _ in }
    }

    func retire(_ upstream: Upstream) {
        guard let index = connections.firstIndex(where: { $0 === upstream }) else { return }
        connections.remove(at: index)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: .milliseconds(100)) { _ = bound.value.dial() }
    }
}
