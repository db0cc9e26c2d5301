import NIOCore
import NIOHPACK
import NIOHTTP1

/// The last handler of an HTTP/1.1 connection: gives requests the shape of HTTP/2 and answers the
/// shape of HTTP/1.1. It takes one request at a time; the pipelining handler in front holds back
/// the next. It takes none while the peer does not read the answers to those before. A fallback:
/// correct, not fast.
final class HTTP1ServerConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle(since: NIODeadline)
        case receiving(Incoming)
        /// Complete, and waiting for its turn of the loop, or for the peer to read the answers
        /// before.
        case complete(Incoming)
        case dispatched(Exchange)
        /// The answer has begun and its body comes in pieces.
        case sending(Exchange)
        /// The last answer is out; what still comes is dropped until the peer closes or the time is
        /// up.
        case lingering(until: NIODeadline)
        case closed
    }

    private struct Incoming {
        var exchange: Exchange
        var method: String
        var path: String
        var headers: HPACKHeaders
        var body = ByteBuffer()
        var started: NIODeadline
        /// Whether the headers alone were looked at, because the body is slower.
        var isAdmitted = false
    }

    /// What the answer has to know of its request.
    private struct Exchange {
        var number: UInt32
        var version: HTTPVersion
        var isHead: Bool
        var keepsAlive: Bool
    }

    private static let linger = TimeAmount.milliseconds(500)

    private let loop: HTTPServerLoop
    private let key: ConnectionTable.Key
    private let source: SourceAddress
    private let meter: OutboundMeter
    private var progress: OutputProgress
    /// Bytes of output that the loop knows to wait here.
    private(set) var reportedOutput = 0
    private var context: ChannelHandlerContext?
    private var state: State
    private var requestNumber: UInt32 = 0
    private var isDraining = false
    /// Whether no request has been complete yet.
    private var isNewcomer = true
    /// Whether the end of an answer is being written, inside of which the next pipelined request
    /// arrives.
    private var isAnswering = false

    init(_ selector: ProtocolSelector) {
        loop = selector.loop
        key = selector.key
        source = selector.source
        meter = selector.meter
        progress = OutputProgress(limits: loop.configuration.outputProgress)
        state = .idle(since: loop.now)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head)
        case .body(let piece): receive(piece)
        case .end: receiveEnd()
        }
    }

    /// Dispatches a request that waited for the peer to read, but not inside this call: an answer
    /// may be in the middle of its writes.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        reportOutput()
        guard context.channel.isWritable, case .complete = state else { return }
        dispatchSoon()
    }

    /// Asks the application about a request whose body did not come with its headers. The server
    /// waits for the body only if the application does not refuse the request.
    func channelReadComplete(context: ChannelHandlerContext) {
        if case .receiving(let incoming) = state, !incoming.isAdmitted {
            if let refusal = loop.application.refusal(of: incoming.headers) {
                loop.statistics.bodiesRefused += 1
                releaseBody()
                var exchange = incoming.exchange
                exchange.keepsAlive = false
                answer(exchange, refusal)
            } else {
                var incoming = incoming
                incoming.isAdmitted = true
                state = .receiving(incoming)
            }
        }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return closeNow() }
        switch state {
        case .idle, .receiving:
            let fault = error == .headerOverflow ? HTTPRequestFault.headersTooLarge : .malformed
            refuse(fault, Exchange(number: requestNumber, version: .http1_1, isHead: false, keepsAlive: false))
        case .complete, .dispatched, .sending, .lingering, .closed:
            closeNow()
        }
    }

    // MARK: Requests

    private func receive(_ head: HTTPRequestHead) {
        guard case .idle = state else { return }
        requestNumber &+= 1
        let exchange = Exchange(
            number: requestNumber,
            version: head.version,
            isHead: head.method == .HEAD,
            // Where the body of such a request ends is not agreed (RFC 9112 section 6.1).
            keepsAlive: head.isKeepAlive
                && !(head.version == .http1_0 && head.headers.contains(name: "transfer-encoding"))
        )
        switch translate(head) {
        case .fault(let fault): refuse(fault, exchange)
        case .request(let request): receive(request, of: head, as: exchange)
        }
    }

    private func receive(_ request: HTTP1Translation.Request, of head: HTTPRequestHead, as exchange: Exchange) {
        state = .receiving(
            Incoming(
                exchange: exchange,
                method: request.method,
                path: request.path,
                headers: request.headers,
                started: loop.now
            )
        )
        // A peer of HTTP/1.0 knows no interim answers (RFC 9110 section 10.1.1).
        guard head.version != .http1_0, head.headers.first(name: "expect")?.lowercased() == "100-continue" else {
            return
        }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > loop.configuration.maxBodyBytes
        {
            return refuse(.bodyTooLarge, exchange)
        }
        write(.head(HTTPResponseHead(version: .http1_1, status: .continue)))
        context?.flush()
    }

    private func translate(_ head: HTTPRequestHead) -> HTTP1Translation.Outcome {
        HTTP1Translation.request(
            head,
            isEncrypted: loop.configuration.tls != nil,
            maxHeaderBytes: loop.configuration.maxHeaderListBytes
        )
    }

    private func receive(_ piece: ByteBuffer) {
        guard case .receiving(var incoming) = state else { return }
        // Take the buffer out of the state before growing it, or it would be copied.
        state = .closed
        guard incoming.body.readableBytes + piece.readableBytes <= loop.configuration.maxBodyBytes else {
            return refuse(.bodyTooLarge, incoming.exchange)
        }
        guard loop.takeBodyRoom(piece.readableBytes, heldByConnection: bodyBytes, source: source) else {
            return refuse(.overloaded, incoming.exchange)
        }
        bodyBytes += piece.readableBytes
        incoming.body.writeImmutableBuffer(piece)
        state = .receiving(incoming)
    }

    private var bodyBytes = 0

    private func releaseBody() {
        loop.giveBodyRoom(bodyBytes, source: source)
        bodyBytes = 0
    }

    private func receiveEnd() {
        guard case .receiving(let incoming) = state else { return }
        state = .complete(incoming)
        guard isAnswering else { return dispatch() }
        // The answer to the previous request is being written, perhaps inside a call of the
        // application. If this request were dispatched here, its own answer would deliver the next
        // request, and so on. The calls would nest as deep as the burst is long. The pipelining
        // handler holds back what follows, so only one request waits here.
        dispatchSoon()
    }

    /// Other connections come before.
    private func dispatchSoon() { loop.enlistForTurn(key) }

    /// Hands on the request that waits for this turn; the work that it was.
    func takeTurn() -> Int {
        guard case .complete = state else { return 0 }
        dispatch()
        return FrameRules.Work.http1Request
    }

    /// Hands the complete request to the application. While the channel is full of answers that the
    /// peer does not read, the request waits, and so does everything behind it. This is never
    /// called inside another call of the application for this connection.
    private func dispatch() {
        guard case .complete(let incoming) = state, let context, context.channel.isWritable else { return }
        releaseBody()
        if isNewcomer { settleNewcomer() }
        guard loop.admitRequest() else { return refuse(.overloaded, incoming.exchange, isComplete: true) }
        loop.statistics.http1Requests += 1
        loop.statistics.bodyBytesReceived += incoming.body.readableBytes
        state = .dispatched(incoming.exchange)
        let token = HTTPStreamToken(
            connection: key.slot,
            generation: key.generation,
            stream: incoming.exchange.number
        )
        loop.application.receive(
            HTTPServerRequest(
                token: token,
                method: incoming.method,
                path: incoming.path,
                headers: incoming.headers,
                body: incoming.body
            )
        )
        loop.application.receiveComplete()
    }

    private func settleNewcomer() {
        isNewcomer = false
        loop.settleNewcomer(key)
    }

    private func refuse(_ fault: HTTPRequestFault, _ exchange: Exchange, isComplete: Bool = false) {
        loop.count(fault)
        releaseBody()
        var exchange = exchange
        // The rest of the request cannot be told from the next request.
        if !isComplete { exchange.keepsAlive = false }
        answer(exchange, loop.application.response(to: fault))
    }

    // MARK: Answers

    /// Answers a request of the application. False when it is gone or answered.
    func respond(_ number: UInt32, _ response: HTTPServerResponse) -> Bool {
        guard context != nil, case .dispatched(let exchange) = state, exchange.number == number else { return false }
        answer(exchange, response)
        return true
    }

    private func answer(_ exchange: Exchange, _ response: HTTPServerResponse) {
        let keepsAlive = exchange.keepsAlive && !isDraining
        loop.statistics.responses += 1
        let context = context
        write(.head(HTTP1Translation.head(response, keepsAlive: keepsAlive, version: exchange.version)))
        if !exchange.isHead, response.body.readableBytes > 0 {
            loop.statistics.bodyBytesSent += response.body.readableBytes
            write(.body(.byteBuffer(response.body)))
        }
        end(exchange)
        context?.flush()
    }

    /// Ends an answer, upon which the pipelining handler delivers the next request at once:
    /// everything is settled before.
    private func end(_ exchange: Exchange) {
        let keepsAlive = exchange.keepsAlive && !isDraining
        state = keepsAlive ? .idle(since: loop.now) : .lingering(until: loop.now + Self.linger)
        let isNested = isAnswering
        isAnswering = true
        write(.end(nil))
        isAnswering = isNested
    }

    /// Begins an answer in pieces. False when the request is gone or answered.
    func begin(_ number: UInt32, _ response: HTTPServerResponse) -> Bool {
        guard context != nil, case .dispatched(var exchange) = state, exchange.number == number else { return false }
        // The end of the connection is the only end of a body that an older peer understands.
        if exchange.version == .http1_0 { exchange.keepsAlive = false }
        state = .sending(exchange)
        loop.statistics.responses += 1
        let keepsAlive = exchange.keepsAlive && !isDraining
        let head = HTTP1Translation.head(
            response,
            keepsAlive: keepsAlive,
            version: exchange.version,
            isInPieces: true
        )
        write(.head(head))
        context?.flush()
        return true
    }

    /// Sends a piece of an answer. False when it was not begun, has ended, or the connection is
    /// gone.
    func send(_ number: UInt32, _ piece: ByteBuffer, isLast: Bool, promise: EventLoopPromise<Void>?) -> Bool {
        guard let context, case .sending(let exchange) = state, exchange.number == number else { return false }
        loop.statistics.bodyBytesSent += piece.readableBytes
        context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: promise)
        if isLast { end(exchange) }
        context.flush()
        return true
    }

    /// Whether this request is still to be answered, or being answered in pieces.
    func isOpen(_ number: UInt32) -> Bool {
        switch state {
        case .dispatched(let exchange), .sending(let exchange): exchange.number == number
        case .idle, .receiving, .complete, .lingering, .closed: false
        }
    }

    private func write(_ part: HTTPServerResponsePart) {
        context?.write(wrapOutboundOut(part), promise: nil)
    }

    // MARK: Ends

    func timePassed(now: NIODeadline) {
        guard checkOutput(now: now) else { return }
        switch state {
        case .idle(let since):
            let isFirst = requestNumber == 0
            guard now >= since + (isFirst ? loop.configuration.headerTimeout : loop.configuration.idleTimeout) else {
                return
            }
            if isFirst { loop.statistics.headerTimeouts += 1 } else { loop.statistics.idleTimeouts += 1 }
            closeNow()
        case .receiving(let incoming):
            guard now >= incoming.started + loop.configuration.bodyTimeout else { return }
            refuse(.bodyTimeout, incoming.exchange)
        case .lingering(let until):
            if now >= until { closeNow() }
        case .complete, .dispatched, .sending, .closed:
            break
        }
    }

    /// False when the peer read too little for too long, upon which the connection is closed.
    private func checkOutput(now: NIODeadline) -> Bool {
        reportOutput()
        let taken = meter.bytesWritten - reportedOutput
        guard progress.check(now: now, bytesTaken: taken, isWaiting: reportedOutput > 0) == .tooSlow else {
            return true
        }
        loop.statistics.slowReaders += 1
        abandonOutput()
        return false
    }

    private func reportOutput() { loop.reportOutput(meter.bytesWaiting(), before: &reportedOutput) }

    /// Closes without waiting for the peer to read what is left.
    func abandonOutput() {
        loop.reportOutput(0, before: &reportedOutput)
        meter.closeChannel()
    }

    func drain() {
        isDraining = true
        switch state {
        case .idle: closeNow()
        case .receiving, .complete, .dispatched, .sending, .lingering, .closed: break
        }
    }

    /// A request that still waits for its turn is not handed on: its answer would have nowhere to
    /// go.
    func closeNow() {
        if case .complete = state { state = .closed }
        context?.close(promise: nil)
    }

    private func leave() {
        guard context != nil else { return }
        context = nil
        state = .closed
        releaseBody()
        loop.reportOutput(0, before: &reportedOutput)
        loop.connectionClosed(key)
    }
}
