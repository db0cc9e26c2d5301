import NIOCore
import NIOEmbedded

@testable import HTTPTransport

/// A server loop without sockets: connections are embedded channels, time is what the test says.
final class EmbeddedServer {
    let eventLoop = EmbeddedEventLoop()
    let loop: HTTPServerLoop
    let application: TestApplication
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    init(mode: TestApplication.Mode = .echo, configure: (inout HTTPServerConfiguration) -> Void = { _ in }) {
        var configuration = HTTPServerConfiguration()
        configure(&configuration)
        loop = HTTPServerLoop(eventLoop: eventLoop, index: 0, configuration: configuration, now: now)
        application = TestApplication(loop: loop, mode: mode)
        loop.start(application)
    }

    func connect(from address: String? = nil) throws -> EmbeddedPeer {
        let channel = EmbeddedChannel(loop: eventLoop)
        channel.remoteAddress = try address.map { try SocketAddress(ipAddress: $0, port: 1) }
        try loop.initialize(channel)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return EmbeddedPeer(server: self, channel: channel)
    }

    func advance(by amount: TimeAmount) {
        now = now + amount
        loop.timePassed(now: now)
        run()
    }

    /// Runs what is due, and the turns of connections until none waits.
    func run() {
        eventLoop.run()
        while loop.areTurnsScheduled { eventLoop.advanceTime(by: HTTPServerLoop.turnPause) }
    }
}

/// The client's end of an embedded connection.
final class EmbeddedPeer {
    let server: EmbeddedServer
    let channel: EmbeddedChannel
    private(set) var reader = AnswerReader()
    private(set) var frames: [RawFrame] = []
    private(set) var writes = 0
    private var buffer = ByteBuffer()

    init(server: EmbeddedServer, channel: EmbeddedChannel) {
        self.server = server
        self.channel = channel
    }

    var isOpen: Bool { channel.isActive }

    /// The preface and settings of a client, and the acknowledgement of the server's.
    func greet(_ settings: [(UInt16, UInt32)] = []) throws {
        try sendBytes(RawFrame.preface + RawFrame.settings(settings).bytes + RawFrame.settingsAck.bytes)
    }

    /// Sends frames in one read cycle and takes what comes back.
    func send(_ frames: RawFrame...) throws { try send(frames) }

    func send(_ frames: [RawFrame]) throws { try sendBytes(frames.flatMap(\.bytes)) }

    func sendBytes(_ bytes: [UInt8]) throws {
        // Errors are part of what is tested; they show in frames and counters.
        _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
        try receive()
    }

    /// Whether the channel takes more, as a socket would say.
    func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    /// Runs what waits for the end of the tick and takes what comes back.
    func receive() throws {
        server.run()
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
            writes += 1
            buffer.writeImmutableBuffer(bytes)
        }
        let new = RawFrame.parse(&buffer)
        frames += new
        try reader.read(new)
    }

    func answer(_ stream: UInt32) -> AnswerReader.Answer? { reader.answers[stream] }

    func request(_ stream: UInt32, _ body: String = "hello") throws {
        try send(.headers(stream, RawFrame.request(), end: false), .data(stream, Array(body.utf8), end: true))
    }
}
