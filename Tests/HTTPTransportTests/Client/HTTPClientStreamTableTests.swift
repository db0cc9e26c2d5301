import NIOCore
import Testing

@testable import HTTPTransport

@Suite("The stream table")
struct HTTPClientStreamTableTests {
    @Test("finds every open stream, whatever outlives whatever", arguments: 1...10)
    func randomLife(seed: Int) {
        var random = SeededGenerator(state: UInt64(seed))
        var table = HTTPClientStreamTable(capacity: 16)
        var open: [UInt32: Int32] = [:]
        var next: UInt32 = 1
        for step in 0..<5_000 {
            if open.count < 16, Bool.random(using: &random) {
                table.insert(stream: next, request: Int32(step))
                open[next] = Int32(step)
                next += 2
            } else if let victim = open.keys.sorted().randomElement(using: &random) {
                table.remove(at: table.index(of: victim)!)
                open[victim] = nil
                #expect(table.index(of: victim) == nil)
            }
            #expect(table.count == open.count)
        }
        for (stream, request) in open { #expect(table.entries[table.index(of: stream)!].request == request) }
    }

    @Test("one stream that outlives turns of the table moves newcomers aside")
    func longLivedStream() {
        var table = HTTPClientStreamTable(capacity: 2)
        table.insert(stream: 1, request: 1)
        for step in 1..<100 {
            let stream = UInt32(1 + 2 * step)
            table.insert(stream: stream, request: 2)
            #expect(table.index(of: stream) != nil)
            #expect(table.entries[table.index(of: 1)!].request == 1)
            table.remove(at: table.index(of: stream)!)
        }
    }
}
