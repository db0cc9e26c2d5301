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
        balances.apply(PostingRules.refundRequested(someParties, amountMinor: 3_000, pendingMinor: 3_000))
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
        for _ in 0..<20_000 {
            let transfer = Transfer.random(using: &random)
            guard balances.permits(transfer) else { continue }
            balances.apply(transfer)
            for posting in transfer.postings {
                let amount = Int128(posting.amountMinor)
                model[posting.account, default: AccountTotals()].debits += max(amount, 0)
                model[posting.account, default: AccountTotals()].credits += max(-amount, 0)
            }
            // What is left empty of a wallet or seller goes to the account of its kind without
            // owner.
            for posting in transfer.postings where posting.account.isClosable {
                guard let sums = model[posting.account], sums.balance == 0 else { continue }
                model[posting.account] = nil
                let rest = Account(posting.account.kind, currency: posting.account.currency)
                model[rest, default: AccountTotals()].add(sums)
            }
        }
        #expect(balances.count == model.count && model.count > 1_000)
        var visited: Set<Account> = []
        balances.forEach { account, totals in
            visited.insert(account)
            if model[account] != totals {
                Issue.record("\(account): \(totals), not \(String(describing: model[account]))")
            }
        }
        #expect(visited == Set(model.keys))

        let trial = balances.trialBalance()
        #expect(trial.isBalanced)
        #expect(trial.currencies.map(\.currency.numericCode) == Set(model.keys.map(\.currency.numericCode)).sorted())
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
        trial.add(.eur, kind: .platformFees, totals: AccountTotals(debits: 0, credits: 5))
        #expect(!trial.isBalanced)
        trial.add(.eur, kind: .providerReceivable, totals: AccountTotals(debits: 5, credits: 0))
        #expect(trial.isBalanced)
    }

    @Test func `sums beyond 64 bits are exact`() {
        var balances = Balances()
        for _ in 0..<5 { balances.apply(PostingRules.capture(someParties, amountMinor: .max, feeMinor: 0)) }
        #expect(balances.balance(of: account(.providerReceivable, provider)) == Int128(Int64.max) * 5)
    }

    @Test func `wallets that are emptied leave, and their sums stay by kind`() {
        var balances = Balances()
        func move(_ wallet: UInt64, _ amount: Int64) -> Transfer {
            let funds = WalletFunds(owner: wallet, balanceMinor: 100, unsettledMinor: 0, pendingMinor: 0)
            let rail: PaymentRail = amount > 0 ? .topUp(funds) : .wallet(funds)
            let parties = Parties(merchant: 7, connector: 1, currency: .eur, rail: rail)
            return PostingRules.capture(parties, amountMinor: abs(amount), feeMinor: 0)
        }
        for wallet: UInt64 in 1...100 { balances.apply(move(wallet, 100)) }
        #expect(balances.closableCount == 100 && balances.merchantCount == 0)
        // In another order than they came, so that the table's holes are filled again.
        for wallet in (1...UInt64(100)).sorted(by: { ($0 % 7, $0) < ($1 % 7, $1) }) {
            balances.apply(move(wallet, -100))
            let isLeft = { (other: UInt64) in (other % 7, other) > (wallet % 7, wallet) }
            let left = (1...UInt64(100)).filter { balances.balance(of: account(.wallet, $0)) == -100 }
            #expect(left == (1...UInt64(100)).filter(isLeft) && balances.closableCount == left.count)
        }
        #expect(balances.totals(of: account(.wallet)) == AccountTotals(debits: 10_000, credits: 10_000))
        // One account for all wallets that were closed, the provider's receivable, the merchant's
        // available balance.
        #expect(balances.count == 3 && balances.merchantCount == 1)
        #expect(balances.balance(of: account(.merchantAvailable, 7)) == -10_000 && balances.trialBalance().isBalanced)
    }

    @Test func `a wallet with both accounts counts once, and a merchant once a currency`() {
        var balances = Balances()
        let funds = WalletFunds(owner: 9, balanceMinor: 100, unsettledMinor: 0, pendingMinor: 0)
        let topUp = Parties(merchant: 7, connector: 1, currency: .eur, rail: .topUp(funds))
        let wallet = Parties(merchant: 7, connector: 1, currency: .eur, rail: .wallet(funds))
        balances.openMerchant(7, .eur)
        balances.apply(PostingRules.capture(topUp, amountMinor: 100, feeMinor: 0))
        #expect(balances.closableCount == 1 && balances.hasClosable(account(.walletHeld, 9)))
        balances.apply(PostingRules.hold(wallet, amountMinor: 60))
        #expect(balances.closableCount == 1)
        balances.apply(PostingRules.hold(wallet, amountMinor: 40))
        #expect(balances.closableCount == 1 && balances.balance(of: account(.wallet, 9)) == 0)
        balances.apply(PostingRules.release(wallet, amountMinor: 100))
        balances.apply(PostingRules.capture(wallet, amountMinor: 100, feeMinor: 0))
        #expect(balances.closableCount == 0 && !balances.hasClosable(account(.wallet, 9)))
        #expect(balances.merchantCount == 1 && balances.hasMerchant(7, .eur) && !balances.hasMerchant(7, .usd))
        balances.openMerchant(7, .usd)
        balances.openMerchant(7, .usd)
        #expect(balances.merchantCount == 2 && balances.hasMerchant(7, .usd))
    }

    @Test func `a snapshot holds no account that should have been closed`() {
        var balances = Balances()
        let (empty, filled) = (AccountTotals(debits: 5, credits: 5), AccountTotals(debits: 5, credits: 6))
        let isEmptyTaken = balances.restore(account(.wallet, 9), empty)
        let isRestTaken = balances.restore(account(.wallet), empty)
        #expect(!isEmptyTaken && isRestTaken && balances.closableCount == 0)
        let isFilledTaken = balances.restore(account(.wallet, 9), filled)
        let isTakenTwice = balances.restore(account(.wallet, 9), filled)
        #expect(isFilledTaken && !isTakenTwice && balances.closableCount == 1)
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
