import NIOCore
import NIOEmbedded
import NIOHPACK
import Testing

@testable import HTTPTransport

/// HTTP/1.1 on the same port, spoken to in text.
@Suite struct HTTP1ServerConnectionTests {
    private final class Peer {
        let server: EmbeddedServer
        let channel: EmbeddedChannel

        init(_ server: EmbeddedServer) throws {
            self.server = server
            channel = try server.connect().channel
        }

        /// Sends text in one read cycle; the text that came back.
        func send(_ text: String) throws -> String {
            _ = try? channel.writeInbound(ByteBuffer(string: text))
            return try receive()
        }

        func receive() throws -> String {
            server.run()
            var result = ""
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { result += String(buffer: bytes) }
            return result
        }
    }

    @Test func `A request has the shape of HTTP 2 and its answer the shape of HTTP 1`() throws {
        let server = EmbeddedServer()
        let answer = try Peer(server).send(
            "POST /echo?x=1 HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\nX-Key: V\r\nConnection: keep-alive\r\n\r\nhello"
        )
        let request = try #require(server.application.received.first)
        #expect(request.method == "POST")
        #expect(request.path == "/echo?x=1")
        #expect(request.headers.first(name: ":authority") == "example.test")
        #expect(request.headers.first(name: ":scheme") == "http")
        #expect(
            request.headers.map(\.name) == [":method", ":scheme", ":authority", ":path", "content-length", "x-key"]
        )
        #expect(
            answer == "HTTP/1.1 200 OK\r\nx-path: /echo?x=1\r\ncontent-length: 5\r\n\r\nhello"
        )
        #expect(server.loop.statistics.http1Requests == 1)
    }

    @Test func `A connection serves requests one after the other`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        for index in 0..<3 {
            let answer = try peer.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.contains("x-path: /\(index)"))
        }
        #expect(peer.channel.isActive)
    }

    @Test func `Pipelined requests are answered in order, one at a time`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        let requests = (0..<3).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
        #expect(try peer.send(requests) == "")
        for index in 0..<3 {
            #expect(server.application.received.count == index + 1)
            #expect(server.application.answerHeld() == [true])
            #expect(try peer.receive().contains("x-path: /\(index)"))
        }
    }

    private static func burst(_ count: Int) -> String {
        (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
    }

    @Test func `Thousands of pipelined requests are answered in order, none inside the answer of another`() throws {
        let count = 5_000
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        #expect(try peer.send(Self.burst(count)) == "")
        // From the first answer on, each request finds the next one waiting.
        server.application.mode = .echo
        server.application.answerHeld()
        let answers = try peer.receive()
        #expect(
            answers.matches(of: /x-path: \/(\d+)\r\n/).map { $0.output.1 } == (0..<count).map { Substring("\($0)") }
        )
        #expect(server.application.greatestDepth == 1)
        #expect(server.loop.statistics.responses == count)
        #expect(peer.channel.isActive)
    }

    @Test func `Thousands of pipelined requests that are refused are answered one at a time`() throws {
        let count = 5_000
        let server = EmbeddedServer(mode: .hold) { $0.maxRequestsInFlightPerLoop = 1 }
        let (busy, peer) = (try Peer(server), try Peer(server))
        _ = try peer.send(Self.burst(count))
        server.application.answerHeld()
        // The next request of the burst waits for its turn; this one is faster and takes the only
        // place.
        _ = try? busy.channel.writeInbound(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        let answers = try peer.receive()
        #expect(answers.matches(of: #/HTTP\/1.1 503 /#).count == count - 1)
        let addresses = server.application.faultAddresses
        #expect(addresses.count == count - 1)
        #expect((addresses.max() ?? 0) - (addresses.min() ?? 0) < 16_384)
        #expect(peer.channel.isActive)
    }

    @Test func `A request that waits for its turn is not handed on when its connection ends`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        _ = try peer.send(Self.burst(2))
        server.application.answerHeld()
        peer.channel.close(promise: nil)
        server.eventLoop.run()
        #expect(server.application.received.count == 1)
        #expect(server.loop.statistics.connectionsOpen == 0)
    }

    @Test func `A request that waits for its turn when a drain begins is answered, and the last`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        _ = try peer.send(Self.burst(3))
        server.application.answerHeld()
        _ = server.loop.drain(deadline: .distantFuture)
        server.eventLoop.run()
        #expect(server.application.answerHeld() == [true])
        let answers = try peer.receive()
        #expect(answers.contains("x-path: /1\r\n") && answers.hasSuffix("connection: close\r\n\r\n"))
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
        #expect(server.application.received.count == 2)
    }

    @Test func `A chunked body in pieces is complete at its last chunk`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        _ = try peer.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        _ = try peer.send("2\r\nde\r\n")
        #expect(server.application.received.isEmpty)
        #expect(try peer.send("0\r\n\r\n").hasSuffix("\r\n\r\nabcde"))
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `Connection close and HTTP 1 point 0 end the connection after the answer`() throws {
        for head in ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"] {
            let server = EmbeddedServer()
            let peer = try Peer(server)
            #expect(try peer.send(head).contains("connection: close\r\n"))
            server.advance(by: .seconds(1))
            #expect(!peer.channel.isActive)
        }
    }

    @Test func `A peer of HTTP 1 point 0 is told when its connection stays open`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        for index in 0..<3 {
            let answer = try peer.send("GET /\(index) HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
            #expect(
                answer == "HTTP/1.1 200 OK\r\nx-path: /\(index)\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n"
            )
        }
        #expect(peer.channel.isActive)
    }

    @Test func `A peer of HTTP 1 point 0 that sends chunks gets no second answer`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        let head = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        let answer = try peer.send(head + "0\r\n\r\nGET /smuggled HTTP/1.0\r\n\r\n")
        #expect(!answer.contains("keep-alive") && !answer.contains("/smuggled"))
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive && server.application.received.count <= 1)
    }

    @Test func `A peer of HTTP 1 point 0 gets no interim answer`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        #expect(try peer.send("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n") == "")
        #expect(try peer.send("ok").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func `A peer of HTTP 1 point 0 gets an answer in pieces without chunks, to the end of its connection`() throws
    {
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        #expect(try peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == "")
        let token = try #require(server.application.held.first?.token)
        #expect(server.loop.beginResponse(token, headers: [":status": "200"]))
        #expect(server.loop.sendPiece(token, ByteBuffer(string: "one "), isLast: false, promise: nil))
        #expect(server.loop.sendPiece(token, ByteBuffer(string: "two"), isLast: true, promise: nil))
        #expect(try peer.receive() == "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\none two")
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
    }

    @Test func `A body above the limit is answered 413 and the connection closed`() throws {
        let server = EmbeddedServer { $0.maxBodyBytes = 10 }
        let peer = try Peer(server)
        let answer = try peer.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789X")
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("connection: close"))
        #expect(try peer.send("123456789") == "")
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
        #expect(server.application.received.isEmpty)
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test(arguments: [
        "NONSENSE\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func `What is not a request is answered 400 and the connection closed`(_ text: String) throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        let answer = try peer.send(text)
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
        #expect(server.application.received.isEmpty)
    }

    @Test(arguments: ["gzip, chunked", "gzip,chunked", "Deflate, Chunked", "identity, chunked"])
    func `A transfer coding that is not known is answered 501 and the connection closed`(_ codings: String) throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \(codings)\r\n\r\n"
        let answer = try peer.send(head + "3\r\nabc\r\n0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 501 ") && answer.contains("connection: close"))
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
        #expect(server.application.received.isEmpty)
    }

    @Test(arguments: [17_000, 60_000, 200_000])
    func `Fields above the limit are answered 431 and the connection closed`(_ bytes: Int) throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        let field = String(repeating: "v", count: bytes)
        let answer = try peer.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(field)\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 431 ") && answer.contains("connection: close"))
        server.advance(by: .seconds(1))
        #expect(!peer.channel.isActive)
        #expect(server.application.received.isEmpty)
        #expect(server.loop.statistics.headersTooLarge == 1)
    }

    @Test func `Expect 100-continue is answered before the body`() throws {
        let server = EmbeddedServer()
        let peer = try Peer(server)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        #expect(try peer.send(head).hasPrefix("HTTP/1.1 100 Continue\r\n\r\n"))
        #expect(try peer.send("ok").hasPrefix("HTTP/1.1 200 OK"))
    }

    @Test func `Expect 100-continue for a body above the limit is answered 413`() throws {
        let server = EmbeddedServer()
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n"
        #expect(try Peer(server).send(head).hasPrefix("HTTP/1.1 413 "))
    }

    @Test func `The answer to HEAD has the length and not the body`() throws {
        let server = EmbeddedServer(mode: .large(42))
        let answer = try Peer(server).send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer == "HTTP/1.1 200 OK\r\ncontent-length: 42\r\n\r\n")
    }

    @Test func `An answer without content has neither body nor length`() throws {
        let answer = try Peer(EmbeddedServer()).send("DELETE /empty HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer == "HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test func `A slow body is answered 408, a silent connection closed`() throws {
        let server = EmbeddedServer()
        let (slow, silent) = (try Peer(server), try Peer(server))
        _ = try slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        _ = try silent.send("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
        server.advance(by: .seconds(16))
        #expect(try slow.receive().hasPrefix("HTTP/1.1 408 "))
        #expect(!silent.channel.isActive)
        #expect(server.loop.statistics.headerTimeouts == 1)
    }

    @Test func `A late answer to a closed connection is told so`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try Peer(server)
        _ = try peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try peer.channel.close().wait()
        #expect(server.application.answerHeld() == [false])
    }

    @Test func `Drain closes idle connections and lets open requests be answered`() throws {
        let server = EmbeddedServer(mode: .hold)
        let (idle, busy) = (try Peer(server), try Peer(server))
        _ = try idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        server.application.answerHeld()
        _ = try busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let drained = server.loop.drain(deadline: .distantFuture)
        #expect(!idle.channel.isActive)
        server.application.answerHeld()
        #expect(try busy.receive().contains("connection: close"))
        server.advance(by: .seconds(1))
        #expect(!busy.channel.isActive)
        var isDrained = false
        drained.assumeIsolated().whenSuccess { isDrained = true }
        server.eventLoop.run()
        #expect(isDrained)
    }

    @Test func `An absolute target is taken apart`() throws {
        let server = EmbeddedServer()
        _ = try Peer(server).send("GET http://other.test/path?q HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(server.application.received.first?.path == "/path?q")
        #expect(server.application.received.first?.headers.first(name: ":authority") == "other.test")
    }
}
