import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

/// An error of one request ends its stream and no other (RFC 9113 section 5.4).
@Suite struct HTTP2StreamErrorTests {
    /// A request with fields of 17 KB, in two frames.
    private func large(_ stream: UInt32, fieldBytes: Int = 17_000, end: Bool) -> [RawFrame] {
        let fields = [("x-large", String(repeating: "v", count: fieldBytes))]
        let block = RawFrame.block(RawFrame.request(extra: fields))
        return [
            RawFrame(
                kind: .headers,
                flags: end ? RawFrame.endStream : 0,
                stream: stream,
                payload: Array(block.prefix(16_000))
            ),
            RawFrame(
                kind: .continuation,
                flags: RawFrame.endHeaders,
                stream: stream,
                payload: Array(block.dropFirst(16_000))
            ),
        ]
    }

    @Test(arguments: [false, true], [false, true])
    func `A header list above the limit is answered 431, other streams live on`(
        _ end: Bool,
        _ isFirst: Bool
    ) throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        if isFirst {
            // All in one flight: the peer has not seen the settings.
            try peer.sendBytes(
                RawFrame.preface + RawFrame.settings().bytes
                    + RawFrame.headers(1, RawFrame.request("GET", "/"), end: true).bytes
                    + large(3, end: end).flatMap(\.bytes)
            )
            try peer.send(.settingsAck)
        } else {
            try peer.greet()
            try peer.send([.headers(1, RawFrame.request("GET", "/"), end: true)] + large(3, end: end))
        }
        #expect(peer.answer(3)?.status == "431")
        #expect(peer.answer(3)?.isComplete == true)
        // Whoever has more to send is told not to (RFC 9113 section 8.1).
        #expect(peer.answer(3)?.resetCode == (end ? nil : 0))
        server.application.answerHeld()
        try peer.request(5)
        #expect(peer.answer(1)?.status == "200")
        #expect(peer.reader.goAways.isEmpty)
        #expect(server.application.received.map(\.token.stream) == [1, 5])
        #expect(server.loop.statistics.headersTooLarge == 1)
        #expect(server.loop.statistics.connectionErrors == 0)
    }

    @Test func `A header list above twice the limit ends the connection`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(large(1, fieldBytes: 32_800, end: true))
        #expect(peer.reader.goAways.count == 1)
        server.advance(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(server.application.received.isEmpty)
    }

    @Test(arguments: [true, false])
    func `Headers on a stream that the peer has ended are an error of that stream`(_ together: Bool) throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        let request = RawFrame.headers(1, RawFrame.request("GET", "/"), end: true)
        let neighbour = RawFrame.headers(3, RawFrame.request("GET", "/"), end: true)
        if together {
            try peer.send(request, request, neighbour)
        } else {
            try peer.send(request)
            try peer.send(request)
            try peer.send(neighbour)
        }
        #expect(peer.answer(1)?.resetCode == 5)
        #expect(server.application.received.map(\.token.stream) == [1, 3])
        #expect(server.application.answerHeld() == [false, true])
        try peer.receive()
        #expect(peer.answer(3)?.status == "200")
        #expect(peer.reader.goAways.isEmpty)
        #expect(server.loop.statistics.streamErrors == 1)
    }

    @Test func `Headers on a stream that is still open are trailers`() throws {
        let server = EmbeddedServer()
        let peer = try server.connect()
        try peer.greet()
        try peer.send(
            .headers(1, RawFrame.request(), end: false),
            .data(1, [7], end: false),
            .headers(1, [("checksum", "1")], end: true)
        )
        #expect(peer.answer(1)?.body == [7])
    }

    @Test func `DATA on a stream that the peer has ended is an error of that stream`() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        try peer.send(
            .headers(1, RawFrame.request("GET", "/"), end: true),
            .data(1, [7], end: true),
            .headers(3, RawFrame.request("GET", "/"), end: true)
        )
        #expect(peer.answer(1)?.resetCode == 5)
        #expect(server.application.received.map(\.token.stream) == [1, 3])
        #expect(peer.reader.goAways.isEmpty)
    }
}
