import Payments
import ShardState
import Testing
import Time

@Suite("What time does next in a shard")
struct DeadlineQueueTests {
    private static let start: Timestamp = 1_790_000_000_000

    @Test func `an operation is due at its time, rounded up to a tick, and never earlier`() {
        var queue = DeadlineQueue()
        queue.start(at: Self.start)
        queue.add(operation: 1, at: Self.start + 16)
        queue.add(operation: 2, at: Self.start + 17)
        queue.advance(to: Self.start + 15)
        #expect(queue.dueOperations == [])
        queue.advance(to: Self.start + 16)
        #expect(queue.dueOperations == [1])
        queue.advance(to: Self.start + 23)
        #expect(queue.dueOperations == [], "what was due is not due again")
        queue.advance(to: Self.start + 24)
        #expect(queue.dueOperations == [2])
    }

    @Test func `operations are due in the order of their times`() {
        var queue = DeadlineQueue()
        queue.start(at: Self.start)
        for operation in 1...4 as ClosedRange<UInt64> {
            queue.add(operation: operation, at: Self.start + 1_000 - Int64(operation) * 100)
        }
        queue.advance(to: Self.start + 800)
        #expect(queue.dueOperations == [4, 3, 2])
        queue.advance(to: Self.start + 100_000)
        #expect(queue.dueOperations == [1])
    }

    @Test func `payments are due by second, a bounded number at a time`() {
        var queue = DeadlineQueue()
        for number in 0..<300 { queue.add(Index<Payment>(number), at: Self.start) }
        let early = queue.takePayments(dueAt: Self.start)
        let first = queue.takePayments(dueAt: Self.start + 2_048)
        let second = queue.takePayments(dueAt: Self.start + 2_048)
        let third = queue.takePayments(dueAt: Self.start + 2_048)
        #expect(early.isEmpty && first.count == 256 && second.count == 44 && third.isEmpty)
        #expect(Set(first + second).count == 300)
    }

    @Test func `the sweep sees every chunk within half an hour, whatever there are`() {
        for chunkCount in [1, 3, 11_250, 40_000] {
            var queue = DeadlineQueue()
            var seen = Set<Int>()
            var now = Self.start
            while now < Self.start + 1_800_000, seen.count < chunkCount {
                for _ in 0..<queue.chunksToSweep(at: now, of: chunkCount) {
                    seen.insert(queue.nextChunkToSweep(of: chunkCount))
                }
                now += 160
            }
            #expect(seen == Set(0..<chunkCount))
        }
    }

    @Test func `the sweep rests between its steps, and with nothing to sweep`() {
        var queue = DeadlineQueue()
        let none = queue.chunksToSweep(at: Self.start, of: 0)
        let first = queue.chunksToSweep(at: Self.start, of: 5)
        let resting = queue.chunksToSweep(at: Self.start + 159, of: 5)
        let next = queue.chunksToSweep(at: Self.start + 160, of: 5)
        #expect(none == 0 && first == 1 && resting == 0 && next == 1)
    }

    @Test func `the sweep begins anew where chunks were fewer than before`() {
        var queue = DeadlineQueue()
        let before = (0..<5).map { _ in queue.nextChunkToSweep(of: 8) }
        let after = (0..<3).map { _ in queue.nextChunkToSweep(of: 2) }
        #expect(before == [0, 1, 2, 3, 4] && after == [0, 1, 0])
    }
}
