import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

/// Deadlines, overload and the end of connections.
@Suite struct HTTP2LimitTests {
    @Test func `A body that does not arrive in time is answered 408, other streams live on`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1, "fast")
        try peer.send(.headers(3, RawFrame.request(), end: false), .data(3, [1], end: false))
        server.advance(by: .seconds(14))
        try peer.receive()
        #expect(peer.answer(3) == nil)
        server.advance(by: .seconds(2))
        try peer.receive()
        #expect(peer.answer(3)?.status == "408")
        #expect(peer.answer(3)?.resetCode == 0)
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1)?.body == Array("fast".utf8))
        #expect(server.loop.statistics.bodyTimeouts == 1)
    }

    @Test func `More requests in flight than allowed are answered 503`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxRequestsInFlightPerLoop = 2 }
        let peer = try server.connect()
        try peer.greet()
        for stream: UInt32 in [1, 3, 5] { try peer.request(stream) }
        #expect(peer.answer(5)?.status == "503")
        #expect(peer.answer(5)?.resetCode == nil)
        server.application.answerHeld()
        try peer.request(7)
        server.application.answerHeld()
        try peer.receive()
        #expect([1, 3, 7].allSatisfy { peer.answer($0)?.status == "200" })
        #expect(server.loop.statistics.overloads == 1)
    }

    @Test func `More incomplete bodies than the loop may hold are answered 503`() throws {
        let server = EmbeddedServer { $0.maxBodyBytesBufferedPerLoop = 1_000 }
        let peer = try server.connect()
        try peer.greet()
        for stream: UInt32 in [1, 3] {
            try peer.send(
                .headers(stream, RawFrame.request(), end: false),
                .data(stream, Array(repeating: 0, count: 600), end: false)
            )
        }
        #expect(peer.answer(3)?.status == "503")
        try peer.send(.data(1, [0], end: true))
        #expect(peer.answer(1)?.body.count == 601)
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `A closed connection gives its incomplete bodies back`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(), end: false), .data(1, [1, 2, 3], end: false))
        #expect(server.loop.bodyBytesBuffered == 3)
        try peer.channel.close().wait()
        #expect(server.loop.bodyBytesBuffered == 0)
        #expect(server.loop.statistics.connectionsOpen == 0)
    }

    @Test func `A stream reset in the middle of its body gives it back`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(), end: false), .data(1, [1, 2, 3], end: false), .reset(1))
        #expect(server.loop.bodyBytesBuffered == 0)
        try peer.request(3)
        #expect(peer.answer(3)?.isComplete == true)
    }

    @Test func `Connections above the maximum are closed at once when all others have asked for something`() throws {
        let server = EmbeddedServer { $0.maxConnectionsPerLoop = 1 }
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1)
        #expect(throws: HTTPServerRefusal.noRoom) { try server.connect() }
        #expect(server.loop.statistics.connectionsRefused == 1)
        try peer.channel.close().wait()
        _ = try server.connect()
    }

    @Test func `A connection that never says what it speaks is closed`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.sendBytes(Array(RawFrame.preface.prefix(20)))
        server.advance(by: .seconds(9))
        #expect(peer.isOpen)
        server.advance(by: .seconds(2))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.handshakesFailed == 1)
        #expect(server.loop.statistics.handshakesInProgress == 0)
    }

    @Test func `A connection without a first request is closed after the header timeout`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        server.advance(by: .seconds(16))
        try peer.receive()
        #expect(peer.reader.goAways.map(\.errorCode) == [0])
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.headerTimeouts == 1)
    }

    @Test func `An idle connection is told goodbye and closed, one with a request is not`() throws {
        let server = EmbeddedServer()
        let (idle, busy) = (try server.connect(), try server.connect())
        for peer in [idle, busy] {
            try peer.greet()
            try peer.request(1)
        }
        server.application.mode = .hold
        try busy.request(3)
        server.advance(by: .seconds(121))
        try idle.receive()
        #expect(idle.reader.goAways.map(\.errorCode) == [0])
        server.advance(by: .seconds(1))
        #expect(!idle.isOpen)
        #expect(busy.isOpen)
        server.application.answerHeld()
        try busy.receive()
        #expect(busy.answer(3)?.isComplete == true)
    }

    @Test func `Answers wait for the peer's window and leave when it opens`() throws {
        let server = EmbeddedServer(mode: .large(1_000))
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        try peer.request(1)
        #expect(peer.answer(1)?.status == "200")
        #expect(peer.answer(1)?.body.count == 0)
        try peer.send(.windowUpdate(1, 400))
        #expect(peer.answer(1)?.body.count == 400)
        try peer.send(.windowUpdate(1, 600))
        #expect(peer.answer(1)?.isComplete == true)
    }

    @Test func `More waiting answers than the connection may hold close it`() throws {
        let server = EmbeddedServer(mode: .large(100_000)) {
            $0.maxBufferedOutboundBytes = 350_000
            $0.outputPauseBytes = 500_000
        }
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        for stream: UInt32 in [1, 3, 5] { try peer.request(stream) }
        #expect(peer.isOpen)
        try peer.request(7)
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.slowReaders == 1)
    }

    @Test func `An answer that the peer does not take for long closes the connection`() throws {
        let server = EmbeddedServer(mode: .large(1_000))
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        try peer.request(1)
        // The window begins at the first tick of the timer that finds output waiting.
        server.advance(by: .seconds(1))
        server.advance(by: .seconds(29))
        #expect(peer.isOpen)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.slowReaders == 1)
    }

    @Test func `Drain takes streams until the peer knows, then none, and ends with the last answer`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1, "before")
        let drained = server.loop.drain(deadline: .distantFuture)
        try peer.receive()
        let first = try #require(peer.reader.goAways.first)
        #expect(first.errorCode == 0)
        #expect(first.number(at: 0) == UInt32(Int32.max))
        // The peer had this one under way when the GOAWAY met it.
        try peer.request(3, "crossing")
        let ping = try #require(peer.frames.last { $0.kind == .ping })
        try peer.send(RawFrame(kind: .ping, flags: RawFrame.ack, payload: ping.payload))
        let second = try #require(peer.reader.goAways.last)
        #expect(second.number(at: 0) == 3)
        try peer.request(5, "late")
        #expect(server.application.received.count == 2)
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1)?.body == Array("before".utf8))
        #expect(peer.answer(3)?.body == Array("crossing".utf8))
        #expect(peer.answer(5)?.isComplete != true)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.loop.statistics.connectionsOpen == 0)
        var isDrained = false
        drained.assumeIsolated().whenSuccess { isDrained = true }
        server.eventLoop.run()
        #expect(isDrained)
    }

    @Test func `A drain does not wait for a peer that never answers the PING`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        _ = server.loop.drain(deadline: .distantFuture)
        server.advance(by: .seconds(2))
        try peer.receive()
        #expect(peer.reader.goAways.count == 2)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(throws: HTTPServerRefusal.noRoom) { try server.connect() }
    }

    @Test func `A connection reaches its age and is drained, the server goes on`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConnectionAge = .seconds(60) }
        let peer = try server.connect()
        try peer.greet()
        try peer.request(1)
        server.advance(by: .seconds(61))
        try peer.receive()
        #expect(peer.reader.goAways.count == 1)
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1)?.isComplete == true)
        server.advance(by: .seconds(2))
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        _ = try server.connect()
    }
}

/// Answers that the peer does not take, and what waits behind them.
@Suite struct HTTP2OutputTests {
    @Test func `Complete requests wait while many bytes of answers do, and are delivered in order`() throws {
        let server = EmbeddedServer(mode: .large(1_000)) { $0.outputPauseBytes = 2_000 }
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        for stream: UInt32 in [1, 3, 5, 7] { try peer.request(stream, "body \(stream)") }
        #expect(server.application.received.map(\.token.stream) == [1, 3])
        #expect(server.loop.bodyBytesBuffered == 12)
        try peer.send(.windowUpdate(1, 1_000))
        #expect(server.application.received.map(\.token.stream) == [1, 3, 5])
        try peer.send(.windowUpdate(3, 1_000))
        #expect(server.application.received.map { String(buffer: $0.body) } == (0..<4).map { "body \($0 * 2 + 1)" })
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `A request that waits and is reset is never delivered`() throws {
        let server = EmbeddedServer(mode: .large(1_000)) { $0.outputPauseBytes = 1_000 }
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        for stream: UInt32 in [1, 3, 5] { try peer.request(stream) }
        try peer.send(.reset(3))
        #expect(server.loop.bodyBytesBuffered == 5)
        try peer.send(.windowUpdate(1, 1_000))
        #expect(server.application.received.map(\.token.stream) == [1, 5])
    }

    @Test func `Requests that wait are within the budget of bodies`() throws {
        let server = EmbeddedServer(mode: .large(1_000)) {
            $0.outputPauseBytes = 1_000
            $0.maxBodyBytesBufferedPerLoop = 8
        }
        let peer = try server.connect()
        try peer.greet([(4, 0)])
        for stream: UInt32 in [1, 3, 5] { try peer.request(stream) }
        #expect(server.application.faults == [.overloaded])
        try peer.send(.windowUpdate(1, 1_000), .windowUpdate(5, 1_000))
        #expect(peer.answer(5)?.status == "503")
        #expect(server.application.received.map(\.token.stream) == [1, 3])
        #expect(server.loop.bodyBytesBuffered == 0)
    }

    @Test func `Answers wait for the channel`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        for stream: UInt32 in [1, 3] { try peer.request(stream) }
        peer.setWritable(false)
        server.application.answerHeld()
        try peer.receive()
        #expect(peer.answer(1) == nil)
        #expect(server.loop.statistics.outputBytesWaiting == 0)
        server.advance(by: .milliseconds(250))
        #expect(server.loop.statistics.outputBytesWaiting == 10)
        peer.setWritable(true)
        try peer.receive()
        #expect([1, 3].allSatisfy { peer.answer($0)?.body == Array("hello".utf8) })
        server.advance(by: .milliseconds(250))
        #expect(server.loop.statistics.outputBytesWaiting == 0)
    }

    @Test func `A refusal that waits for the channel comes before its reset`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(.headers(1, RawFrame.request(), end: false), .data(1, [1], end: false))
        peer.setWritable(false)
        server.advance(by: .seconds(16))
        peer.setWritable(true)
        try peer.receive()
        #expect(peer.answer(1)?.status == "408")
        #expect(peer.answer(1)?.isComplete == true)
    }

    @Test func `A stream whose answer does not leave is reset, others go on`() throws {
        let server = EmbeddedServer(mode: .large(40_000))
        let peer = try server.connect()
        try peer.greet([(4, 40_000)])
        try peer.send(.windowUpdate(0, 1_000_000))
        try peer.send(.settings([(4, 0)]))
        try peer.request(1)
        for step in 0..<5 {
            let stream = UInt32(step * 2 + 3)
            try peer.request(stream)
            try peer.send(.windowUpdate(stream, 40_000))
            server.advance(by: .seconds(29))
            try peer.receive()
            #expect(peer.answer(stream)?.isComplete == true)
        }
        #expect(peer.isOpen)
        #expect(peer.answer(1)?.resetCode == 8)
        #expect(server.loop.statistics.answerTimeouts == 1)
    }
}
