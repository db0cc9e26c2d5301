import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

/// Peers that mean harm: each flood ends in GOAWAY ENHANCE_YOUR_CALM (11) and a closed connection;
/// the loop lives on.
@Suite struct HTTP2FloodTests {
    /// Sends `frames` in small reads and expects the connection to be ended for it.
    private func expectCalm(_ server: EmbeddedServer, _ frames: [RawFrame]) throws {
        let peer = try server.connect()
        try peer.greet()
        for start in stride(from: 0, to: frames.count, by: 10) {
            guard peer.isOpen else { break }
            try peer.send(Array(frames[start..<min(start + 10, frames.count)]))
        }
        #expect(peer.reader.goAways.first?.errorCode == 11)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.floods == 1)
        #expect(server.loop.statistics.connectionsOpen == 0)
        // Others are served as before.
        let other = try server.connect()
        try other.greet()
        try other.request(1)
        #expect(other.answer(1)?.status == "200")
    }

    @Test func `Rapid reset`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.streamResetLimit.count = 100 }
        let frames = (0..<150).flatMap { index -> [RawFrame] in
            let stream = UInt32(index * 2 + 1)
            return [.headers(stream, RawFrame.request("GET", "/"), end: true), .reset(stream)]
        }
        let peer = try server.connect()
        try peer.greet()
        try peer.send(frames)
        #expect(peer.reader.goAways.first?.errorCode == 11)
        // The work taken on is still counted until the application has answered it in vain.
        #expect(server.loop.statistics.requestsInFlight == 101)
        // Only the stream whose reset was one too many is still open.
        #expect(server.application.answerHeld().count { $0 } == 1)
        #expect(server.loop.statistics.requestsInFlight == 0)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.floods == 1)
    }

    @Test func `Ping flood`() throws {
        try expectCalm(EmbeddedServer(), (0..<300).map { .ping(UInt8($0 % 256)) })
    }

    @Test func `Settings flood`() throws {
        try expectCalm(EmbeddedServer(), Array(repeating: .settings(), count: 300))
    }

    @Test func `Window update flood`() throws {
        let server = EmbeddedServer { $0.windowUpdateLimit.count = 500 }
        try expectCalm(server, Array(repeating: .windowUpdate(0, 1), count: 600))
    }

    @Test func `Flood of bad header blocks`() throws {
        let frames = (0..<300).map { RawFrame.headers(UInt32($0 * 2 + 1), [("Bad", "x")], end: true) }
        try expectCalm(EmbeddedServer(), frames)
    }

    @Test func `Empty DATA frames without end`() throws {
        let frames: [RawFrame] =
            [.headers(1, RawFrame.request(), end: false)] + Array(repeating: .data(1, [], end: false), count: 200)
        try expectCalm(EmbeddedServer(), frames)
    }

    @Test func `A few empty DATA frames harm nobody`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send([.headers(1, RawFrame.request(), end: false), .headers(3, RawFrame.request(), end: false)])
        for _ in 0..<20 { try peer.send(.data(1, [], end: false), .data(3, [], end: false)) }
        for stream: UInt32 in [1, 3] { try peer.send(.data(stream, [7], end: false), .data(stream, [], end: true)) }
        #expect([1, 3].allSatisfy { peer.answer($0)?.body == [7] })
        #expect(peer.reader.goAways.isEmpty)
    }

    @Test func `CONTINUATION frames without end`() throws {
        let start = RawFrame(kind: .headers, stream: 1, payload: RawFrame.block([(":method", "GET")]))
        let more = RawFrame(kind: .continuation, stream: 1, payload: RawFrame.block([("x-a", "b")]))
        try expectCalm(EmbeddedServer(), [start] + Array(repeating: more, count: 10))
    }

    @Test func `After a flood nothing more is read from the peer`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(Array(repeating: .ping(), count: 300))
        try peer.request(1)
        #expect(server.application.received.isEmpty)
    }

    @Test func `A client that cancels two percent of a thousand requests per second is not a flood`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        for index in 0..<5_000 {
            let stream = UInt32(index * 2 + 1)
            server.application.mode = index % 50 == 0 ? .hold : .echo
            try peer.request(stream)
            if index % 50 == 0 { try peer.send(.reset(stream)) }
            try peer.send(.windowUpdate(0, 5), .windowUpdate(0, 1))
        }
        #expect(peer.isOpen)
        #expect(peer.reader.goAways.isEmpty)
        #expect(server.loop.statistics.streamsResetByPeer == 100)
    }

    @Test func `GOAWAY flood`() throws {
        let goAway = RawFrame(kind: .goAway, payload: RawFrame.big(0x7FFF_FFFF) + RawFrame.big(0))
        try expectCalm(EmbeddedServer(), Array(repeating: goAway, count: 300))
    }

    @Test func `SETTINGS with many entries`() throws {
        let frame = RawFrame.settings(Array(repeating: (4, 65_535), count: 100))
        try expectCalm(EmbeddedServer(), Array(repeating: frame, count: 3))
    }

    @Test func `One SETTINGS frame with more entries than a client ever sends`() throws {
        try expectCalm(EmbeddedServer(), [.settings(Array(repeating: (4, 65_535), count: 2_730))])
    }

    @Test(arguments: [false, true]) func `DATA frames of one byte`(_ isPadded: Bool) throws {
        let server = EmbeddedServer { $0.smallDataFrameLimit.count = 200 }
        var small = RawFrame.data(1, [7], end: false)
        if isPadded {
            small.flags |= RawFrame.padded
            small.payload = [100, 7] + [UInt8](repeating: 0, count: 100)
        }
        try expectCalm(
            server,
            [.headers(1, RawFrame.request(), end: false)] + Array(repeating: small, count: 300)
        )
    }

    @Test func `Bodies in small pieces earn their frames`() throws {
        let server = EmbeddedServer { $0.smallDataFrameLimit.count = FrameRules.smallFramesPerBlock }
        let peer = try server.connect()
        try peer.greet()
        for stream in stride(from: UInt32(1), to: 21, by: 2) {
            try peer.send(
                [.headers(stream, RawFrame.request(), end: false)]
                    + Array(repeating: .data(stream, [7], end: false), count: FrameRules.smallFramesPerBlock)
                    + [.data(stream, [7], end: true)]
            )
        }
        #expect(server.application.received.count == 10)
        #expect(peer.reader.goAways.isEmpty)
    }

    @Test func `Long header lists out of few bytes`() throws {
        let server = EmbeddedServer { $0.longHeaderByteLimit.count = 100_000 }
        // The first enters the peer's compression table; the others name it three times.
        let value = Array(String(repeating: "a", count: 4_000).utf8)
        let pseudo: [UInt8] = [0x82, 0x87, 0x84, 0x01, 0x01, 0x61]
        let entry: [UInt8] = [0x40, 0x01, 0x78, 127, 0xA1, 0x1E] + value
        let frames = (0..<40).map { index -> RawFrame in
            RawFrame(
                kind: .headers,
                flags: RawFrame.endHeaders | RawFrame.endStream,
                stream: UInt32(index * 2 + 1),
                payload: pseudo + (index == 0 ? entry : [0xBE, 0xBE, 0xBE])
            )
        }
        try expectCalm(server, frames)
        // Each list counts for what is above 4 KiB: 104 bytes of the first, 8,170 of each other.
        // The last request is the one of another connection.
        #expect(server.application.received.count == 1 + 12 + 1)
    }

    @Test func `A stream above the limit is refused, those within it are served`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 2 }
        let peer = try server.connect()
        try peer.greet()
        for stream: UInt32 in [1, 3, 5] { try peer.request(stream) }
        #expect(peer.answer(5)?.resetCode == 7)
        #expect(server.application.received.count == 2)
        #expect(server.loop.statistics.streamsRefused == 1)
        server.application.answerHeld()
        try peer.receive()
        #expect([1, 3].allSatisfy { peer.answer($0)?.isComplete == true })
        try peer.request(7)
        #expect(server.application.received.count == 3)
        #expect(peer.isOpen && peer.reader.goAways.isEmpty)
    }

    @Test func `A peer that knows the limit and exceeds it all the time`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 2 }
        let frames = (0..<300).map { RawFrame.headers(UInt32($0 * 2 + 1), RawFrame.request("GET", "/"), end: true) }
        let peer = try server.connect()
        try peer.greet()
        for start in stride(from: 0, to: frames.count, by: 10) { try peer.send(Array(frames[start..<start + 10])) }
        #expect(peer.reader.goAways.map(\.errorCode) == [11])
        #expect(server.application.received.count == 2)
        #expect(server.loop.statistics.streamsRefused == 201)
    }

    @Test func `Streams above the limit are refused even before the settings are acknowledged`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 2 }
        let peer = try server.connect()
        try peer.sendBytes(RawFrame.preface + RawFrame.settings().bytes)
        for stream: UInt32 in [1, 3, 5, 7] { try peer.request(stream) }
        #expect(server.application.received.count == 2)
        #expect(peer.answer(7)?.resetCode == 7)
        #expect(peer.isOpen)
    }
}
