import Money
import Testing

@testable import Ledger

@Suite struct PostingRulesTests {
    private let merchant = someParties.merchant
    private let provider = UInt64(someParties.connector)

    private func account(_ kind: AccountKind, _ owner: UInt64 = 0) -> Account {
        Account(kind, owner: owner, currency: .eur)
    }

    @Test func `a hold and its release are opposites on the memo pair`() {
        let held = PostingRules.hold(someParties, amountMinor: 500)
        let released = PostingRules.release(someParties, amountMinor: 500)
        #expect(
            held.postings == [
                Posting(account: account(.memoAuthorizationProvider, provider), amountMinor: 500),
                Posting(account: account(.memoAuthorizationMerchant, merchant), amountMinor: -500),
            ]
        )
        #expect(
            released.postings
                == held.postings.reversed().map { Posting(account: $0.account, amountMinor: -$0.amountMinor) }
        )
    }

    @Test func `the seed's example: a capture of 4999 with 5 per cent leaves the merchant 4749 and the platform 250`() {
        let fee = BasisPoints.fee(of: 4_999, basisPoints: 500)
        #expect(
            PostingRules.capture(someParties, amountMinor: 4_999, feeMinor: fee).postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 4_999),
                Posting(account: account(.merchantPending, merchant), amountMinor: -4_749),
                Posting(account: account(.platformFees), amountMinor: -250),
            ]
        )
    }

    @Test func `a settlement pays bank and provider from the receivable, and releases what was pending`() {
        let settled = PostingRules.settlement(someParties, amountMinor: 1_000, providerFeeMinor: 20, releasedMinor: 975)
        #expect(
            settled.postings == [
                Posting(account: account(.bankCash, 1), amountMinor: 980),
                Posting(account: account(.providerFees, provider), amountMinor: 20),
                Posting(account: account(.merchantPending, merchant), amountMinor: 975),
                Posting(account: account(.providerReceivable, provider), amountMinor: -1_000),
                Posting(account: account(.merchantAvailable, merchant), amountMinor: -975),
            ]
        )
        #expect(PostingRules.settlement(someParties, amountMinor: 5, providerFeeMinor: 5, releasedMinor: 0).count == 2)
        let owed = PostingRules.settlement(someParties, amountMinor: 5, providerFeeMinor: 8, releasedMinor: -7)
        #expect(owed.postings.contains(Posting(account: account(.bankCash, 1), amountMinor: -3)))
        #expect(owed.postings.contains(Posting(account: account(.merchantAvailable, merchant), amountMinor: 7)))
    }

    @Test func `a chargeback takes amount and fee from the merchant, and a won one gives the amount back`() {
        #expect(
            PostingRules.chargeback(someParties, amountMinor: 500, feeMinor: 15).postings == [
                Posting(account: account(.merchantAvailable, merchant), amountMinor: 515),
                Posting(account: account(.providerReceivable, provider), amountMinor: -515),
            ]
        )
        #expect(
            PostingRules.chargebackWon(someParties, amountMinor: 500).postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 500),
                Posting(account: account(.merchantAvailable, merchant), amountMinor: -500),
            ]
        )
    }

    @Test func `unexplained money waits in suspense, and goes from there to its account`() {
        let found = PostingRules.unexplained(someParties, amountMinor: 70)
        #expect(
            found.postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 70),
                Posting(account: account(.suspense, provider), amountMinor: -70),
            ]
        )
        for (target, kind, owner) in [
            (SuspenseTarget.merchantAvailable, AccountKind.merchantAvailable, merchant),
            (.platformFees, .platformFees, 0),
            (.platformLosses, .platformLosses, 0), (.providerReceivable, .providerReceivable, provider),
        ] {
            #expect(
                PostingRules.reclassified(someParties, amountMinor: 70, to: target).postings == [
                    Posting(account: account(.suspense, provider), amountMinor: 70),
                    Posting(account: account(kind, owner), amountMinor: -70),
                ]
            )
        }
    }

    @Test func `a capture leaves out postings of zero`() {
        #expect(
            PostingRules.capture(someParties, amountMinor: 100, feeMinor: 0).postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 100),
                Posting(account: account(.merchantPending, merchant), amountMinor: -100),
            ]
        )
        #expect(
            PostingRules.capture(someParties, amountMinor: 100, feeMinor: 100).postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 100),
                Posting(account: account(.platformFees), amountMinor: -100),
            ]
        )
    }

    @Test func `a refund takes what is pending, and the rest from the available balance`() {
        #expect(
            PostingRules.refundRequested(someParties, amountMinor: 30, pendingMinor: 29).postings == [
                Posting(account: account(.merchantPending, merchant), amountMinor: 29),
                Posting(account: account(.merchantAvailable, merchant), amountMinor: 1),
                Posting(account: account(.refundClearing), amountMinor: -30),
            ]
        )
    }

    @Test func `a refund of a top-up makes what nobody needs pending any more available`() {
        let funds = WalletFunds(owner: 5, balanceMinor: 1_000, unsettledMinor: 500, pendingMinor: 500)
        let parties = Parties(merchant: merchant, connector: 1, currency: .eur, rail: .topUp(funds))
        let released = funds.released(refunding: 300)
        #expect(released == 300 && funds.released(refunding: 0) == 0)
        #expect(
            PostingRules.topUpRefundRequested(parties, amountMinor: 400, releasedMinor: released).postings == [
                Posting(account: account(.wallet, 5), amountMinor: 400),
                Posting(account: account(.refundClearing), amountMinor: -400),
                Posting(account: account(.merchantPending, merchant), amountMinor: 300),
                Posting(account: account(.merchantAvailable, merchant), amountMinor: -300),
            ]
        )
    }

    @Test func `a settlement releases no more of a wallet's pending money than it settles`() {
        let funds = WalletFunds(owner: 5, balanceMinor: 1_000, unsettledMinor: 500, pendingMinor: 500)
        #expect(funds.released(settling: 200) == 200 && funds.released(settling: 500) == 500)
        let empty = WalletFunds(owner: 5, balanceMinor: 300, unsettledMinor: 1_000, pendingMinor: 700)
        #expect(empty.released(settling: 400) == 400 && empty.released(settling: 100) == 100)
        let spent = WalletFunds(owner: 5, balanceMinor: 0, unsettledMinor: 1_000, pendingMinor: 700)
        #expect(spent.released(settling: 200) == 0 && spent.released(settling: 400) == 100)
    }

    @Test(arguments: [(MerchantFunds.pending, AccountKind.merchantPending), (.available, .merchantAvailable)])
    func `a refund goes by the clearing account, and back from it when it fails`(
        funds: MerchantFunds,
        kind: AccountKind
    ) {
        #expect(
            PostingRules.refundRequested(
                someParties,
                amountMinor: 30,
                pendingMinor: funds == .pending ? 30 : 0
            ).postings == [
                Posting(account: account(kind, merchant), amountMinor: 30),
                Posting(account: account(.refundClearing), amountMinor: -30),
            ]
        )
        #expect(
            PostingRules.refundConfirmed(someParties, amountMinor: 30).postings == [
                Posting(account: account(.refundClearing), amountMinor: 30),
                Posting(account: account(.providerReceivable, provider), amountMinor: -30),
            ]
        )
        #expect(
            PostingRules.refundFailed(someParties, amountMinor: 30, to: funds).postings == [
                Posting(account: account(.refundClearing), amountMinor: 30),
                Posting(account: account(kind, merchant), amountMinor: -30),
            ]
        )
        #expect(
            PostingRules.refundBounced(someParties, amountMinor: 30, to: funds).postings == [
                Posting(account: account(.providerReceivable, provider), amountMinor: 30),
                Posting(account: account(kind, merchant), amountMinor: -30),
            ]
        )
    }

    @Test func `every random transfer sums to zero, carries its posting rule and no zero posting`() {
        var random = SeededGenerator(seed: 2)
        var seen: Set<UInt8> = []
        for _ in 0..<5_000 {
            let transfer = Transfer.random(using: &random)
            seen.insert(transfer.rule.rawValue)
            #expect(transfer.count >= 2 && transfer.count <= Transfer.maximumPostings)
            #expect(transfer.postings.reduce(Int128(0)) { $0 + Int128($1.amountMinor) } == 0)
            #expect(transfer.postings.allSatisfy { $0.amountMinor != 0 })
        }
        #expect(seen.count == PostingRule.allCases.count)
    }

    @Test func `an amount of zero stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = PostingRules.hold(someParties, amountMinor: 0) }
    }

    @Test func `a negative amount stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = PostingRules.refundConfirmed(someParties, amountMinor: -1) }
    }

    @Test func `a fee above the amount stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = PostingRules.capture(someParties, amountMinor: 1, feeMinor: 2) }
    }

    @Test func `postings that do not sum to zero stop the process`() async {
        await #expect(processExitsWith: .failure) {
            let cash = Account(.platformFees, currency: .eur)
            _ = Transfer(.capture, of: .debit(cash, 2), and: .credit(cash, 1))
        }
    }

    @Test func `postings that sum to zero only across currencies stop the process`() async {
        await #expect(processExitsWith: .failure) {
            _ = Transfer(
                .capture,
                of: .debit(Account(.platformFees, currency: .eur), 2),
                and: .credit(Account(.platformFees, currency: .usd), 2)
            )
        }
    }

    @Test func `an owner on an account that has none stops the process`() async {
        await #expect(processExitsWith: .failure) { _ = Account(.platformFees, owner: 1, currency: .eur) }
    }
}
