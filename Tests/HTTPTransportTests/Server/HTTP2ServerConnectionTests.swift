import NIOCore
import NIOEmbedded
import NIOHPACK
import Testing

@testable import HTTPTransport

/// The connection handler behind the real codec, on embedded channels, spoken to in bytes.
@Suite struct HTTP2ServerConnectionTests {
    @Test func `A request is delivered whole and its answer comes back on its stream`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1, "hello")
        let request = try #require(server.application.received.first)
        #expect(request.method == "POST")
        #expect(request.path == "/echo")
        #expect(request.headers.first(name: ":authority") == "example.test")
        #expect(String(buffer: request.body) == "hello")
        #expect(peer.answer(1)?.status == "200")
        #expect(peer.answer(1)?.body == Array("hello".utf8))
        #expect(peer.answer(1)?.isComplete == true)
        #expect(server.loop.statistics.requestsInFlight == 0)
    }

    @Test func `A body is complete at END_STREAM and not before, whatever its pieces`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(), end: false))
        for letter in "abcdefgh".utf8 {
            try peer.send(.data(1, [letter], end: false))
            #expect(server.application.received.isEmpty)
        }
        try peer.send(.data(1, [], end: true))
        #expect(peer.answer(1)?.body == Array("abcdefgh".utf8))
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `Frames cut at every byte give the same request`() throws {
        let bytes =
            RawFrame.headers(1, RawFrame.request(), end: false).bytes
            + RawFrame.data(1, Array("cut".utf8), end: true).bytes
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        for byte in bytes { try peer.sendBytes([byte]) }
        #expect(peer.answer(1)?.body == Array("cut".utf8))
    }

    @Test func `Trailers end a body`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(), end: false), .data(1, Array("with".utf8), end: false))
        try peer.send(.headers(1, [("x-checksum", "1")], end: true))
        #expect(peer.answer(1)?.body == Array("with".utf8))
    }

    @Test func `An answer without a body ends the stream on its HEADERS`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request("DELETE", "/empty"), end: true))
        let frames = peer.frames.filter { $0.stream == 1 }
        #expect(frames.map(\.kind) == [.headers])
        #expect(frames.first?.endsStream == true)
    }

    @Test func `The answer to HEAD goes without its body`() throws {
        let server = EmbeddedServer(mode: .large(100))
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request("HEAD", "/"), end: true))
        #expect(peer.frames.filter { $0.stream == 1 }.map(\.kind) == [.headers])
    }

    @Test func `A body above the limit is answered 413 and reset without error, other streams live on`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxBodyBytes = 1_000 }
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1, "kept")
        try peer.send(
            .headers(3, RawFrame.request(), end: false),
            .data(3, Array(repeating: 1, count: 900), end: false)
        )
        try peer.send(.data(3, Array(repeating: 1, count: 101), end: false))
        #expect(peer.answer(3)?.status == "413")
        #expect(peer.answer(3)?.isComplete == true)
        #expect(peer.answer(3)?.resetCode == 0)
        // What was under way when the reset left does no harm.
        try peer.send(.data(3, Array(repeating: 1, count: 900), end: true))
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1)?.body == Array("kept".utf8))
        #expect(peer.isOpen)
        #expect(peer.reader.goAways.isEmpty)
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `A body of exactly the limit is taken`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet([(4, 1_000_000)])
        try peer.send(.windowUpdate(0, 1_000_000), .headers(1, RawFrame.request(), end: false))
        for index in 0..<4 { try peer.send(.data(1, Array(repeating: 7, count: 16_384), end: index == 3)) }
        #expect(peer.answer(1)?.body.count == 65_536)
    }

    @Test(arguments: [
        [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("Upper-Case", "x")],
        [(":method", "POST"), (":scheme", "https"), ("x-path", "missing")],
        [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("connection", "keep-alive")],
        [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":status", "200")],
        [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("te", "gzip")],
    ])
    func `A malformed header block costs its stream and no other`(_ fields: [(String, String)]) throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1, "alive")
        try peer.send(.headers(3, fields, end: true))
        try peer.request(5, "later")
        #expect(peer.answer(3)?.resetCode == 1)
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1)?.body == Array("alive".utf8))
        #expect(peer.answer(5)?.body == Array("later".utf8))
        #expect(peer.isOpen)
        #expect(server.loop.statistics.streamErrors == 1)
    }

    @Test func `A content-length that does not match costs its stream and no other`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        let fields = RawFrame.request(extra: [("content-length", "10")])
        try peer.send(.headers(1, fields, end: false), .data(1, Array("short".utf8), end: true))
        try peer.request(3, "next")
        #expect(peer.answer(1)?.resetCode == 1)
        #expect(server.application.received.count == 1)
        #expect(peer.answer(3)?.isComplete == true)
    }

    @Test func `A connection error is announced, then the connection is closed`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        // DATA on the connection itself (RFC 9113 section 6.1).
        try peer.send(.data(0, [1], end: false))
        #expect(peer.reader.goAways.first?.errorCode == 1)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.connectionErrors == 1)
        #expect(server.loop.statistics.connectionsOpen == 0)
    }

    @Test func `A connection error while draining closes the connection too`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1)
        _ = server.loop.drain(deadline: .distantFuture)
        try peer.receive()
        let ping = try #require(peer.frames.last { $0.kind == .ping })
        try peer.send(RawFrame(kind: .ping, flags: RawFrame.ack, payload: ping.payload))
        #expect(peer.reader.goAways.count == 2)
        try peer.send(.data(0, [1], end: false))
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
    }

    @Test func `A late answer to a stream that the peer reset is told so`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1)
        try peer.send(.reset(1))
        #expect(server.application.answerHeld() == [false])
        #expect(server.loop.statistics.responsesTooLate == 1)
        #expect(server.loop.statistics.streamsResetByPeer == 1)
        #expect(server.loop.statistics.requestsInFlight == 0)
    }

    @Test func `A late answer to a connection whose slot has a new tenant is told so`() throws {
        let server = EmbeddedServer(mode: .hold)
        let first = try server.connect()
        try first.greet()
        try first.request(1)
        try first.channel.close().wait()
        let second = try server.connect()
        try second.greet()
        try second.request(1, "second")
        #expect(server.application.held.map(\.token.connection) == [0, 0])
        #expect(server.application.answerHeld() == [false, true])
        try second.receive()
        #expect(second.answer(1)?.body == Array("second".utf8))
    }

    @Test func `Answers of one tick on one connection leave in one write`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        for index in 0..<10 { try peer.request(UInt32(index * 2 + 1)) }
        let before = peer.writes
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.writes == before + 1)
        #expect((0..<10).allSatisfy { peer.answer(UInt32($0 * 2 + 1))?.isComplete == true })
    }

    @Test func `Requests of one read cycle are followed by one receiveComplete`() throws {
        let server = EmbeddedServer(mode: .batch)
        let peer = try server.connect()
        try peer.greet()
        let before = peer.writes
        try peer.send(
            (0..<8).flatMap { index -> [RawFrame] in
                let stream = UInt32(index * 2 + 1)
                return [.headers(stream, RawFrame.request(), end: false), .data(stream, [1, 2, 3], end: true)]
            }
        )
        #expect(server.application.batches == 1)
        #expect(server.application.received.count == 8)
        #expect(peer.writes == before + 1)
        #expect(peer.answer(15)?.isComplete == true)
    }

    @Test func `The receive window of the connection is given back when half is used`() throws {
        let server = EmbeddedServer {
            $0.connectionWindowBytes = 131_072
            $0.initialWindowBytes = 65_537
        }
        let peer = try server.connect()
        try peer.greet()
        let before = peer.frames.count { $0.kind == .windowUpdate }
        for index in 0..<5 {
            let stream = UInt32(index * 2 + 1)
            try peer.send(
                .headers(stream, RawFrame.request(), end: false),
                .data(stream, Array(repeating: 1, count: 16_000), end: true)
            )
        }
        let updates = peer.frames.filter { $0.kind == .windowUpdate }.dropFirst(before)
        #expect(updates.map(\.stream) == [0])
        #expect(updates.first.map { $0.number(at: 0) } == 80_000)
    }

    @Test func `Expect 100-continue is answered when the body waits for it`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(extra: [("expect", "100-continue")]), end: false))
        #expect(peer.answer(1)?.interim == ["100"])
        try peer.send(.data(1, Array("now".utf8), end: true))
        #expect(peer.answer(1)?.status == "200")
        try peer.send(
            .headers(3, RawFrame.request(extra: [("expect", "100-continue"), ("content-length", "99999")]), end: false)
        )
        #expect(peer.answer(3)?.status == "413")
    }

    @Test func `An answer that HTTP 2 cannot carry costs its stream and no other`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1)
        try peer.request(3)
        let bad = HTTPServerResponse(headers: [":status": "200", "Upper-Case": "x"], body: ByteBuffer(string: "x"))
        server.loop.respond(server.application.held[0].token, bad)
        server.loop.respond(server.application.held[1].token, TestApplication.echo(server.application.held[1]))
        try peer.receive()
        #expect(peer.answer(1)?.resetCode == 2)
        #expect(peer.answer(3)?.isComplete == true)
        #expect(peer.isOpen)
        #expect(server.loop.statistics.requestsInFlight == 0)
    }
}
