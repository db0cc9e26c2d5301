import NIOCore
import NIOHPACK
import NIOHTTP2

/// The last handler of an HTTP/2 connection: maps frames to requests and answers to frames. It has
/// a stream table of its own instead of a channel per stream. `NIOHTTP2Handler` in front does
/// framing, HPACK, the states of streams and flow control; `RequestHeaderBlock` checks fields.
///
/// It completes requests at END_STREAM, and keeps the limits and deadlines of bodies. It manages
/// the connection's receive window, and flushes once per read cycle or tick. As back-pressure it
/// does not read while the peer does not read. It closes the connection after connection errors,
/// which `NIOHTTP2Handler` only announces. It shuts down gracefully by
/// `ServerConnectionStateMachine`.
final class HTTP2ServerConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    let loop: HTTPServerLoop
    let key: ConnectionTable.Key
    let source: SourceAddress
    let observer: ConnectionErrorObserver
    let gatherer: WriteGatherer
    let meter: OutboundMeter
    var context: ChannelHandlerContext?
    var streams: HTTP2StreamTable
    var machine: ServerConnectionStateMachine
    /// WINDOW_UPDATE frames, which `NIOHTTP2Handler` does not bound. An honest client sends one or
    /// two for each answer it reads.
    var windowUpdates: FrameBudget
    /// Errors of streams that `NIOHTTP2Handler` does not count.
    var streamFaults: FrameBudget
    /// Bytes of long header lists.
    var longHeaders: FrameBudget
    /// Where frames wait for this connection's turn; nil before the start and after the end.
    var gate: FrameGate?
    /// Whether the peer has acknowledged the settings.
    private(set) var knowsSettings = false

    /// Whether no request has been complete yet.
    var isNewcomer = true
    /// What one complete request earns of WINDOW_UPDATE frames.
    static let windowUpdatesPerRequest = 8
    /// The longest list of header fields that spends nothing of the budget of long ones.
    static let ordinaryHeaderBytes = 4_096
    /// Streams in the phase `receiving`.
    var receivingCount = 0
    /// Bytes of incomplete bodies here.
    var bodyBytes = 0
    /// Bytes of answers that have not gone to TLS: they wait for the peer's windows or for the
    /// channel.
    var outboundBytes = 0
    /// Answers that wait for the channel, in order; at most one a stream. Their bytes are in
    /// `outboundBytes`.
    var waitingAnswers = CircularBuffer<(UInt32, HTTPServerResponse)>(initialCapacity: 0)
    /// Complete requests that wait for the peer to read, in order; at most one a stream.
    var parked = CircularBuffer<UInt32>(initialCapacity: 0)
    /// Bytes of answers given below since the last flush.
    var bytesSinceFlush = 0
    var progress: OutputProgress
    /// Bytes of output that the loop knows to wait here.
    var reportedOutput = 0
    /// Streams answered before their body ended: reset without error once the answer is flushed
    /// (RFC 9113 section 8.1).
    var resetsAfterFlush: [UInt32] = []

    /// Whether the names of an answer's fields are in the peer's table.
    var hasEnteredNames = false
    /// Whether something was written since the last flush.
    var isDirty = false
    private var isInReadCycle = false
    private var hasDelivered = false
    /// Whether a stream without its body came in this read cycle.
    var mayExpectContinue = false
    private(set) var isWritable = true
    private var isReadWithheld = false
    /// False after a connection error: a peer that floods is not listened to any more.
    private var isReading = true

    init(_ selector: ProtocolSelector, observer: ConnectionErrorObserver, gatherer: WriteGatherer) {
        loop = selector.loop
        key = selector.key
        source = selector.source
        meter = selector.meter
        let configuration = loop.configuration
        self.observer = observer
        self.gatherer = gatherer
        streams = HTTP2StreamTable(maximum: configuration.maxConcurrentStreams)
        machine = ServerConnectionStateMachine(
            limits: .init(
                header: configuration.headerTimeout,
                idle: configuration.idleTimeout,
                age: configuration.maxConnectionAge,
                grace: configuration.drainGrace
            ),
            now: loop.now
        )
        windowUpdates = FrameBudget(limit: configuration.windowUpdateLimit, now: loop.now)
        streamFaults = FrameBudget(limit: configuration.streamErrorLimit, now: loop.now)
        longHeaders = FrameBudget(limit: configuration.longHeaderByteLimit, now: loop.now)
        progress = OutputProgress(limits: configuration.outputProgress)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isWritable = context.channel.isWritable
        let increment = loop.configuration.connectionWindowBytes - 65_535
        if increment > 0 { write(.windowUpdate(windowSizeIncrement: increment), on: .rootStream) }
        markDirty()
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInReadCycle = true
        let frame = unwrapInboundIn(data)
        guard machine.isListening else { return }
        switch frame.payload {
        case .headers(let headers):
            receive(headers, on: frame.streamID.number)
        case .data(let data):
            receive(data, on: frame.streamID.number)
        case .windowUpdate:
            if !windowUpdates.spend() { refuseFlood() }
        case .rstStream:
            loop.statistics.streamsResetByPeer += 1
        case .ping(_, ack: true):
            run(machine.pingAcknowledged(now: loop.now))
        case .ping, .settings, .priority, .goAway, .pushPromise, .alternativeService, .origin:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasDelivered {
            hasDelivered = false
            loop.application.receiveComplete()
        }
        if mayExpectContinue { settleExpectations() }
        isInReadCycle = false
        if isDirty { flush() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Created streams show themselves by their HEADERS; nothing follows this handler.
        if let closed = exactly(event, StreamClosedEvent.self) {
            streamClosed(closed.streamID.number)
        } else if let window = exactly(event, NIOHTTP2WindowUpdatedEvent.self) {
            guard window.streamID == .rootStream, let size = window.inboundWindowSize else { return }
            topUpWindow(size)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let code = observer.takeCode() {
            guard machine.isListening else { return }
            if code == .enhanceYourCalm {
                loop.statistics.floods += 1
            } else {
                loop.statistics.connectionErrors += 1
            }
            fail()
        } else if error is NIOHTTP2Errors.RaisedGoawayLastStreamID {
            // A connection error whose GOAWAY could not be sent because a graceful one named fewer
            // streams.
            loop.statistics.connectionErrors += 1
            fail()
        } else if let error = error as? NIOHTTP2Errors.StreamError {
            streamFailed(error.streamID)
        } else if error is any NIOHTTP2Error {
            // A stream error: `NIOHTTP2Handler` has reset that stream, the others live on.
            loop.statistics.streamErrors += 1
        } else {
            // The transport failed.
            context.close(promise: nil)
        }
    }

    /// An error of one stream. The stream is already reset when the peer made the error. It is
    /// still open when an answer could not be sent.
    private func streamFailed(_ stream: HTTP2StreamID) {
        loop.statistics.streamErrors += 1
        guard streams.place(of: stream.number) != nil else { return }
        write(.rstStream(.internalError), on: stream)
        markDirty()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        reportOutput()
        // Not at once: this may be inside of a flush.
        if isWritable, !waitingAnswers.isEmpty || !parked.isEmpty { markDirty() }
        resumeReading()
    }

    /// Reads if a read was withheld and its reasons are gone.
    func resumeReading() {
        guard isReadWithheld, mayRead else { return }
        isReadWithheld = false
        context?.read()
    }

    /// Reads only while the peer takes what it is sent, and nothing of the peer waits for its turn.
    /// So the bytes that one connection can make the process buffer are bounded.
    private var mayRead: Bool { isWritable && isReading && gate?.isBehind != true }

    func read(context: ChannelHandlerContext) {
        if mayRead {
            context.read()
        } else {
            isReadWithheld = true
        }
    }

    // MARK: Shared by the parts of this handler

    func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID) {
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
    }

    /// Notes that something waits for a flush: at the end of the read cycle if there is one, else
    /// of the loop's tick.
    func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        if !isInReadCycle { loop.enlistForFlush(key) }
    }

    func noteDelivery() { hasDelivered = true }

    func settingsAcknowledged() { knowsSettings = true }

    /// Whether what the peer sends is still looked at.
    var isListening: Bool { context != nil && machine.isListening }

    /// Does more of what the peer has sent; the work that it was.
    func takeTurn() -> Int { gate?.takeTurn() ?? 0 }

    /// Stops listening, lets the written GOAWAY out, and leaves the close to the clock.
    func fail() {
        switch machine.failed(now: loop.now) {
        case .linger:
            isReading = false
            flush()
        case .none:
            isReading = false
        }
    }

    /// Releases everything; after it every token of this connection is stale.
    private func leave() {
        guard context != nil else { return }
        context = nil
        gate = nil
        machine.closed()
        loop.giveBodyRoom(bodyBytes, source: source)
        bodyBytes = 0
        loop.reportOutput(0, before: &reportedOutput)
        waitingAnswers.removeAll()
        parked.removeAll()
        loop.connectionClosed(key)
    }
}

/// Watches what `NIOHTTP2Handler` writes. After a GOAWAY with an error code, the error reported
/// next is one of the connection and not of a stream. The error's type does not say which it is.
final class ConnectionErrorObserver: NIOHTTP2FrameDelegate {
    private var code: HTTP2ErrorCode?

    func wroteFrame(_ frame: HTTP2Frame) {
        guard case .goAway(_, let errorCode, _) = frame.payload, errorCode != .noError else { return }
        code = errorCode
    }

    func takeCode() -> HTTP2ErrorCode? {
        defer { code = nil }
        return code
    }
}

extension HTTP2StreamID {
    /// The identifier as tokens and the stream table have it.
    var number: UInt32 { UInt32(bitPattern: Int32(self)) }

    init(number: UInt32) { self.init(Int32(bitPattern: number)) }
}
