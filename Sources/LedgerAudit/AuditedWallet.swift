import Ledger
import Payments
import ShardRecords

/// What the check knows of a wallet beside its accounts (docs/posting-rules.md, "Unsettled money").
/// Minor units.
struct AuditedWallet {
    /// What is in it, held or not, before the record that is examined: the sums of its accounts.
    var inside: Int64 = 0
    /// What its top-ups brought and no provider has settled, and what of that is of the payment
    /// that is examined: both before the record.
    var unsettled: Int64 = 0
    var unsettledOfPayment: Int64 = 0
    /// What its payments left on the merchant's pending balance.
    var pending: Int64 = 0

    /// What may be taken out of it and need not wait for a settlement.
    var settledInside: Int64 { max(0, inside - max(0, unsettled - pending)) }
}

// Payments from wallets and top-ups, written from docs/posting-rules.md.
extension AuditedPayment {
    /// Of what a top-up brought and was not refunded, what is not settled; refunds take settled
    /// money first.
    var unsettledOfTopUp: Int64 {
        guard case .topUp = funding else { return 0 }
        let gone = refunded + refundPending
        return captured - (gone > settled ? gone : settled)
    }

    /// A wallet pays `amount`, of which the merchant gets `share`. Unsettled money that does not
    /// fit into the rest of the wallet, and is not pending already, stays pending.
    mutating func walletPays(_ amount: Int64, share: Int64) -> ExpectedPostings {
        let rest = wallet.inside - amount
        let outside = wallet.unsettled > rest ? wallet.unsettled - rest : 0
        var waiting = outside > wallet.pending ? outside - wallet.pending : 0
        if waiting > share { waiting = share }
        wallet.pending += waiting
        pending += waiting
        available += share - waiting
        return [own(.merchantPending): -Int128(waiting), own(.merchantAvailable): -Int128(share - waiting)]
    }

    /// A refund of a wallet's payment: what is pending goes back first.
    mutating func walletRefund(_ amount: Int64) -> ExpectedPostings {
        let waiting = amount < wallet.pending ? amount : wallet.pending
        wallet.pending -= waiting
        pending -= waiting
        available -= amount - waiting
        return [
            own(.merchantPending): Int128(waiting), own(.merchantAvailable): Int128(amount - waiting),
            Account(.refundClearing, currency: currency): -Int128(amount),
        ]
    }

    /// `amount` of the wallet's unsettled money is settled.
    /// - Returns: what need not stay pending any more, which is at most `amount`.
    mutating func walletSettles(_ amount: Int64) -> Int64 {
        let left = wallet.unsettled - amount
        let outside = left > wallet.inside ? left - wallet.inside : 0
        guard wallet.pending > outside else { return 0 }
        let released = min(amount, wallet.pending - outside)
        wallet.pending -= released
        return released
    }

    /// A refund of a top-up takes `amount` of the wallet's unsettled money. What is pending beyond
    /// what is left of that becomes available.
    mutating func walletReleases(byRefunding amount: Int64) -> ExpectedPostings {
        let left = wallet.unsettled - amount
        guard wallet.pending > left else { return [:] }
        let released = wallet.pending - left
        wallet.pending = left
        return becomesAvailable(released)
    }

    /// What a wallet paid the merchant need not wait for its top-ups any more.
    mutating func becomesAvailable(_ amount: Int64) -> ExpectedPostings {
        elsewhere([own(.merchantPending): amount, own(.merchantAvailable): -amount])
    }

    /// That more is pending of the wallet than is unsettled, behind the record that is examined;
    /// nil for nothing wrong.
    var pendingBeyondUnsettled: String? {
        let unsettled = wallet.unsettled - wallet.unsettledOfPayment + unsettledOfTopUp
        guard wallet.pending > unsettled else { return nil }
        return "\(wallet.pending) pending of a wallet with \(unsettled) unsettled"
    }
}

extension AuditedTreasury {
    /// Shows the payment its wallet as it is before a record.
    func lendWallet(to payment: inout AuditedPayment, _ totals: [Account: AccountTotals]) {
        guard let owner = payment.walletOwner else { return }
        payment.wallet = walletSums[owner] ?? AuditedWallet()
        payment.wallet.unsettledOfPayment = payment.unsettledOfTopUp
        let sums = [AccountKind.wallet, .walletHeld].map {
            totals[Account($0, owner: owner, currency: payment.currency)]?.balance ?? 0
        }
        payment.wallet.inside = Int64(clamping: -(sums[0] + sums[1]))
    }

    /// Keeps what a record did to the wallet of its payment.
    /// - Parameter before: `unsettledOfTopUp` before the record.
    mutating func keepWallet(of payment: AuditedPayment, unsettledBefore before: Int64) {
        guard let owner = payment.walletOwner else { return }
        var wallet = payment.wallet
        wallet.unsettled += payment.unsettledOfTopUp - before
        walletSums[owner] = wallet
    }
}

extension AuditedPayment {
    /// The owner of the accounts of the wallet that pays or is filled; nil for neither.
    var walletOwner: UInt64? {
        switch funding {
        case .wallet(let owner), .topUp(let owner): owner
        case .provider, .cash: nil
        }
    }
}
