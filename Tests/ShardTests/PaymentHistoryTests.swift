import Journal
import Payments
import ShardCore
import ShardModel
import ShardRecords
import Testing

@Suite("A payment's history is read back from the journal")
struct PaymentHistoryTests {
    @Test("Everything that happened, in order, with the status that it left; others' records between are not in it")
    func wholeLife() throws {
        var world = ShardWorld()
        world.send(ShardWorld.create(capture: false), key: "a")
        let id = world.lastCall.call.payment
        world.answer(world.lastCall.token, .notExecuted(.rateLimited))
        _ = world.paid(key: "other")
        world.pass(milliseconds: 200)
        world.answer(world.lastCall.token, ShardWorld.success())
        world.send(.capture(id, amountMinor: 600), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(600))
        for (key, amount) in [("c", 100), ("d", 200)] as [(String, Int64)] {
            world.send(.refund(id, amountMinor: amount), key: key)
        }
        for call in world.calls.suffix(2) {
            world.answer(call.token, ShardWorld.success(call.call.amountMinor, "re_\(call.call.ordinal)"))
        }
        let history = try history(world, id)
        #expect(!history.isTruncated)
        #expect(
            history.entries.map { $0.status?.name.description } == [
                "processing", "processing", "authorized", "processing", "captured", "captured", "captured",
                "partially_refunded", "partially_refunded",
            ]
        )
        #expect(history.entries.map(\.position) == [1, 2, 5, 6, 7, 8, 9, 10, 11])
    }

    @Test("A conflicted refund stays pending in it, too")
    func conflictedRefund() throws {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        world.send(.refund(id, amountMinor: 1000), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(999, "re_1"))
        #expect(try history(world, id).entries.last?.status == .captured)
    }

    @Test("The newest thousand are shown of a longer one, and it says so")
    func truncated() throws {
        var world = ShardWorld()
        let id = world.paid(1000, key: "a")
        for index in 0..<600 {
            world.send(.refund(id, amountMinor: 1), key: "r\(index)")
            world.answer(world.lastCall.token, ShardWorld.success(1, "re_\(index)"))
        }
        let history = try history(world, id)
        #expect(history.isTruncated && history.entries.count == PaymentHistory.maximumEntries)
        #expect(history.entries.allSatisfy { $0.status == nil })
        #expect(history.entries.last?.position == RecordPosition(world.journal.count))
    }

    @Test("Records that are no longer kept are left out, and it says so")
    func expired() throws {
        var world = ShardWorld()
        let id = world.paid(1_000, key: "a")
        world.send(.refund(id, amountMinor: 100), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(100, "re_1"))
        let (journal, newest) = (world.journal, world.journal.count)
        for kept in 0...newest {
            let history = try PaymentHistory(of: id, newest: RecordPosition(newest)) { position throws(JournalError) in
                guard position > RecordPosition(newest - kept) else { throw JournalError(.notFound, "gone") }
                return journal[Int(position) - 1]
            }
            #expect(history.entries.count == kept && history.isTruncated == (kept < newest))
        }
    }

    @Test("A record of another payment, or none, is an error and no answer")
    func wrongRecord() throws {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        let other = world.paid(key: "b")
        let newest = world.journal.count
        #expect(throws: JournalError.self) { try read(world.journal, other, newest: 2) }
        #expect(throws: JournalError.self) { try read(Array(repeating: [9], count: newest), id, newest: 1) }
    }

    @Test("Only the merchant's own")
    func othersAreNotFound() {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.getHistory(id), merchant: 8)
        #expect(world.lastStatus == 404 && world.histories.isEmpty)
    }

    private func history(_ world: borrowing ShardWorld, _ id: PaymentID) throws -> PaymentHistory {
        try read(world.journal, id, newest: newest(world.journal, id))
    }

    private func newest(_ journal: [[UInt8]], _ id: PaymentID) throws -> Int {
        let own = try journal.indices.filter { index in
            let bytes = journal[index]
            return try ShardRecord(decoding: bytes.span).payment == id
        }
        return try #require(own.last) + 1
    }

    @discardableResult
    private func read(_ journal: [[UInt8]], _ id: PaymentID, newest: Int) throws -> PaymentHistory {
        try PaymentHistory(of: id, newest: RecordPosition(newest)) { position throws(JournalError) in
            journal[Int(position) - 1]
        }
    }
}
