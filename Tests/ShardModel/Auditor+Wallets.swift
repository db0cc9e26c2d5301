import Money
import Payments
import ShardCore
import ShardRecords

// Wallets (docs/payouts-wallets-fx.md) and what of their money is not settled
// (docs/posting-rules.md, "Unsettled money").
extension Auditor {
    // MARK: Sums

    /// What can be spent.
    private func available(_ wallet: NaiveWallet) -> Int64 {
        owed(NaivePosting(account: "wallet", owner: wallet.owner, amount: 0), wallet.currency)
    }

    private func held(_ wallet: NaiveWallet) -> Int64 {
        owed(NaivePosting(account: "wallet:held", owner: wallet.owner, amount: 0), wallet.currency)
    }

    private func balance(_ wallet: NaiveWallet) -> Int64 { available(wallet) + held(wallet) }

    /// What its top-ups brought and no provider has settled, wherever it is now.
    private func unsettled(_ wallet: NaiveWallet) -> Int64 {
        wallet.topUps.reduce(0) { $0 + (payments[$1]?.unsettled() ?? 0) }
    }

    func text(_ number: Int, _ wallet: NaiveWallet) -> String {
        let balance = balance(wallet)
        // What is pending at the merchant is not in the wallet.
        let inside = min(balance, max(0, unsettled(wallet) - wallet.pendingAtMerchant))
        return "wallet \(wallet.currency) shopper-\(number) \(balance) held \(held(wallet)) unsettled \(inside)"
    }

    // MARK: Requests

    /// Why a wallet does not pay for it, or cannot be filled by it.
    func walletRefusal(_ creation: Step.Creation) -> String? {
        let (number, isTopUp): (Int, Bool)
        switch creation.funding {
        case nil: return nil
        case .wallet(let wallet): (number, isTopUp) = (wallet, false)
        case .topUp(let wallet): (number, isTopUp) = (wallet, true)
        }
        guard let wallet = wallets[number], wallet.merchant == creation.merchant else {
            return isTopUp ? "notFound" : "walletUnknown"
        }
        if wallet.currency != creation.currency { return "walletCurrencyMismatch" }
        return creation.splits.isEmpty ? nil : "splitsNotPossible"
    }

    /// Of a top-up only what is in the wallet and not held; and settled money only as far as there
    /// is settled money.
    func canRefund(_ payment: NaivePayment, _ amount: Int64) -> Bool {
        guard case .topUp(let number) = payment.funding, let wallet = wallets[number] else { return true }
        let takesUnsettled = payment.unsettled() - payment.unsettled(refunding: amount)
        // What is pending for the merchant has left the wallet.
        let settledMoney = max(0, balance(wallet) - max(0, unsettled(wallet) - wallet.pendingAtMerchant))
        return amount <= available(wallet) && amount - takesUnsettled <= settledMoney
    }

    /// A call leaves for the PSP. A wallet decides at once.
    mutating func send(_ operation: NaivePayment.Operation, _ number: Int, at now: Int64) {
        guard let payment = payments[number], case .wallet(let wallet) = payment.funding, let wallet = wallets[wallet]
        else {
            sending.insert(Sending(payment: number, kind: operation.kind, ordinal: operation.ordinal))
            return
        }
        let needed =
            switch operation.kind {
            case .authorize: operation.amount
            case .increment: operation.amount - payment.authorized
            case .capture, .cancel, .confirm, .refund: Int64(0)
            }
        guard needed <= available(wallet) else {
            expectation = .end(operation, .declined("insufficient_funds"))
            return
        }
        // What a wallet holds has no end of its own.
        expectation = .end(operation, .succeeded(operation.amount, expiresAt: 0))
    }

    // MARK: Posting rules

    /// The postings on the accounts of the payment's rail.
    mutating func railed(_ postings: [NaivePosting], by record: ShardRecord, of number: Int) -> [NaivePosting] {
        switch payments[number]?.funding {
        case nil: return postings
        case .wallet(let wallet): return paid(postings, by: wallet)
        case .topUp(let wallet):
            if case .operationStarted(let started) = record, started.operation == .refund {
                return filled(postings, wallet) + refunded(wallet)
            }
            guard case .eventApplied(let applied) = record else { return filled(postings, wallet) }
            switch applied.fact.effect {
            case .settled: return settled(postings, wallet, by: number, line: applied.fact.amountMinor)
            case .refundBounced, .refundConfirmed, .refundReversed, .authorized, .authorizedLate, .capturedLate:
                return filled(postings, wallet)
            // What disputes take is the merchant's.
            default: return postings
            }
        }
    }

    /// P11 top-up and its refunds: the wallet has what the merchant would have.
    private func filled(_ postings: [NaivePosting], _ number: Int) -> [NaivePosting] {
        guard let wallet = wallets[number] else { return postings }
        return postings.map { posting in
            posting.account == "merchant:pending" || posting.account == "merchant:available"
                ? NaivePosting(account: "wallet", owner: wallet.owner, amount: posting.amount) : posting
        }
    }

    /// P4 for top-ups: what still exceeds the rest of the wallet stays pending, and a line frees no
    /// more than it settles. The payment and its sums are those behind the line.
    private mutating func settled(
        _ postings: [NaivePosting],
        _ number: Int,
        by topUp: Int,
        line: Int64
    ) -> [NaivePosting] {
        guard let wallet = wallets[number], let payment = payments[topUp] else { return postings }
        let others = postings.filter { !$0.account.hasPrefix("merchant:") }
        let settles = payment.unsettled(without: line) - payment.unsettled()
        let excess = max(0, unsettled(wallet) - balance(wallet))
        let freed = min(settles, max(0, wallet.pendingAtMerchant - excess))
        if freed > 0 { tally["top-up frees", default: 0] += 1 }
        return others + free(freed, of: number)
    }

    /// P5a for top-ups: what is pending beyond what is unsettled, once the refund counts, need not
    /// wait any more.
    private mutating func refunded(_ number: Int) -> [NaivePosting] {
        guard let wallet = wallets[number] else { return [] }
        let freed = max(0, wallet.pendingAtMerchant - unsettled(wallet))
        if freed > 0 { tally["refund of a top-up frees", default: 0] += 1 }
        return free(freed, of: number)
    }

    /// Of what a wallet has paid, what becomes available.
    private mutating func free(_ amount: Int64, of number: Int) -> [NaivePosting] {
        guard let wallet = wallets[number] else { return [] }
        wallets[number]?.pendingAtMerchant -= amount
        return [
            NaivePosting(account: "merchant:pending", owner: wallet.merchant, amount: amount),
            NaivePosting(account: "merchant:available", owner: wallet.merchant, amount: -amount),
        ]
    }

    /// P1, P2, P11 and refunds of a payment from a wallet.
    private mutating func paid(_ postings: [NaivePosting], by number: Int) -> [NaivePosting] {
        guard var wallet = wallets[number] else { return postings }
        defer { wallets[number] = wallet }
        var own: [NaivePosting] = []
        var others: [NaivePosting] = []
        for posting in postings {
            switch posting.account {
            case "psp:receivable", "memo:auth:psp":
                own.append(NaivePosting(account: "wallet", owner: wallet.owner, amount: posting.amount))
            case "memo:auth:merchant":
                own.append(NaivePosting(account: "wallet:held", owner: wallet.owner, amount: posting.amount))
            default: others.append(posting)
            }
        }
        let after = balance(wallet) - own.reduce(0) { $0 + $1.amount }
        let unsettled = unsettled(wallet)
        var merchants: [NaivePosting] = []
        for posting in others where posting.account == "merchant:pending" {
            // Debits are refunds: what is pending goes first.
            let pending =
                posting.amount > 0
                ? min(posting.amount, wallet.pendingAtMerchant)
                : -min(-posting.amount, max(0, unsettled - after - wallet.pendingAtMerchant))
            wallet.pendingAtMerchant -= pending
            if pending != 0 { tally["wallet's unsettled money", default: 0] += 1 }
            merchants.append(NaivePosting(account: "merchant:pending", owner: wallet.merchant, amount: pending))
            merchants.append(
                NaivePosting(account: "merchant:available", owner: wallet.merchant, amount: posting.amount - pending)
            )
        }
        return own + merchants + others.filter { $0.account != "merchant:pending" }
    }
}

extension NaivePayment {
    var isFromWallet: Bool {
        if case .wallet = funding { true } else { false }
    }

    /// Of a top-up; a refund takes settled money first, and one on its way counts.
    /// - Parameters:
    ///   - more: a refund that may come.
    ///   - line: a settlement that is not to count.
    func unsettled(refunding more: Int64 = 0, without line: Int64 = 0) -> Int64 {
        captured - max(settled - line, refunded + refundPending + more)
    }
}

extension Step.Creation {
    var isFromWallet: Bool {
        if case .wallet = funding { true } else { false }
    }

    /// It is captured at once and costs no fee.
    var isTopUp: Bool {
        if case .topUp = funding { true } else { false }
    }
}
