import NIOCore
import Testing

@testable import HTTPTransport

@Suite struct HTTP2StreamTableTests {
    private func stream(_ mark: Int) -> HTTP2StreamTable.Stream {
        var stream = HTTP2StreamTable.Stream(phase: .receiving, since: .uptimeNanoseconds(UInt64(mark)))
        stream.outboundBytes = mark
        return stream
    }

    @Test func `It behaves like a dictionary under any order of streams`() {
        var table = HTTP2StreamTable(maximum: 200)
        var model: [UInt32: Int] = [:]
        var generator = SystemRandomNumberGenerator()
        var next: UInt32 = 1
        for step in 0..<20_000 {
            if model.count < 200, Bool.random(using: &generator) {
                #expect(table.insert(next, stream(step)) != nil)
                model[next] = step
                // Gaps as a client leaves them when streams are refused; large ones make homes
                // collide.
                next += 2 * UInt32.random(in: 1...40, using: &generator)
            } else if let victim = model.keys.randomElement(using: &generator) {
                #expect(table.remove(victim)?.outboundBytes == model.removeValue(forKey: victim))
            }
            #expect(table.count == model.count)
            if step % 500 == 0 {
                for (identifier, mark) in model {
                    #expect(table.place(of: identifier).map { table[$0].outboundBytes } == mark)
                }
            }
        }
    }

    @Test func `A full table refuses and stays as it was`() {
        var table = HTTP2StreamTable(maximum: 3)
        for identifier: UInt32 in [1, 3, 5] { #expect(table.insert(identifier, stream(0)) != nil) }
        #expect(table.insert(7, stream(0)) == nil)
        #expect(table.count == 3)
        #expect(table.remove(3) != nil)
        #expect(table.remove(3) == nil)
        #expect(table.insert(7, stream(0)) != nil)
    }

    @Test func `Only incomplete streams that are old enough are named`() {
        var table = HTTP2StreamTable(maximum: 10)
        _ = table.insert(1, stream(100))
        _ = table.insert(3, stream(200))
        let place = table.insert(5, stream(50)) ?? 0
        table[place].phase = .dispatched
        #expect(table.receiving(openedBefore: .uptimeNanoseconds(100)) == [1])
    }

    @Test func `An expectation is looked at once and only while nothing of the body is there`() {
        var table = HTTP2StreamTable(maximum: 10)
        _ = table.insert(1, stream(0))
        let place = table.insert(3, stream(0)) ?? 0
        table[place].body = ByteBuffer(string: "x")
        #expect(table.takeUnsettledExpectations() == [1])
        #expect(table.takeUnsettledExpectations() == [])
    }
}
