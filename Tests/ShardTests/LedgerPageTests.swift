import Journal
import Ledger
import Money
import Payments
import ShardModel
import ShardState
import Testing

@testable import ShardCore
@testable import ShardRecords

@Suite("Ledger entries, marks and what cannot be told")
struct LedgerPageTests {
    @Test("An entry shows the merchant's own postings and the fee, its payment and its refund")
    func entries() throws {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 400), key: "b")
        world.answer(
            world.lastCall.token,
            .declined(Decline(category: .hard, code: .insufficientFunds, providerCode: "51"))
        )
        world.send(.refund(id, amountMinor: 100), key: "c")
        world.answer(world.lastCall.token, ShardWorld.success(100))
        let page = try world.page(LedgerQuery(), merchant: 7)
        // The confirmation of the refund moves nothing of the merchant's.
        #expect(page.entries.map(\.rule) == [.refundRequested, .refundFailed, .refundRequested, .capture])
        #expect(page.entries.map(\.position) == [5, 4, 3, 2] && page.next == nil && !page.isTruncated)
        #expect(page.entries.allSatisfy { $0.payment == id && $0.shard == 3 })
        let first = page.entries[2].refund
        #expect(first != nil && page.entries[1].refund == first && page.entries[0].refund != first)
        let pending = Account(.merchantPending, owner: 7, currency: .eur)
        let fees = Account(.platformFees, currency: .eur)
        #expect(page.entries[3].postings == [.credit(pending, 975), .credit(fees, 25)])
        #expect(page.entries[2].postings == [.debit(pending, 400)] && page.entries[3].refund == nil)
    }

    @Test("Two transfers of a record are two entries, also when a page ends between them")
    func pageEndsWithinRecord() throws {
        var world = ShardWorld()
        let id = world.paid(capture: false, key: "a")
        world.send(.capture(id, amountMinor: 600), key: "b")
        world.answer(world.lastCall.token, ShardWorld.success(600))
        var query = LedgerQuery(limit: 1)
        let newest = try world.page(query, merchant: 7)
        #expect(newest.entries.map(\.rule) == [.capture] && newest.entries[0].index == 1)
        #expect(newest.next == LedgerCursor(position: 4, transfers: 1))
        query.cursor = newest.next
        let next = try world.page(query, merchant: 7)
        #expect(next.entries.map(\.rule) == [.release] && next.next?.position == 2)
    }

    @Test("A page reads a thousand records at most, and says where it goes on")
    func boundedWork() throws {
        var configuration = ShardConfiguration.test
        configuration.idempotencyCapacity = 1 << 12
        var world = ShardWorld(configuration: configuration)
        for index in 0..<1_200 { _ = world.paid(key: "\(index)") }
        let page = try world.page(LedgerQuery(currency: .usd), merchant: 7)
        #expect(page.entries.isEmpty && page.next != nil)
        let rest = try world.page(LedgerQuery(cursor: page.next, currency: .usd), merchant: 7)
        #expect(rest.entries.isEmpty && rest.next == nil)
    }

    @Test("A cursor beyond the merchant's newest entry is refused")
    func cursorFromAnotherTime() {
        var world = ShardWorld()
        _ = world.paid(key: "a")
        world.send(.getEntries(LedgerQuery(cursor: LedgerCursor(position: 3))), merchant: 7)
        #expect(world.lastBody == "refused cursorInvalid" && world.lastStatus == 400)
        world.send(.getEntries(LedgerQuery(cursor: LedgerCursor(position: 2))), merchant: 8)
        #expect(world.lastBody == "refused cursorInvalid")
    }

    @Test("The accounts of a merchant are its own, with all that went through them")
    func accounts() {
        var world = ShardWorld()
        let id = world.paid(key: "a")
        world.send(.refund(id, amountMinor: 400), key: "b")
        world.send(.getAccounts, merchant: 7)
        #expect(world.lastBody == "merchant:pending EUR 400 975")
        world.send(.getAccounts, merchant: 8)
        #expect(world.lastBody == "" && world.lastStatus == 200)
    }

    @Test("Records that are no longer kept end a list, and leave balances behind them unknown")
    func retiredRecords() throws {
        var world = ShardWorld()
        for index in 0..<4 {
            world.now += 10
            _ = world.paid(key: "\(index)")
        }
        world.now += 10
        world.send(.getEntries(LedgerQuery()), merchant: 7)
        world.send(.getPastBalance(at: world.now - 45), merchant: 7)
        let journal = world.journal
        let read = { (position: RecordPosition) throws(JournalError) -> [UInt8] in
            guard position > 4 else { throw JournalError(.notFound, "retired") }
            return journal[Int(position) - 1]
        }
        let page = try LedgerPage(world.ledgerReads[0], read: read)
        #expect(page.entries.map(\.position) == [8, 6] && page.isTruncated && page.next == nil)
        #expect(try world.pastBalances[0].lines(read: read) == nil)
    }

    @Test("A mark is journaled behind every so many records, holds the sums, and waits while the room is short")
    func marks() throws {
        var configuration = ShardConfiguration.test
        configuration.recordsPerMark = 2
        var world = ShardWorld(configuration: configuration)
        _ = world.paid(key: "a")
        _ = world.paid(key: "b")
        #expect(world.journal.count == 5)
        guard case .balanceMark(let mark) = try world.linked(5).record else {
            Issue.record("no mark")
            return
        }
        #expect(mark.merchant.rawValue == 7 && mark.number == 1 && mark.records == 2 && mark.newest == 4)
        #expect(mark.lines.map(\.totals) == [AccountTotals(debits: 0, credits: 1_950)])
        _ = world.paid(key: "c")
        world.send(ShardWorld.create(), key: "d")
        world.core.room.refusal = .overloaded
        world.answer(world.lastCall.token, ShardWorld.success())
        #expect(world.journal.count == 9)
        world.core.room.refusal = nil
        _ = world.paid(key: "e")
        guard case .balanceMark(let late) = try world.linked(11).record else {
            Issue.record("no mark")
            return
        }
        #expect(late.number == 2 && late.previousMark == 5 && late.newest == 9 && late.records == 4)
    }
}
