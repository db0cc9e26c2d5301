import Ledger
import Money
import Payments
import ShardRecords
import ShardState
import Testing
import Time

@Suite("The ledger of a shard's merchants")
struct MerchantLedgerTests {
    private let merchant = MerchantID(rawValue: 7)
    private let other = MerchantID(rawValue: 8)
    private let wallet = Account(.wallet, owner: 1, currency: .eur)

    private var pending: Account { Account(.merchantPending, owner: merchant.rawValue, currency: .eur) }

    private func capture(_ amount: Int64, of merchant: MerchantID) -> Transfers {
        let parties = Parties(merchant: merchant.rawValue, connector: 1, currency: .eur)
        return Transfers(PostingRules.capture(parties, amountMinor: amount, feeMinor: 1))
    }

    @Test("A record's transfers are booked, and it names the merchant's one before it")
    func post() {
        var ledger = MerchantLedger(recordsPerMark: 100)
        #expect(ledger.chain(of: merchant) == nil && ledger.post(Transfers(), for: merchant, at: 1) == nil)
        #expect(ledger.post(capture(100, of: merchant), for: merchant, at: 2) == 0)
        #expect(ledger.post(capture(10, of: other), for: other, at: 3) == 0)
        #expect(ledger.post(capture(50, of: merchant), for: merchant, at: 4) == 2)
        #expect(ledger.owed(pending) == 148 && ledger.balance(of: pending) == -148)
        #expect(ledger.chain(of: merchant)?.newest == 4 && ledger.chain(of: merchant)?.records == 2)
        #expect(ledger.trialBalance().isBalanced && ledger.allChains.count == 2)
        #expect(ledger.lines(of: merchant).map(\.account) == [pending])
    }

    @Test("A merchant's accounts in a currency are counted from when they are opened")
    func merchants() {
        var ledger = MerchantLedger(recordsPerMark: 100)
        #expect(!ledger.hasMerchant(merchant, .eur) && ledger.expectedAccounts == 0)
        ledger.openMerchant(merchant, .eur)
        #expect(ledger.hasMerchant(merchant, .eur) && !ledger.hasMerchant(merchant, .usd))
        #expect(ledger.expectedAccounts == Balances.accountsOfMerchant)
        ledger.openMerchant(merchant, .eur)
        #expect(ledger.expectedAccounts == Balances.accountsOfMerchant)
    }

    @Test("What operations may open is claimed and released, by merchant")
    func claims() {
        var ledger = MerchantLedger(recordsPerMark: 100)
        ledger.claim(3, of: merchant)
        ledger.claim(1, of: other)
        #expect(ledger.closableCount == 4 && ledger.closableCount(of: merchant) == 3)
        #expect(ledger.expectedAccounts == 4 * Balances.accountsOfClosable)
        ledger.release(3, of: merchant)
        #expect(ledger.closableCount == 1 && ledger.closableCount(of: merchant) == 0)
    }

    @Test("A mark is due behind so many records of a merchant, and follows from its chain alone")
    func marks() throws {
        var ledger = MerchantLedger(recordsPerMark: 2)
        _ = ledger.post(capture(100, of: merchant), for: merchant, at: 1)
        #expect(ledger.chainWithDueMark == nil)
        _ = ledger.post(capture(100, of: merchant), for: merchant, at: 2)
        let due = try #require(ledger.chainWithDueMark)
        var mark = BalanceMark(
            merchant: merchant,
            number: 2,
            records: due.records,
            newest: due.newest,
            previousMark: due.newestMark,
            previousFarMark: due.newestFarMark,
            previousFarthestMark: due.newestFarthestMark,
            lines: ledger.lines(of: merchant),
            time: 5
        )
        let isTaken = ledger.mark(mark, at: 3)
        #expect(!isTaken, "its number does not follow")
        mark.number = 1
        #expect(ledger.mark(mark, at: 3) && ledger.chainWithDueMark == nil)
        #expect(ledger.chain(of: merchant)?.newestMark == 3)
    }

    @Test("A snapshot's accounts are taken once, and belong to somebody")
    func restore() {
        var ledger = MerchantLedger(recordsPerMark: 100)
        let sums = AccountTotals(debits: 0, credits: 5)
        #expect(ledger.restore(wallet, sums) && !ledger.restore(wallet, sums))
        let isEmptyTaken = ledger.restore(
            Account(.wallet, owner: 2, currency: .eur),
            AccountTotals(debits: 5, credits: 5)
        )
        #expect(!isEmptyTaken, "a wallet's account without money is closed")
        var counted = ledger
        let sellers = counted.countRestored { $0 == wallet ? merchant : nil }
        #expect(sellers == 0 && counted.closableCount(of: merchant) == 1 && counted.accountCount == 1)
        let unknown = ledger.countRestored { _ in nil }
        #expect(unknown == nil)
    }
}
