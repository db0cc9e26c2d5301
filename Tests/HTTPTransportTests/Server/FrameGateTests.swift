import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

/// A connection that sends much does it in turns with others.
@Suite struct FrameGateTests {
    /// Header blocks that one connection may send in one turn.
    private static let blocksInTurn = HTTPServerLoop.connectionTurnWork / FrameRules.Work.headerBlock

    private func requests(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { RawFrame.headers(UInt32($0 * 2 + 1), RawFrame.request("GET", "/\($0)"), end: true).bytes }
    }

    /// Writes to the channel and runs nothing.
    private func write(_ bytes: [UInt8], to peer: EmbeddedPeer) {
        _ = try? peer.channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    @Test func `A connection gets one turn, then others, then its next`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let (greedy, modest) = (try server.connect(), try server.connect())
        for peer in [greedy, modest] { try peer.greet() }
        let total = Self.blocksInTurn * 3
        write(requests(total), to: greedy)
        #expect(server.application.received.count == Self.blocksInTurn)
        #expect(server.loop.statistics.readsDeferred == 1)
        write(requests(1), to: modest)
        #expect(server.application.received.count == Self.blocksInTurn + 1)
        server.run()
        #expect(server.application.received.count == total + 1)
        // In the order in which they were sent.
        let paths = server.application.received.filter { $0.token.connection == 0 }.map(\.path)
        #expect(paths == (0..<total).map { "/\($0)" })
    }

    @Test func `Sockets are looked at between two rows of turns`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let peer = try server.connect()
        try peer.greet()
        let row = HTTPServerLoop.turnWork / FrameRules.Work.headerBlock
        write(requests(row * 3), to: peer)
        // What is due at once.
        server.eventLoop.run()
        #expect(server.application.received.count == Self.blocksInTurn + row)
        server.eventLoop.advanceTime(by: HTTPServerLoop.turnPause)
        #expect(server.application.received.count == Self.blocksInTurn + row * 2)
    }

    @Test func `Turns go round`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let peers = try (0..<3).map { _ in try server.connect() }
        for peer in peers { try peer.greet() }
        for peer in peers { write(requests(Self.blocksInTurn * 3), to: peer) }
        server.run()
        let order = server.application.received.map(\.token.connection)
        let turns = stride(from: 0, to: order.count, by: Self.blocksInTurn).map { order[$0] }
        #expect(turns == [0, 1, 2, 0, 1, 2, 0, 1, 2])
        for start in stride(from: 0, to: order.count, by: Self.blocksInTurn) {
            #expect(Set(order[start..<start + Self.blocksInTurn]).count == 1)
        }
    }

    @Test func `Nothing is read while frames wait for a turn`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let peer = try server.connect()
        let reads = ReadCounter()
        try peer.channel.pipeline.syncOperations.addHandler(reads, position: .first)
        try peer.greet()
        write(requests(Self.blocksInTurn * 2), to: peer)
        let before = reads.count
        peer.channel.pipeline.read()
        #expect(reads.count == before)
        server.run()
        #expect(reads.count == before + 1)
        peer.channel.pipeline.read()
        #expect(reads.count == before + 2)
    }

    @Test func `A connection that ends while frames wait leaves nothing behind`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let peer = try server.connect()
        try peer.greet()
        write(requests(Self.blocksInTurn * 2), to: peer)
        peer.channel.close(promise: nil)
        server.run()
        #expect(server.application.received.count == Self.blocksInTurn)
        #expect(server.loop.statistics.connectionsOpen == 0)
        #expect(server.loop.turns.isEmpty && !server.loop.areTurnsScheduled)
    }

    @Test func `Bytes that come while frames wait are behind them`() throws {
        let server = EmbeddedServer(mode: .hold) { $0.maxConcurrentStreams = 1_000 }
        let peer = try server.connect()
        try peer.greet()
        let bytes = requests(Self.blocksInTurn * 4)
        for start in stride(from: 0, to: bytes.count, by: 1_000) {
            write(Array(bytes[start..<min(start + 1_000, bytes.count)]), to: peer)
        }
        server.run()
        #expect(server.application.received.map(\.path) == (0..<Self.blocksInTurn * 4).map { "/\($0)" })
    }

    @Test func `The settings that a peer gets have the server's limits`() throws {
        let server = EmbeddedServer { $0.maxConcurrentStreams = 77 }
        let peer = try server.connect()
        try peer.greet()
        let settings = try #require(peer.frames.first { $0.kind == .settings && $0.flags == 0 })
        let values = stride(from: 0, to: settings.payload.count, by: 6).map { start in
            [UInt32(settings.payload[start + 1]), settings.number(at: start + 2)]
        }
        #expect(values == [[3, 77], [4, 98_304], [6, 16_384]])
    }

    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = Any
        private(set) var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }
}
