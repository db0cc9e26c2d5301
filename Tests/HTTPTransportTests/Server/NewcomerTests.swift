import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import HTTPTransport

@Suite struct NewcomerQueueTests {
    private static func key(_ slot: UInt32, _ generation: UInt32 = 0) -> ConnectionTable.Key {
        ConnectionTable.Key(slot: slot, generation: generation)
    }

    private static func source(_ text: String) throws -> SourceAddress {
        SourceAddress(try SocketAddress(ipAddress: text, port: 1))
    }

    @Test func `The oldest comes first, of all and of each source`() throws {
        let (one, other) = (try Self.source("10.0.0.1"), try Self.source("10.0.0.2"))
        var queue = NewcomerQueue()
        for (slot, source) in [(3, one), (1, other), (2, one)] { queue.append(Self.key(UInt32(slot)), source: source) }
        #expect(queue.oldest() == Self.key(3))
        #expect(queue.oldest(of: other) == Self.key(1))
        #expect(queue.remove(Self.key(3)) == one)
        #expect(queue.oldest(of: one) == Self.key(2))
        #expect(queue.oldest() == Self.key(1))
        #expect(queue.remove(Self.key(1)) == other)
        #expect(queue.remove(Self.key(2)) == one)
        #expect(queue.oldest() == nil)
        #expect(queue.count == 0)
    }

    @Test func `A slot's former tenant takes nobody out`() throws {
        var queue = NewcomerQueue()
        let source = try Self.source("::1")
        queue.append(Self.key(0, 1), source: source)
        #expect(queue.remove(Self.key(0, 0)) == nil)
        #expect(queue.remove(Self.key(7, 0)) == nil)
        #expect(queue.count == 1)
    }

    @Test(arguments: [
        ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false), ("::ffff:10.0.0.1", "10.0.0.1", true),
        ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("::1", "::ffff:0.0.0.1", false),
    ])
    func `Sources are IPv4 addresses and IPv6 networks`(_ left: String, _ right: String, _ areEqual: Bool) throws {
        #expect((try Self.source(left) == Self.source(right)) == areEqual)
    }
}

/// Connections that have asked for nothing yet, and those that may wait for their turn.
@Suite struct NewcomerTests {
    @Test func `For one more, the slowest newcomer is closed, not the newest`() throws {
        let server = EmbeddedServer { $0.maxNewcomersPerLoop = 3 }
        let served = try server.connect()
        try served.greet()
        try served.request(1)
        let silent = try (0..<3).map { _ in try server.connect() }
        let honest = try server.connect()
        #expect(silent.map(\.isOpen) == [false, true, true])
        #expect(server.loop.statistics.newcomersEvicted == 1)
        try honest.greet()
        try honest.request(1)
        #expect(honest.answer(1)?.status == "200")
        #expect(served.isOpen)
        // It is no newcomer any more and makes room for one.
        _ = try server.connect()
        #expect(server.loop.statistics.newcomersEvicted == 1)
        #expect(server.loop.statistics.connectionsRefused == 0)
    }

    @Test func `A greeting without a request does not make a connection safe`() throws {
        let server = EmbeddedServer { $0.maxNewcomersPerLoop = 1 }
        let greeted = try server.connect()
        try greeted.greet()
        _ = try server.connect()
        #expect(!greeted.isOpen)
    }

    @Test func `A source has its share`() throws {
        let server = EmbeddedServer { $0.maxNewcomersPerSource = 2 }
        let other = try server.connect(from: "10.0.0.2")
        let greedy = try (0..<3).map { _ in try server.connect(from: "10.0.0.1") }
        #expect(greedy.map(\.isOpen) == [false, true, true])
        #expect(other.isOpen)
    }

    @Test func `With all places taken a newcomer gives its own to the next`() throws {
        let server = EmbeddedServer { $0.maxConnectionsPerLoop = 2 }
        let served = try server.connect()
        try served.greet()
        try served.request(1)
        let silent = try server.connect()
        let next = try server.connect()
        #expect(!silent.isOpen)
        #expect(served.isOpen && next.isOpen)
        #expect(server.loop.statistics.connectionsOpen == 2)
    }

    @Test func `A body is refused by its headers before memory is spent on it`() throws {
        let server = EmbeddedServer()
        server.application.refusedPath = "/secret"
        let peer = try server.connect()
        try peer.greet()
        let body = [UInt8](repeating: 1, count: 10_000)
        try peer.send(.headers(1, RawFrame.request("POST", "/secret"), end: false), .data(1, body, end: false))
        #expect(peer.answer(1)?.status == "401")
        #expect(peer.answer(1)?.resetCode == 0)
        #expect(server.loop.bodyBytesBuffered == 0)
        try peer.send(.headers(3, RawFrame.request("POST", "/open"), end: false), .data(3, body, end: false))
        #expect(server.loop.bodyBytesBuffered == 10_000)
        #expect(server.loop.statistics.bodiesRefused == 1)
        #expect(server.application.received.isEmpty)
    }

    @Test func `So is one by HTTP 1`() throws {
        let server = EmbeddedServer()
        server.application.refusedPath = "/secret"
        let channel = try server.connect().channel
        try channel.writeInbound(
            ByteBuffer(string: "POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n0123456789")
        )
        let answer = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(String(buffer: answer).hasPrefix("HTTP/1.1 401 "))
        #expect(server.loop.bodyBytesBuffered == 0)
        #expect(server.application.received.isEmpty)
    }

    @Test func `One connection's bodies take its share, one source's theirs`() throws {
        let server = EmbeddedServer {
            $0.maxBodyBytesBufferedPerConnection = 1_000
            $0.maxBodyBytesBufferedPerSource = 1_500
        }
        func post(_ peer: EmbeddedPeer, _ stream: UInt32, count: Int) throws -> String? {
            let body = [UInt8](repeating: 1, count: count)
            try peer.send(.headers(stream, RawFrame.request(), end: false), .data(stream, body, end: false))
            return peer.answer(stream)?.status
        }
        let (one, two) = (try server.connect(from: "10.0.0.1"), try server.connect(from: "10.0.0.1"))
        let other = try server.connect(from: "10.0.0.2")
        for peer in [one, two, other] { try peer.greet() }
        #expect(try post(one, 1, count: 900) == nil)
        #expect(try post(one, 3, count: 101) == "503")
        #expect(try post(two, 1, count: 601) == "503")
        #expect(try post(two, 3, count: 600) == nil)
        #expect(try post(other, 1, count: 1_000) == nil)
        #expect(server.loop.statistics.bodyBudgetRefusals == 2)
        try one.channel.close().wait()
        #expect(try post(two, 5, count: 400) == nil)
        for peer in [two, other] { try peer.channel.close().wait() }
        #expect(server.loop.bodyBytesBuffered == 0)
    }
}

@Suite struct AcceptGateTests {
    @Test func `A shortage stops accepting, and accepting begins again`() throws {
        let channel = EmbeddedChannel()
        var shortages = 0
        try channel.pipeline.syncOperations.addHandler(AcceptGate(pause: .milliseconds(100)) { _ in shortages += 1 })
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        #expect(shortages == 1)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(100))
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 23, reason: "accept"))
        #expect(shortages == 2)
        // Anything else goes on to who handles it.
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 22, reason: "accept"))
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
    }
}
