import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import Testing
import TransportTLS

@testable import HTTPTransport

/// The server on real sockets.
@Suite(.timeLimit(.minutes(5))) struct HTTPServerTests {
    /// Starts a server on two loops, runs `body`, and drains.
    private func withServer(
        mode: @escaping @Sendable () -> TestApplication.Mode = { .echo },
        tls: NIOSSLContext? = nil,
        configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (HTTPServer) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var configuration = HTTPServerConfiguration(tls: tls)
        configuration.timerTick = .milliseconds(10)
        configure(&configuration)
        let server = try await HTTPServer.start(loops: Array(group.makeIterator()), configuration: configuration) {
            TestApplication(loop: $0, mode: mode())
        }
        do {
            try await body(server)
        } catch {
            await server.drain(within: .zero)
            try await group.shutdownGracefully()
            throw error
        }
        await server.drain(within: .seconds(30))
        try await group.shutdownGracefully()
    }

    private static let greeting = RawFrame.preface + RawFrame.settings().bytes + RawFrame.settingsAck.bytes

    private func request(_ stream: UInt32, _ body: String) -> [RawFrame] {
        [.headers(stream, RawFrame.request(), end: false), .data(stream, Array(body.utf8), end: true)]
    }

    @Test func `TLS with ALPN h2 is served HTTP 2`() async throws {
        let certificate = try TestCertificate()
        try await withServer(tls: certificate.serverContext()) { server in
            let tls = try certificate.clientContext(protocols: ["h2"])
            let peer = try await SocketPeer.connect(port: server.port, tls: tls)
            try await peer.send(Self.greeting)
            try await peer.send(request(1, "secret"))
            let reader = try await peer.answers { $0.answers[1]?.isComplete == true }
            #expect(reader.answers[1]?.body == Array("secret".utf8))
            try await peer.channel.close()
        }
    }

    @Test func `TLS with ALPN http 1 1 is served HTTP 1`() async throws {
        let certificate = try TestCertificate()
        try await withServer(tls: certificate.serverContext()) { server in
            let tls = try certificate.clientContext(protocols: ["http/1.1"])
            let peer = try await SocketPeer.connect(port: server.port, tls: tls)
            try await peer.send(Array("GET /scheme HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            let answer = await peer.text(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nx-scheme: https\r\n"))
            try await peer.channel.close()
        }
    }

    @Test func `TLS without ALPN is served HTTP 1`() async throws {
        let certificate = try TestCertificate()
        try await withServer(tls: certificate.serverContext()) { server in
            let tls = try certificate.clientContext(protocols: [])
            let peer = try await SocketPeer.connect(port: server.port, tls: tls)
            try await peer.send(Array("GET /scheme HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(await peer.text(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\nx-scheme: https\r\n"))
            try await peer.channel.close()
        }
    }

    @Test(arguments: [["http/1.0"], ["spdy/3", "h3"], nil])
    func `TLS with other protocols, or none where one is required, gets the alert`(_ protocols: [String]?) async throws
    {
        let certificate = try TestCertificate()
        try await withServer(
            tls: certificate.serverContext(),
            configure: { $0.requiresALPN = protocols == nil }
        ) { server in
            let peer = try await SocketPeer.connect(port: server.port)
            try await peer.send(ClientHelloTests.bytes(protocols: protocols, recordBytes: 50))
            var received = ByteBuffer()
            for await bytes in peer.inbound { received.writeImmutableBuffer(bytes) }
            #expect(Array(received.readableBytesView) == [21, 3, 3, 0, 2, 2, 120])
            // Others are served as before.
            let tls = try certificate.clientContext(protocols: ["h2"])
            let other = try await SocketPeer.connect(port: server.port, tls: tls)
            try await other.send(Self.greeting)
            try await other.send(request(1, "x"))
            let reader = try await other.answers { $0.answers[1]?.isComplete == true }
            #expect(reader.answers[1]?.status == "200")
            try await other.channel.close()
        }
    }

    @Test func `A second server never shares a port, and says which is taken`() async throws {
        try await withServer { server in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: server.port)
            let error = await #expect(throws: ListenError.self) {
                _ = try await HTTPServer.start(loops: Array(group.makeIterator()), configuration: configuration) {
                    TestApplication(loop: $0, mode: .echo)
                }
            }
            #expect(error?.isTaken == true)
            let text = "cannot listen on 127.0.0.1:\(server.port): another process listens on this port"
            #expect(error?.description == text)
            let checked = await #expect(throws: ListenError.self) {
                try await ListenError.check([("127.0.0.1", 0), ("127.0.0.1", server.port)])
            }
            #expect(checked?.description == text)
            // The address of all interfaces has that port, too.
            await #expect(throws: ListenError.self) { try await ListenError.check([("0.0.0.0", server.port)]) }
            try await group.shutdownGracefully()
        }
    }

    @Test func `Of many servers that start at once on a port one gets it`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 4)
        let loops = Array(group.makeIterator())
        let port = try await freePort(loops)
        for _ in 0..<20 {
            let servers = await withTaskGroup(of: HTTPServer?.self, returning: [HTTPServer].self) { tasks in
                for _ in 0..<4 {
                    tasks.addTask {
                        let configuration = HTTPServerConfiguration(host: "127.0.0.1", port: port)
                        return try? await HTTPServer.start(loops: loops, configuration: configuration) {
                            TestApplication(loop: $0, mode: .echo)
                        }
                    }
                }
                return await tasks.reduce(into: []) { if let server = $1 { $0.append(server) } }
            }
            #expect(servers.count <= 1)
            for server in servers { await server.drain(within: .zero) }
        }
        try await group.shutdownGracefully()
    }

    private func freePort(_ loops: [any EventLoop]) async throws -> Int {
        let server = try await HTTPServer.start(loops: loops, configuration: HTTPServerConfiguration()) {
            TestApplication(loop: $0, mode: .echo)
        }
        await server.drain(within: .zero)
        return server.port
    }

    @Test func `An address that is nobody's is told apart from one that is taken`() async throws {
        let foreign = await #expect(throws: ListenError.self) { try await ListenError.check([("192.0.2.1", 9)]) }
        #expect(foreign?.isTaken == false)
        let unknown = await #expect(throws: ListenError.self) { try await ListenError.check([("no.such.invalid", 9)]) }
        #expect(unknown?.isTaken == false)
        #expect(unknown?.description.hasPrefix("cannot listen on no.such.invalid:9: ") == true)
    }

    @Test func `Cleartext speaks both, told apart by the preface, on every loop`() async throws {
        try await withServer { server in
            // The kernel spreads connections by their ports: many reach both loops.
            for index in 0..<16 {
                let peer = try await SocketPeer.connect(port: server.port)
                if index % 2 == 0 {
                    for byte in Self.greeting { try await peer.send([byte]) }
                    try await peer.send(request(1, "\(index)"))
                    let reader = try await peer.answers { $0.answers[1]?.isComplete == true }
                    #expect(reader.answers[1]?.body == Array("\(index)".utf8))
                } else {
                    try await peer.send(Array("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi".utf8))
                    #expect(await peer.text(until: "\r\n\r\nhi").hasPrefix("HTTP/1.1 200 OK"))
                }
                try await peer.channel.close()
            }
        }
    }

    @Test func `Rapid reset is answered by GOAWAY 11 and a closed connection, others are served`() async throws {
        try await withServer(mode: { .hold }, configure: { $0.streamResetLimit.count = 100 }) { server in
            let peer = try await SocketPeer.connect(port: server.port)
            try await peer.send(Self.greeting)
            let frames = (0..<400).flatMap { index -> [RawFrame] in
                let stream = UInt32(index * 2 + 1)
                return [.headers(stream, RawFrame.request("GET", "/"), end: true), .reset(stream)]
            }
            // The connection may end while this is still being sent.
            try? await peer.send(frames)
            // Reads to the connection's end: that it comes is the point.
            let reader = try await peer.answers { _ in false }
            #expect(reader.goAways.first?.errorCode == 11)
            let other = try await SocketPeer.connect(port: server.port)
            try await other.send(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nNONSENSE".utf8))
            try await other.channel.close()
        }
    }

    @Test func `A peer that never reads stalls itself, and only itself`() async throws {
        let size = 60_000
        try await withServer(mode: { .large(size) }, configure: { $0.writeStallTimeout = .seconds(2) }) {
            server in
            let deaf = try await SocketPeer.connect(port: server.port, autoRead: false)
            let settings = RawFrame.settings([(4, 0x7FFF_FFFF)]).bytes
            try await deaf.send(RawFrame.preface + settings + RawFrame.settingsAck.bytes)
            try await deaf.send([.windowUpdate(0, 0x7FFF_0000 - 65_535)])
            // Far more answers than any buffer on the way holds; the server must end this, not
            // buffer it.
            let requests = (0..<2_000).map {
                RawFrame.headers(UInt32($0 * 2 + 1), RawFrame.request("GET", "/"), end: true)
            }
            for frame in requests {
                guard deaf.channel.isActive else { break }
                deaf.channel.writeAndFlush(ByteBuffer(bytes: frame.bytes), promise: nil)
            }
            let other = try await SocketPeer.connect(port: server.port)
            try await other.send(Self.greeting)
            try await other.send(request(1, "x"))
            let reader = try await other.answers { $0.answers[1]?.isComplete == true }
            #expect(reader.answers[1]?.body.count == size)
            try await other.channel.close()
            deaf.channel.close(promise: nil)
        }
    }

    @Test func `Drain lets an open request be answered, then refuses connections`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let arrived = AsyncStream.makeStream(of: Void.self)
        var configuration = HTTPServerConfiguration()
        configuration.timerTick = .milliseconds(10)
        let server = try await HTTPServer.start(loops: [group.next()], configuration: configuration) { loop in
            LateApplication(loop: loop, arrived: arrived.continuation)
        }
        let peer = try await SocketPeer.connect(port: server.port)
        try await peer.send(Self.greeting)
        try await peer.send(request(1, "late"))
        for await _ in arrived.stream { break }
        async let drained: Void = server.drain(within: .seconds(30))
        // The peer does not answer the PING: the drain does without it after a second, the request
        // after half of one.
        let reader = try await peer.answers { _ in false }
        #expect(reader.answers[1]?.body == Array("late".utf8))
        #expect(reader.goAways.map(\.errorCode) == [0, 0])
        await drained
        await #expect(throws: (any Error).self) { try await SocketPeer.connect(port: server.port) }
        try await group.shutdownGracefully()
    }

    @Test func `A drain begins on all loops at once, whatever one of them waits for`() async throws {
        let loopCount = 3
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loopCount)
        let arrived = AsyncStream.makeStream(of: Int.self)
        let server = try await HTTPServer.start(
            loops: Array(group.makeIterator()),
            configuration: HTTPServerConfiguration()
        ) { SilentApplication(loop: $0, arrived: arrived.continuation) }
        var arrivals = arrived.stream.makeAsyncIterator()
        var peers: [String: [SocketPeer]] = [:]
        for path in ["/silent", "/answered"] {
            // Until each loop has one: the kernel chooses the loop.
            var loops: Set<Int> = []
            while loops.count < loopCount {
                let peer = try await SocketPeer.connect(port: server.port)
                try await peer.send(Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                peers[path, default: []].append(peer)
                if let index = await arrivals.next() { loops.insert(index) }
            }
        }
        let start = NIODeadline.now()
        async let drained: Void = server.drain(within: .seconds(60))
        // Idle connections are closed where a drain begins; every loop still has a request that
        // keeps its drain waiting.
        for peer in peers["/answered", default: []] { await peer.end() }
        #expect(NIODeadline.now() - start < .seconds(30))
        for peer in peers["/silent", default: []] { peer.channel.close(promise: nil) }
        await drained
        try await group.shutdownGracefully()
    }

    @Test func `A port in use is reported and nothing is left listening`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let holder = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(holder.localAddress?.port)
        await #expect(throws: (any Error).self) {
            _ = try await HTTPServer.start(
                loops: [group.next()],
                configuration: HTTPServerConfiguration(port: port)
            ) { TestApplication(loop: $0) }
        }
        try await holder.close()
        try await group.shutdownGracefully()
    }
}

/// Answers half a second after the request.
private final class LateApplication: HTTPServerApplication {
    private let loop: HTTPServerLoop
    private let arrived: AsyncStream<Void>.Continuation

    init(loop: HTTPServerLoop, arrived: AsyncStream<Void>.Continuation) {
        self.loop = loop
        self.arrived = arrived
    }

    func receive(_ request: HTTPServerRequest) {
        arrived.yield()
        loop.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(500)) {
            self.loop.respond(request.token, TestApplication.echo(request))
        }
    }

    func receiveComplete() {}

    func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        HTTPServerResponse(headers: [":status": "500"], body: ByteBuffer())
    }
}

/// Answers nothing but `/answered`.
private final class SilentApplication: HTTPServerApplication {
    private let loop: HTTPServerLoop
    private let arrived: AsyncStream<Int>.Continuation

    init(loop: HTTPServerLoop, arrived: AsyncStream<Int>.Continuation) {
        self.loop = loop
        self.arrived = arrived
    }

    func receive(_ request: HTTPServerRequest) {
        if request.path == "/answered" { loop.respond(request.token, TestApplication.echo(request)) }
        arrived.yield(loop.index)
    }

    func receiveComplete() {}

    func response(to fault: HTTPRequestFault) -> HTTPServerResponse {
        HTTPServerResponse(headers: [":status": "500"], body: ByteBuffer())
    }
}
