import Money

/// How much of a wallet's money no provider has settled, and where it is (docs/posting-rules.md,
/// "Unsettled money"). Minor units of the wallet's currency, none negative.
///
/// A wallet spends settled money first. What of its unsettled money does not fit into the wallet
/// when it pays is on its merchant's pending balance, until it is settled or refunded.
package struct WalletFunds: Hashable, Sendable {
    /// The owner of the wallet's accounts.
    package var owner: UInt64
    /// All that is in the wallet, held or not.
    package var balanceMinor: Int64
    /// What its top-ups brought and no provider has settled, wherever it is now.
    package var unsettledMinor: Int64
    /// The part of it that the wallet paid its merchant, and that is on the merchant's pending
    /// balance. Never more than is unsettled.
    package var pendingMinor: Int64

    package init(owner: UInt64, balanceMinor: Int64, unsettledMinor: Int64, pendingMinor: Int64) {
        self.owner = owner
        self.balanceMinor = balanceMinor
        self.unsettledMinor = unsettledMinor
        self.pendingMinor = pendingMinor
    }

    /// How much of the merchant's share stays pending when the wallet pays. It is the unsettled
    /// money that does not fit into what is left in the wallet.
    /// - Parameters:
    ///   - spentMinor: what leaves the wallet. It is 0 where a refund has failed, and its money
    ///     comes back to the merchant.
    ///   - shareMinor: what the merchant gets.
    package func pendingPart(ofShare shareMinor: Int64, spending spentMinor: Int64) -> Int64 {
        let misplaced = unsettledMinor - (balanceMinor - spentMinor) - pendingMinor
        return min(shareMinor, max(0, misplaced))
    }

    /// How much of a refund is taken from the merchant's pending balance: unsettled money goes back
    /// first.
    package func pendingPart(ofRefund amountMinor: Int64) -> Int64 { min(amountMinor, pendingMinor) }

    /// How much of the merchant's pending balance becomes available by a settlement. What still
    /// exceeds the rest of the wallet stays pending.
    /// - Parameter settledMinor: what it settles of the wallet's unsettled money. No more is
    ///   released: a refund that came back may have brought settled money into the wallet.
    package func released(settling settledMinor: Int64) -> Int64 {
        let excess = max(0, unsettledMinor - settledMinor - balanceMinor)
        return min(settledMinor, max(0, pendingMinor - excess))
    }

    /// How much of the merchant's pending balance becomes available when a refund takes
    /// `refundedMinor` of the wallet's unsettled money out of it.
    package func released(refunding refundedMinor: Int64) -> Int64 {
        max(0, pendingMinor - (unsettledMinor - refundedMinor))
    }

    /// Whether `amountMinor` can be taken out of the wallet, of which `unsettledPart` was
    /// unsettled. The rest must be settled money of this wallet. Money of other top-ups that waits
    /// for its settlement does not count.
    package func permitsWithdrawal(of amountMinor: Int64, unsettledPart: Int64) -> Bool {
        amountMinor - unsettledPart <= max(0, balanceMinor + pendingMinor - unsettledMinor)
    }
}

extension PostingRules {
    /// P11: a wallet pays. Unsettled money stays pending, the rest of the merchant's share is
    /// available at once.
    static func walletPaid(_ parties: Parties, _ funds: WalletFunds, amountMinor: Int64, feeMinor: Int64) -> Transfer {
        let share = amountMinor - feeMinor
        let pending = funds.pendingPart(ofShare: share, spending: amountMinor)
        return Transfer(
            .walletPaid,
            lines: [
                (parties.account(.providerReceivable), amountMinor),
                (parties.account(.merchantPending), -pending),
                (parties.account(.merchantAvailable), pending - share),
                (parties.account(.platformFees), -feeMinor),
            ]
        )
    }

    /// P5a of a top-up: the refund leaves the wallet.
    /// - Parameter releasedMinor: what of the merchant's pending balance becomes available.
    package static func topUpRefundRequested(
        _ parties: Parties,
        amountMinor: Int64,
        releasedMinor: Int64
    ) -> Transfer {
        let merchant = Parties(merchant: parties.merchant, connector: parties.connector, currency: parties.currency)
        return Transfer(
            .refundRequested,
            lines: [
                (parties.account(.merchantAvailable), amountMinor),
                (parties.account(.refundClearing), -amountMinor),
                (merchant.account(.merchantPending), releasedMinor),
                (merchant.account(.merchantAvailable), -releasedMinor),
            ]
        )
    }

    /// P5a of a wallet's payment: unsettled money goes back first.
    package static func walletRefundRequested(_ parties: Parties, _ funds: WalletFunds, amountMinor: Int64) -> Transfer
    {
        let pending = funds.pendingPart(ofRefund: amountMinor)
        return Transfer(
            .refundRequested,
            lines: [
                (parties.account(.merchantPending), pending),
                (parties.account(.merchantAvailable), amountMinor - pending),
                (parties.account(.refundClearing), -amountMinor),
            ]
        )
    }

    /// P5a of a wallet's payment backwards.
    static func walletRefundFailed(_ parties: Parties, _ funds: WalletFunds, amountMinor: Int64) -> Transfer {
        let pending = funds.pendingPart(ofShare: amountMinor, spending: 0)
        return Transfer(
            .refundFailed,
            lines: [
                (parties.account(.refundClearing), amountMinor),
                (parties.account(.merchantPending), -pending),
                (parties.account(.merchantAvailable), pending - amountMinor),
            ]
        )
    }
}
