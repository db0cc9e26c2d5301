package import Ledger
package import Money

/// A shopper's wallet at one merchant: stored value in one currency. Its balance is in the ledger, never here.
package struct Wallet: Sendable {
    package let id: WalletID
    package let merchant: MerchantID
    package let currency: Currency
    /// The merchant's own reference, often a customer number; may be empty.
    package let reference: String
    /// Milliseconds since 1970.
    package let createdAt: Int64
    /// The journal position of the record that opened it.
    package var lastRecord: UInt64 = 0
    /// What its top-ups brought and no provider has settled: the sum of their `Payment.unsettledMinor`. The shard keeps it.
    package var unsettledMinor: Int64 = 0
    /// What its payments have left on the merchant's pending balance: the sum of what their records booked there, less
    /// what settlements of its top-ups released. The shard keeps it.
    package var pendingMinor: Int64 = 0

    package init(id: WalletID, merchant: MerchantID, currency: Currency, reference: String, createdAt: Int64) {
        self.id = id
        self.merchant = merchant
        self.currency = currency
        self.reference = reference
        self.createdAt = createdAt
    }

    /// What can be spent.
    package var account: Account { Account(.wallet, owner: id.accountOwner, currency: currency) }
    /// What authorizations hold.
    package var heldAccount: Account { Account(.walletHeld, owner: id.accountOwner, currency: currency) }
}

/// A wallet with its sums, as an answer shows it.
package struct WalletView: Sendable {
    package var wallet: Wallet
    /// What can be spent: all that is in it less what is held.
    package var availableMinor: Int64
    package var heldMinor: Int64

    /// Of its balance, what no provider has settled yet. It can be spent, and stays pending for the merchant then.
    package var unsettledMinor: Int64 { min(balanceMinor, wallet.unsettledMinor) }

    package init(wallet: Wallet, availableMinor: Int64, heldMinor: Int64) {
        self.wallet = wallet
        self.availableMinor = availableMinor
        self.heldMinor = heldMinor
    }

    package var balanceMinor: Int64 { availableMinor + heldMinor }
}

extension Payment {
    /// Of what a top-up brought and was not refunded, what the provider has not settled. A refund takes settled money
    /// first: the provider deducts it from what it pays out.
    /// - Parameters:
    ///   - more: what is about to be settled.
    ///   - refund: what is about to be refunded.
    package func unsettledMinor(settling more: Int64 = 0, refunding refund: Int64 = 0) -> Int64 {
        max(0, capturedMinor - max(settledMinor + more, refundedMinor + refundPendingMinor + refund))
    }
}
