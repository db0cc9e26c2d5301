import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOTLS

/// The last handler of a client connection: runs what its state machine and the pool decide.
///
/// It sits directly behind a `NIOHTTP2Handler` without a multiplexer, so that a stream is an entry
/// in a table and not a channel. It also watches the frames that leave (`NIOHTTP2FrameDelegate`),
/// because no inbound event tells two things. The first is that our own side gave the connection up
/// with a GOAWAY. The second is that a request's HEADERS were really written.
final class HTTPClientConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let id: HTTPClientConnectionID
    private let pool: HTTPClientPool
    private let windowBytes: Int
    private let readyDeadline: NIODeadline
    private var machine: StateMachine
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var hasWrittenHeaders = false
    /// Whether the names of a request's fields are in the peer's table.
    private var hasEnteredNames = false
    private var hasWrittenGoAway = false
    /// The pool has asked to close it.
    private(set) var isClosing = false
    /// It was usable at some time.
    private(set) var hasBeenReady = false
    /// Whether the pool has this connection on its list of those to flush.
    var isDirty = false

    init(id: HTTPClientConnectionID, pool: HTTPClientPool) {
        self.id = id
        self.pool = pool
        self.windowBytes = pool.configuration.connectionWindowBytes
        self.readyDeadline = .now() + pool.configuration.connectTimeout
        self.machine = StateMachine(configuration: pool.configuration)
    }

    // MARK: What the pool asks for

    func send(_ request: HTTPClientRequest, slot: Int32) {
        guard let context else { return pool.requestNotSent(slot, on: self, .connectionLost) }
        let stream = machine.openStream(for: slot)
        pool.requestSent(slot, on: self, stream: stream)
        let endsWithHeaders = (request.body?.readableBytes ?? 0) == 0
        hasWrittenHeaders = false
        let block = hasEnteredNames ? request.headers : request.headers.enteringNames
        hasEnteredNames = true
        write(stream, .headers(.init(headers: block, endStream: endsWithHeaders)), context: context)
        guard hasWrittenHeaders else { return streamNotOpened(stream, slot: slot) }
        if !endsWithHeaders, let body = request.body {
            write(stream, .data(.init(data: .byteBuffer(body), endStream: true)), context: context)
        }
        if machine.isWornOut { pool.connectionAged(self) }
        if machine.isExhausted { pool.connectionMustDrain(self) }
    }

    /// The header block is not valid HTTP/2 (a mistake of the caller), or the channel is ending. It
    /// is not known whether NIOHTTP2 counts the stream identifier as used. So the connection takes
    /// no more streams.
    private func streamNotOpened(_ stream: UInt32, slot: Int32) {
        // The write may have ended the whole connection, and the request with it.
        guard machine.streamNotOpened(stream) else { return }
        pool.requestNotSent(slot, on: self, .badRequest)
    }

    func reset(_ stream: UInt32) {
        guard machine.cancel(stream) else { return }
        writeReset(stream, .cancel)
    }

    func flush() {
        isDirty = false
        context?.flush()
    }

    func close() {
        isClosing = true
        guard let context else { return }
        if context.channel.isActive {
            write(0, .goAway(lastStreamID: .rootStream, errorCode: .noError, opaqueData: nil), context: context)
            context.flush()
        }
        context.close(promise: nil)
    }

    // MARK: Writing

    private func write(_ stream: UInt32, _ payload: HTTP2Frame.FramePayload, context: ChannelHandlerContext) {
        let frame = HTTP2Frame(streamID: HTTP2StreamID(Int(stream)), payload: payload)
        context.write(wrapOutboundOut(frame), promise: nil)
        pool.needsFlush(self)
    }

    private func writeReset(_ stream: UInt32, _ code: HTTP2ErrorCode) {
        guard let context else { return }
        write(stream, .rstStream(code), context: context)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        // Asked to close before there was a channel to close.
        guard !isClosing else { return context.close(promise: nil) }
        timer = pool.eventLoop.assumeIsolated().scheduleTask(deadline: readyDeadline) { context.close(promise: nil) }
        let extra = windowBytes - 65_535
        if extra > 0 { write(0, .windowUpdate(windowSizeIncrement: extra), context: context) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        pool.connectionClosed(self, failures: machine.closed())
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        pool.writabilityChanged(self, isWritable: context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    /// Stream errors come here as well as connection errors, and one bad answer must not end the
    /// other streams. Before an error that ends the connection, our side writes a GOAWAY: that
    /// tells the two apart. An error that is not of HTTP/2 (TLS, the socket) always ends the
    /// connection. NIOHTTP2 itself never closes the channel.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isOfStream = error is any NIOHTTP2Error || error is NIOHTTP2Errors.StreamError
        guard hasWrittenGoAway || !isOfStream else { return }
        context.close(promise: nil)
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        machine.heard()
        switch frame.payload {
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data else { return }
            let stream = frame.stream
            respond(to: machine.dataReceived(stream, bytes, endStream: data.endStream), stream: stream)
        case .headers(let headers):
            let stream = frame.stream
            let part = machine.headersReceived(stream, headers.headers, endStream: headers.endStream)
            respond(to: part, stream: stream)
        case .rstStream(let code):
            if let failure = machine.streamReset(frame.stream, code: UInt32(code.networkCode)) { pool.failed(failure) }
        case .settings(.settings(let settings)):
            settingsReceived(settings)
        case .goAway(let last, let code, _):
            let failures = machine.goAwayReceived(last: UInt32(Int(last)), code: UInt32(code.networkCode))
            pool.goAwayReceived(self, failures: failures)
        case .settings(.ack), .ping, .windowUpdate, .priority, .pushPromise, .alternativeService, .origin:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if machine.answeredOpenCount > 0 { resetAnswered() }
        pool.readCycleEnded()
        context.fireChannelReadComplete()
    }

    private func respond(to part: StateMachine.OnResponsePart, stream: UInt32) {
        switch part {
        case .none:
            break
        case .response(let request, let response):
            pool.completed(request, .response(response))
        case .reset(let request):
            pool.completed(request, .unknown(.badResponse))
            writeReset(stream, .cancel)
        }
    }

    private func settingsReceived(_ settings: HTTP2Settings) {
        let limit = settings.last { $0.parameter == .maxConcurrentStreams }?.value
        switch machine.settingsReceived(maxConcurrentStreams: limit) {
        case .none:
            break
        case .ready(let capacity):
            hasBeenReady = true
            startTimer(after: pool.configuration.idlePing)
            pool.connectionReady(self, capacity: capacity)
        case .capacityChanged(let capacity):
            pool.capacityChanged(self, to: capacity)
        }
    }

    /// Resets streams whose peer answered without reading the request to its end (RFC 9113 section
    /// 8.1). The peer will not read the rest.
    private func resetAnswered() {
        for stream in machine.answeredOpenStreams() { writeReset(stream, .noError) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let window = exactly(event, NIOHTTP2WindowUpdatedEvent.self) {
            if window.streamID == .rootStream { refillWindow(window, context: context) }
        } else if let closed = exactly(event, StreamClosedEvent.self) {
            streamClosed(UInt32(Int(closed.streamID)))
        } else if let handshake = exactly(event, TLSUserEvent.self) {
            handshakeEvent(handshake, context: context)
        }
    }

    /// Half of the connection's window is used up: hand it back. Bodies are never left unread here,
    /// and a stream's own window holds a whole response, so nothing else needs an update.
    private func refillWindow(_ event: NIOHTTP2WindowUpdatedEvent, context: ChannelHandlerContext) {
        guard let size = event.inboundWindowSize, size <= windowBytes / 2 else { return }
        write(0, .windowUpdate(windowSizeIncrement: windowBytes - size), context: context)
    }

    private func streamClosed(_ stream: UInt32) {
        switch machine.streamClosed(stream) {
        case .none:
            break
        case .released(let served, let failure):
            if let failure { pool.failed(failure) }
            pool.streamReleased(self, served: served)
        }
    }

    private func handshakeEvent(_ event: TLSUserEvent, context: ChannelHandlerContext) {
        switch event {
        case .handshakeCompleted(let negotiated):
            if machine.tlsHandshakeCompleted(negotiated: negotiated) == .close { context.close(promise: nil) }
        case .shutdownCompleted:
            break
        }
    }

    // MARK: Keepalive

    private func startTimer(after delay: TimeAmount) {
        timer?.cancel()
        timer = pool.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.keepaliveTimerFired() }
    }

    private func keepaliveTimerFired() {
        guard let context else { return }
        switch machine.keepaliveTimerFired() {
        case .startIdleTimer:
            startTimer(after: pool.configuration.idlePing)
        case .pingAndStartPingTimer:
            write(0, .ping(HTTP2PingData(withInteger: 0), ack: false), context: context)
            startTimer(after: pool.configuration.pingTimeout)
        case .close:
            context.close(promise: nil)
        }
    }
}

extension HTTPClientConnection: NIOHTTP2FrameDelegate {
    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .headers: hasWrittenHeaders = true
        case .goAway: hasWrittenGoAway = true
        case .data, .priority, .rstStream, .settings, .pushPromise, .ping, .windowUpdate, .alternativeService, .origin:
            break
        }
    }

    /// Everything written so far goes to the socket now.
    func flushed() {
        machine.flushed()
    }
}

/// Sees each flush on its way from HTTP/2 to the socket, including those that NIOHTTP2 makes
/// itself. So the connection knows exactly what was not sent.
final class HTTPClientFlushObserver: ChannelOutboundHandler {
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let connection: HTTPClientConnection

    init(connection: HTTPClientConnection) {
        self.connection = connection
    }

    func flush(context: ChannelHandlerContext) {
        connection.flushed()
        context.flush()
    }
}

extension HTTP2Frame {
    fileprivate var stream: UInt32 { UInt32(Int(streamID)) }
}
