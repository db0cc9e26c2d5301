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
        #expect(table.oldestQueued(of: 0) == slots[1])
        #expect(table.nextToSend == slots[1])
        #expect(table.queued(after: slots[1]) == slots[3])
        #expect(table.queued(after: slots[3]) == nil)
        #expect(table.queuedCount == 2 && table.count == 2)
    }

    @Test("callers take turns, each in its own order, and none has more in flight than its share")
    func turns() {
        var table = HTTPClientRequestTable(
            maximum: 16,
            sharing: .init(callers: 3, maxInFlight: 4, maxInFlightPerCaller: 3)
        )
        var tokens: [UInt64] = []
        // Five of caller 0, then two of caller 2: they do not wait behind the five.
        for token in 0..<5 as Range<UInt64> { table.enqueue(table.insert(token: token, caller: 0)) }
        for token in 20..<22 as Range<UInt64> { table.enqueue(table.insert(token: token, caller: 2)) }
        var sent: [Int32] = []
        while let slot = table.nextToSend {
            table.assign(slot, to: HTTPClientConnectionID(index: 0, generation: 0))
            sent.append(slot)
        }
        #expect(table.inFlightCount == 4 && table.queuedCount == 3)
        #expect(!table.maySend(1))
        tokens = sent.map { table.remove($0) }
        #expect(tokens == [20, 0, 21, 1])
        #expect(table.inFlightCount == 0 && table.maySend(1))
        // Of caller 0 alone three places of the four are taken.
        sent = []
        while let slot = table.nextToSend {
            table.assign(slot, to: HTTPClientConnectionID(index: 0, generation: 0))
            sent.append(slot)
        }
        #expect(sent.count == 3 && table.queuedCount == 0)
        #expect(!table.maySend(0) && table.maySend(1))
    }

    @Test("a request that leaves the queue, or its place, is counted out", arguments: 1...8 as ClosedRange<UInt64>)
    func countsAgree(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let sharing = HTTPClientConfiguration.Sharing(callers: 4, maxInFlight: 12, maxInFlightPerCaller: 5)
        var table = HTTPClientRequestTable(maximum: 64, sharing: sharing)
        var queued: [[Int32]] = [[], [], [], []]
        var flying: [[Int32]] = [[], [], [], []]
        for step in 0..<20_000 as Range<UInt64> {
            let caller = Int(random.next(upTo: 3))
            switch random.next(upTo: 3) {
            case 0, 1:
                guard !table.isFull else { continue }
                let slot = table.insert(token: step, caller: caller)
                table.enqueue(slot)
                queued[caller].append(slot)
            case 2:
                guard let slot = table.nextToSend else {
                    let mayNone = (0..<4).allSatisfy { queued[$0].isEmpty || flying[$0].count == 5 }
                    #expect(mayNone || flying.joined().count == 12)
                    continue
                }
                guard let owner = queued.firstIndex(where: { $0.first == slot }) else {
                    Issue.record("not the oldest of a caller")
                    return
                }
                queued[owner].removeFirst()
                table.assign(slot, to: HTTPClientConnectionID(index: 0, generation: 0))
                flying[owner].append(slot)
            default:
                // From the middle of the queue, or out of flight.
                if random.next(upTo: 1) == 0, !queued[caller].isEmpty {
                    let place = Int(random.next(upTo: Int64(queued[caller].count - 1)))
                    _ = table.remove(queued[caller].remove(at: place))
                } else if !flying[caller].isEmpty {
                    _ = table.remove(flying[caller].removeFirst())
                }
            }
            #expect(table.inFlightCount == flying.joined().count)
            #expect(table.queuedCount == queued.joined().count)
            #expect((0..<4).allSatisfy { flying[$0].count <= 5 && table.queuedCount(of: $0) == queued[$0].count })
        }
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
