import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import TransportTLS

@testable import HTTPTransport

/// What a peer that does not read can make the server hold.
@Suite(.timeLimit(.minutes(5))) struct OutputLimitTests {
    /// A server of one loop on real sockets, and a look at its loop.
    private struct World {
        let server: HTTPServer
        let loop: NIOLoopBound<HTTPServerLoop>
        let application: NIOLoopBound<TestApplication>

        func statistics() async throws -> HTTPServerStatistics {
            try await loop.eventLoop.submit { loop.value.statistics }.get()
        }

        func received() async throws -> Int {
            try await loop.eventLoop.submit { application.value.received.count }.get()
        }

        /// Asks the loop again and again until the condition holds; the suite's time limit ends it
        /// otherwise.
        func until(_ condition: (HTTPServerStatistics) -> Bool) async throws {
            while !condition(try await statistics()) { await Task.yield() }
        }
    }

    private func withWorld(
        bodyBytes: Int,
        tls: NIOSSLContext? = nil,
        configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = HTTPServerConfiguration(tls: tls)
        configuration.timerTick = .milliseconds(10)
        configure(&configuration)
        let made = Mutex<(NIOLoopBound<HTTPServerLoop>, NIOLoopBound<TestApplication>)?>(nil)
        let server = try await HTTPServer.start(loops: [group.next()], configuration: configuration) { loop in
            let application = TestApplication(loop: loop, mode: .large(bodyBytes))
            made.withLock {
                $0 = (
                    NIOLoopBound(loop, eventLoop: loop.eventLoop), NIOLoopBound(application, eventLoop: loop.eventLoop)
                )
            }
            return application
        }
        let (loop, application) = try #require(made.withLock { $0 })
        do {
            try await body(World(server: server, loop: loop, application: application))
        } catch {
            await server.drain(within: .zero)
            try await group.shutdownGracefully()
            throw error
        }
        await server.drain(within: .zero)
        try await group.shutdownGracefully()
    }

    private static let bodyBytes = 200_000
    private static let requests = 100
    /// What the kernel's buffers of both ends may hold, in answers, and some more.
    private static let mostDelivered = 50
    /// Above the pause of HTTP/2 and the channel's high water mark, each exceeded by one answer and
    /// a TLS record's share.
    private static let mostWaiting = 1_000_000

    /// Greets as a peer whose windows are as wide as they can be.
    private static let wideGreeting =
        RawFrame.preface + RawFrame.settings([(4, 0x7FFF_FFFF)]).bytes + RawFrame.settingsAck.bytes
        + RawFrame.windowUpdate(0, 0x7FFF_0000 - 65_535).bytes

    private static func pipelined(_ protocolName: String) -> [UInt8] {
        switch protocolName {
        case "h2":
            wideGreeting
                + (0..<requests).flatMap {
                    RawFrame.headers(UInt32($0 * 2 + 1), RawFrame.request("GET", "/"), end: true).bytes
                }
        default: Array(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: requests).utf8)
        }
    }

    /// Waits until the deaf peer's requests are stuck: output waits, and a round of the loop
    /// delivers no more of them.
    private func untilStuck(_ world: World) async throws {
        try await world.until { $0.outputBytesWaiting > 0 }
        var before = -1
        var rounds = 0
        while rounds < 20 {
            let now = try await world.received()
            rounds = now == before ? rounds + 1 : 0
            before = now
            // A round of the loop that has looked at its sockets.
            try await world.loop.eventLoop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
        }
    }

    @Test(arguments: ["h2", "http/1.1"], [false, true])
    func `A peer that reads nothing gets few of its answers made, and is closed`(
        _ protocolName: String,
        _ isEncrypted: Bool
    ) async throws {
        let certificate = try TestCertificate()
        let serverTLS = isEncrypted ? try certificate.serverContext() : nil
        let clientTLS = isEncrypted ? try certificate.clientContext(protocols: [protocolName]) : nil
        let stall = TimeAmount.seconds(2)
        try await withWorld(
            bodyBytes: Self.bodyBytes,
            tls: serverTLS,
            configure: { $0.writeStallTimeout = stall }
        ) { world in
            let deaf = try await SocketPeer.connect(port: world.server.port, tls: clientTLS, receiveBuffer: 16_384)
            let bytes = Self.pipelined(protocolName)
            // The handshake and the choice of the protocol need a peer that reads.
            try await deaf.send(Array(bytes.prefix(RawFrame.preface.count)))
            try await world.until { $0.http1Connections + $0.http2Connections == 1 }
            try await deaf.channel.setOption(.autoRead, value: false).get()
            try await deaf.send(Array(bytes.dropFirst(RawFrame.preface.count)))
            try await untilStuck(world)
            let statistics = try await world.statistics()
            #expect(statistics.outputBytesWaiting > 0)
            #expect(statistics.outputBytesWaiting < Self.mostWaiting)
            #expect(try await world.received() < Self.mostDelivered)
            try await world.until { $0.slowReaders == 1 && $0.connectionsOpen == 0 }
            #expect(try await world.statistics().outputBytesWaiting == 0)
            #expect(try await world.received() < Self.mostDelivered)
            deaf.channel.close(promise: nil)
        }
    }

    @Test(arguments: ["h2", "http/1.1"])
    func `A peer that begins to read late gets every answer`(_ protocolName: String) async throws {
        try await withWorld(bodyBytes: Self.bodyBytes) { world in
            let late = try await SocketPeer.connect(port: world.server.port, autoRead: false, receiveBuffer: 16_384)
            try await late.send(Self.pipelined(protocolName))
            try await untilStuck(world)
            try await late.channel.setOption(.autoRead, value: true).get()
            if protocolName == "h2" {
                await late.streamsEnded(Self.requests)
            } else {
                var bytes = 0
                for await piece in late.inbound {
                    bytes += piece.readableBytes
                    if bytes >= Self.requests * Self.bodyBytes { break }
                }
            }
            #expect(try await world.received() == Self.requests)
            try await world.until { $0.outputBytesWaiting == 0 }
            #expect(try await world.statistics().slowReaders == 0)
            try await late.channel.close()
        }
    }

    @Test func `Above the loop's budget the greatest holder is closed, the others stay`() async throws {
        let budget = 400_000
        try await withWorld(bodyBytes: Self.bodyBytes, configure: { $0.maxOutputBytesPerLoop = budget }) { world in
            var deaf: [SocketPeer] = []
            for _ in 0..<8 {
                let peer = try await SocketPeer.connect(
                    port: world.server.port,
                    autoRead: false,
                    receiveBuffer: 16_384
                )
                try await peer.send(Self.pipelined("http/1.1"))
                deaf.append(peer)
            }
            try await world.until { $0.outputEvictions > 0 && $0.outputBytesWaiting <= budget }
            let other = try await SocketPeer.connect(port: world.server.port)
            try await other.send(Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            #expect(await other.text(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
            #expect(try await world.statistics().connectionsOpen > 0)
            for peer in deaf { peer.channel.close(promise: nil) }
        }
    }
}
