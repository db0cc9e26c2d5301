import Testing

@testable import Gateway

@Suite struct TickTurnsTests {
    @Test("each of sixteen shards has every fourth tick, four at a time", arguments: [1, 3, 16, 17])
    func turns(shards: Int) {
        var turns = TickTurns()
        var last = [Int](repeating: -1, count: shards)
        for tick in 0..<40 {
            let due = (0..<shards).filter { turns.isTurn(of: $0) }
            #expect(due.count <= (shards + 3) / 4)
            for place in due {
                #expect(tick < 4 ? last[place] == -1 : tick - last[place] == 4)
                last[place] = tick
            }
            turns.advance()
        }
        #expect(last.allSatisfy { $0 >= 36 })
    }
}
