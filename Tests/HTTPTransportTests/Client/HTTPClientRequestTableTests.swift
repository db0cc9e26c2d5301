import Testing

@testable import HTTPTransport

@Suite("The request table")
struct HTTPClientRequestTableTests {
    @Test("the queue keeps its order when requests leave from the middle")
    func middle() {
        var table = HTTPClientRequestTable(maximum: 8)
        let slots = (0..<5).map { table.insert(token: UInt64($0)) }
        for slot in slots { table.enqueue(slot) }
        let tokens = [slots[2], slots[0], slots[4]].map { table.remove($0) }
        #expect(tokens == [2, 0, 4])
        #expect(table.oldestQueued == slots[1])
        #expect(table.queued(after: slots[1]) == slots[3])
        #expect(table.queued(after: slots[3]) == nil)
        #expect(table.queuedCount == 2 && table.count == 2)
    }

    @Test("a reused slot has another generation")
    func generations() {
        var table = HTTPClientRequestTable(maximum: 1)
        let slot = table.insert(token: 1)
        let generation = table.generation(of: slot)
        #expect(table.isFull)
        _ = table.remove(slot)
        let reused = table.insert(token: 2)
        #expect(reused == slot)
        #expect(table.generation(of: slot) != generation)
    }
}
