import NIOCore
import NIOHPACK
import Testing

@testable import HTTPTransport

@Suite("Names of fields in the peer's table")
struct HeaderNameTests {
    @Test("All fields are entered but those that are never to be; names, values and order stay")
    func entered() {
        var headers = HPACKHeaders([(":status", "200")])
        headers.add(name: "request-id", value: "req_1", indexing: .nonIndexable)
        headers.add(name: "authorization", value: "secret", indexing: .neverIndexed)
        let entered = headers.enteringNames
        #expect(entered == headers)
        #expect(entered.map(\.indexable) == [.indexable, .indexable, .neverIndexed])
    }

    @Test("The first answer of a connection enters its names, later ones send values without indexing")
    func firstAnswer() throws {
        let server = EmbeddedServer(mode: .hold)
        let peer = try server.connect()
        try peer.greet()
        for stream: UInt32 in [1, 3] { try peer.request(stream) }
        for held in server.application.held {
            var headers = HPACKHeaders([(":status", "200")])
            headers.add(name: "request-id", value: "req_\(held.token)", indexing: .nonIndexable)
            server.loop.respond(held.token, HTTPServerResponse(headers: headers, body: ByteBuffer()))
        }
        try peer.receive()
        #expect(try #require(peer.answer(1)).headers.map(\.indexable) == [.indexable, .indexable])
        #expect(try #require(peer.answer(3)).headers.map(\.indexable) == [.indexable, .nonIndexable])
    }
}
