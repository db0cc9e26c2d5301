import Money
import Testing

@testable import Ledger

@Suite struct BalancesTests {
    private let merchant = someParties.merchant
    private let provider = UInt64(someParties.connector)

    private func account(_ kind: AccountKind, _ owner: UInt64 = 0) -> Account {
        Account(kind, owner: owner, currency: .eur)
    }

    @Test func `a payment's life leaves the balances that the posting rules say`() {
        var balances = Balances()
        balances.apply(PostingRules.hold(someParties, amountMinor: 10_000))
        balances.apply(PostingRules.release(someParties, amountMinor: 10_000))
        balances.apply(PostingRules.capture(someParties, amountMinor: 8_000, feeMinor: 232))
        balances.apply(PostingRules.refundRequested(someParties, amountMinor: 3_000, from: .pending))
        #expect(balances.balance(of: account(.refundClearing)) == -3_000)
        balances.apply(PostingRules.refundConfirmed(someParties, amountMinor: 2_000))
        balances.apply(PostingRules.refundFailed(someParties, amountMinor: 1_000, to: .pending))
        balances.apply(PostingRules.refundBounced(someParties, amountMinor: 500, to: .available))

        #expect(balances.balance(of: account(.memoAuthorizationProvider, provider)) == 0)
        #expect(
            balances.totals(of: account(.memoAuthorizationMerchant, merchant))
                == AccountTotals(debits: 10_000, credits: 10_000)
        )
        #expect(balances.balance(of: account(.refundClearing)) == 0)
        #expect(balances.balance(of: account(.providerReceivable, provider)) == 8_000 - 2_000 + 500)
        #expect(balances.balance(of: account(.merchantPending, merchant)) == -(8_000 - 232 - 3_000 + 1_000))
        #expect(balances.balance(of: account(.merchantAvailable, merchant)) == -500)
        #expect(balances.balance(of: account(.platformFees)) == -232)
        #expect(balances.balance(of: account(.bankCash, 3)) == 0)
        #expect(balances.count == 7)
        #expect(balances.trialBalance().isBalanced)
    }

    @Test func `random transfers agree with a dictionary, and the trial balance is zero in every currency`() {
        var random = SeededGenerator(seed: 5)
        var balances = Balances()
        var model: [Account: AccountTotals] = [:]
        var order: [Account] = []
        for _ in 0..<20_000 {
            let transfer = Transfer.random(using: &random)
            guard balances.permits(transfer) else { continue }
            balances.apply(transfer)
            for posting in transfer.postings {
                if model[posting.account] == nil { order.append(posting.account) }
                let amount = Int128(posting.amountMinor)
                model[posting.account, default: AccountTotals()].debits += max(amount, 0)
                model[posting.account, default: AccountTotals()].credits += max(-amount, 0)
            }
        }
        #expect(balances.count == model.count && model.count > 1_000)
        var visited: [Account] = []
        balances.forEach { account, totals in
            visited.append(account)
            if model[account] != totals {
                Issue.record("\(account): \(totals), not \(String(describing: model[account]))")
            }
        }
        #expect(visited == order)

        let trial = balances.trialBalance()
        #expect(trial.isBalanced)
        #expect(trial.currencies.map(\.currency.numericCode) == Set(order.map(\.currency.numericCode)).sorted())
        for line in trial.kinds {
            let expected = model.filter { $0.key.kind == line.kind && $0.key.currency == line.currency }
                .reduce(Int128(0)) { $0 + $1.value.balance }
            #expect(line.totals.balance == expected)
        }
    }

    @Test func `trial balances of partitions merge into that of the whole`() {
        var random = SeededGenerator(seed: 6)
        var (left, right, whole) = (Balances(), Balances(), Balances())
        for turn in 0..<2_000 {
            let transfer = Transfer.random(using: &random)
            guard transfer.rule == .capture || transfer.rule == .refundBounced else { continue }
            if turn.isMultiple(of: 2) { left.apply(transfer) } else { right.apply(transfer) }
            whole.apply(transfer)
        }
        var merged = left.trialBalance()
        merged.merge(right.trialBalance())
        #expect(merged == whole.trialBalance())
        #expect(merged.kinds.count > 100)
    }

    @Test func `a trial balance that is off says so`() {
        var trial = TrialBalance()
        trial.add(.eur, .platformFees, AccountTotals(debits: 0, credits: 5))
        #expect(!trial.isBalanced)
        trial.add(.eur, .providerReceivable, AccountTotals(debits: 5, credits: 0))
        #expect(trial.isBalanced)
    }

    @Test func `sums beyond 64 bits are exact`() {
        var balances = Balances()
        for _ in 0..<5 { balances.apply(PostingRules.capture(someParties, amountMinor: .max, feeMinor: 0)) }
        #expect(balances.balance(of: account(.providerReceivable, provider)) == Int128(Int64.max) * 5)
    }

    @Test func `room runs out one transfer before the limit`() {
        var balances = Balances(maximumAccounts: 12)
        var merchants: UInt64 = 0
        while balances.hasRoom {
            merchants += 1
            balances.apply(
                PostingRules.hold(Parties(merchant: merchants, connector: 1, currency: .eur), amountMinor: 1)
            )
        }
        #expect(balances.count == 5 && merchants == 4)
    }

    @Test func `an account beyond the limit stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var balances = Balances(maximumAccounts: 8)
            for merchant in 1...8 {
                balances.apply(
                    PostingRules.hold(Parties(merchant: UInt64(merchant), connector: 1, currency: .eur), amountMinor: 1)
                )
            }
        }
    }

    @Test func `releasing more than was held is not permitted and stops the process`() async {
        var balances = Balances()
        balances.apply(PostingRules.hold(someParties, amountMinor: 10))
        #expect(balances.permits(PostingRules.release(someParties, amountMinor: 10)))
        #expect(!balances.permits(PostingRules.release(someParties, amountMinor: 11)))
        await #expect(processExitsWith: .failure) {
            var balances = Balances()
            balances.apply(PostingRules.hold(someParties, amountMinor: 10))
            balances.apply(PostingRules.release(someParties, amountMinor: 11))
        }
    }

    @Test func `confirming a refund that nobody requested stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var balances = Balances()
            balances.apply(PostingRules.refundConfirmed(someParties, amountMinor: 1))
        }
    }
}
