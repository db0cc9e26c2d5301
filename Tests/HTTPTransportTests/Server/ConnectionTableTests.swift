import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

@Suite struct ConnectionTableTests {
    private func tenant(_ server: EmbeddedServer) -> (ConnectionTable.Key) -> ConnectionTable.Entry {
        { .selecting(ProtocolSelector(loop: server.loop, key: $0, source: SourceAddress(nil))) }
    }

    @Test func `A freed slot is used again under another generation`() throws {
        let server = EmbeddedServer()
        var table = ConnectionTable(maximum: 2)
        let inserted = table.insert(tenant(server))
        let first = try #require(inserted)
        table.remove(first)
        let insertedAgain = table.insert(tenant(server))
        let second = try #require(insertedAgain)
        #expect(second.slot == first.slot)
        #expect(second.generation != first.generation)
        #expect(table.entry(first) == nil)
        #expect(table.entry(second) != nil)
    }

    @Test func `It takes no more than its maximum`() {
        let server = EmbeddedServer()
        var table = ConnectionTable(maximum: 2)
        let keys = (0..<3).map { _ in table.insert(tenant(server)) }
        #expect(keys.map { $0 != nil } == [true, true, false])
        #expect(table.count == 2)
        #expect(table.entry(ConnectionTable.Key(slot: 99, generation: 0)) == nil)
    }
}
