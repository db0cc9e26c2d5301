import NIOCore
import NIOEmbedded
import NIOHPACK

@testable import HTTPTransport

/// Answers in the ways that an application may.
final class EdgeApplication: HTTPServerApplication {
    enum Mode: UInt8 {
        case echo, hold, large, batch
    }

    let loop: HTTPServerLoop
    var mode: Mode
    private var batch: [HTTPServerRequest] = []
    private(set) var held: [HTTPStreamToken] = []

    init(loop: HTTPServerLoop, mode: Mode) {
        self.loop = loop
        self.mode = mode
    }

    func receive(_ request: HTTPServerRequest) {
        precondition(request.body.readableBytes <= loop.configuration.maxBodyBytes, "a body above the limit")
        switch mode {
        case .echo: loop.respond(request.token, Self.answer(request.body))
        case .large: loop.respond(request.token, Self.answer(ByteBuffer(repeating: 120, count: 40_000)))
        case .hold: held.append(request.token)
        case .batch: batch.append(request)
        }
    }

    func receiveComplete() {
        let requests = batch
        batch.removeAll()
        for request in requests { loop.respond(request.token, Self.answer(request.body)) }
    }

    func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        HTTPServerResponse(headers: [":status": "400"], body: ByteBuffer(string: "\(fault)"))
    }

    func answerHeld() {
        let tokens = held
        held.removeAll()
        for token in tokens { loop.respond(token, Self.answer(ByteBuffer(string: "held"))) }
    }

    /// Requests taken and not answered.
    var unanswered: Int { held.count + batch.count }

    private static func answer(_ body: ByteBuffer) -> HTTPServerResponse {
        HTTPServerResponse(headers: [":status": "200"], body: body)
    }
}

/// A server loop with the real pipelines, one connection that the fuzzer speaks on and one that
/// behaves.
final class EdgeWorld {
    private let eventLoop = EmbeddedEventLoop()
    let loop: HTTPServerLoop
    let application: EdgeApplication
    let channel: EmbeddedChannel
    private let neighbour: EmbeddedChannel
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// How long the neighbour has been idle.
    private var passed = TimeAmount.zero
    private var received = 0
    private var sent = 0

    init(mode: EdgeApplication.Mode) {
        var configuration = HTTPServerConfiguration()
        configuration.maxBodyBytes = 4_096
        configuration.maxBodyBytesBufferedPerLoop = 8_192
        configuration.maxBufferedOutboundBytes = 131_072
        configuration.maxConcurrentStreams = 10
        configuration.maxRequestsInFlightPerLoop = 16
        loop = HTTPServerLoop(eventLoop: eventLoop, index: 0, configuration: configuration, now: now)
        application = EdgeApplication(loop: loop, mode: mode)
        loop.start(application)
        channel = Self.connect(loop, eventLoop)
        neighbour = Self.connect(loop, eventLoop)
        checkService(neighbour, stream: 1, isNew: true)
    }

    private static func connect(_ loop: HTTPServerLoop, _ eventLoop: EmbeddedEventLoop) -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: eventLoop)
        do {
            try loop.initialize(channel)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        } catch {
            preconditionFailure("a connection is refused: \(error)")
        }
        return channel
    }

    /// One read cycle of the fuzzer's connection.
    func receive(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        received += bytes.count
        // Errors are expected; that nothing breaks is what is tested.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        settle()
    }

    func advance(by amount: TimeAmount) {
        now = now + amount
        passed = passed + amount
        loop.timePassed(now: now)
        settle()
    }

    func answerHeld() {
        application.answerHeld()
        settle()
    }

    func peerCloses() {
        guard channel.isActive else { return }
        channel.close(promise: nil)
        settle()
    }

    /// Runs what is due, and the turns of connections until none waits.
    private func run() {
        eventLoop.run()
        while loop.areTurnsScheduled { eventLoop.advanceTime(by: HTTPServerLoop.turnPause) }
    }

    private func settle() {
        run()
        while let bytes = try? channel.readOutbound(as: ByteBuffer.self) { sent += bytes.readableBytes }
        let configuration = loop.configuration
        precondition(loop.bodyBytesBuffered >= 0 && loop.bodyBytesBuffered <= configuration.maxBodyBytesBufferedPerLoop)
        precondition(loop.statistics.requestsInFlight == application.unanswered, "requests are miscounted")
        precondition(loop.statistics.requestsInFlight <= configuration.maxRequestsInFlightPerLoop)
        precondition(loop.statistics.connectionsOpen >= 0 && loop.statistics.handshakesInProgress >= 0)
        guard let connection = try? channel.pipeline.syncOperations.handler(type: HTTP2ServerConnection.self) else {
            return
        }
        // One answer may cross the limit; the connection is closed for it.
        precondition(connection.outboundBytes <= configuration.maxBufferedOutboundBytes + 40_000, "unbounded output")
        precondition(connection.outboundBytes >= 0 && connection.bodyBytes >= 0)
    }

    /// The neighbour is served as before, a newcomer too; then everything ends and nothing is left.
    func finish() {
        application.mode = .echo
        application.answerHeld()
        settle()
        if passed < loop.configuration.idleTimeout { checkService(neighbour, stream: 3, isNew: false) }
        checkService(Self.connect(loop, eventLoop), stream: 1, isNew: true)
        for _ in 0..<4 { advance(by: .minutes(5)) }
        precondition(!channel.isActive && !neighbour.isActive, "a connection outlives its deadlines")
        precondition(loop.statistics.connectionsOpen == 0, "a connection is left in the table")
        precondition(loop.bodyBytesBuffered == 0, "body bytes are left behind")
        precondition(loop.statistics.requestsInFlight == 0 && loop.statistics.handshakesInProgress == 0)
        // What one byte can make the server send is bounded: no amplification without end.
        precondition(sent <= 100_000 + received * 8_192, "\(received) bytes in, \(sent) bytes out")
    }

    /// A small request over HTTP/2 is answered with 200.
    private func checkService(_ channel: EmbeddedChannel, stream: UInt32, isNew: Bool) {
        let saved = application.mode
        application.mode = .echo
        defer { application.mode = saved }
        var bytes: [UInt8] = []
        if isNew { bytes += FuzzFrame.preface + FuzzFrame(4).bytes + FuzzFrame(4, flags: 1).bytes }
        bytes += FuzzFrame(1, flags: 5, stream: stream, FuzzFrame.block(FuzzFrame.request)).bytes
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        run()
        var answer: [UInt8] = []
        while let bytes = try? channel.readOutbound(as: ByteBuffer.self) { answer += bytes.readableBytesView }
        // 0x88 is the indexed field ":status: 200" of HPACK's static table.
        precondition(
            FuzzFrame.hasFrame(answer, kind: 1, stream: stream, payloadStart: 0x88),
            "another connection suffers"
        )
    }
}

/// An HTTP/2 frame as bytes.
struct FuzzFrame {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let request = [
        (":method", "POST"), (":scheme", "https"), (":authority", "a.test"), (":path", "/v1/payments"),
    ]

    let bytes: [UInt8]

    init(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        let length = Self.big(UInt32(payload.count)).dropFirst()
        bytes = Array(length) + [kind, flags] + Self.big(stream) + payload
    }

    static func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    /// Literals without indexing or Huffman coding; names and values of at most 126 bytes.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            block += [0x00, UInt8(name.utf8.count)]
            block += Array(name.utf8)
            block.append(UInt8(value.utf8.count))
            block += Array(value.utf8)
        }
        return block
    }

    static func hasFrame(_ bytes: [UInt8], kind: UInt8, stream: UInt32, payloadStart: UInt8) -> Bool {
        var offset = 0
        while offset + 9 < bytes.count {
            let length = Int(bytes[offset]) << 16 | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2])
            let number = bytes[offset + 5..<offset + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            if bytes[offset + 3] == kind, number == stream, length > 0, bytes[offset + 9] == payloadStart {
                return true
            }
            offset += 9 + length
        }
        return false
    }
}
