package import Ledger
package import Money
package import Time

/// A shopper's wallet at one merchant: stored value in one currency. It never changes: its balance
/// is in the ledger.
package struct Wallet: Sendable {
    package let id: WalletID
    package let merchant: MerchantID
    package let currency: Currency
    /// The merchant's own reference, often a customer number; may be empty.
    package let reference: String
    package let createdAt: Timestamp
    /// The journal position of the record that opened it.
    package var lastRecord: UInt64 = 0
    /// When somebody last asked for it; in memory only.
    package var usedAt: Timestamp
    /// Whether a cold file holds it; in memory only.
    package var isStored = false

    package init(id: WalletID, merchant: MerchantID, currency: Currency, reference: String, createdAt: Timestamp) {
        self.id = id
        self.merchant = merchant
        self.currency = currency
        self.reference = reference
        self.createdAt = createdAt
        usedAt = createdAt
    }
}

extension WalletID {
    /// What can be spent.
    package func account(in currency: Currency) -> Account { Account(.wallet, owner: accountOwner, currency: currency) }
    /// What authorizations hold.
    package func heldAccount(in currency: Currency) -> Account {
        Account(.walletHeld, owner: accountOwner, currency: currency)
    }
}

/// A wallet with its sums, as an answer shows it.
package struct WalletView: Sendable {
    package var wallet: Wallet
    /// What can be spent: its balance less what is held.
    package var availableMinor: Int64
    package var heldMinor: Int64
    /// The part of its balance that no provider has settled yet. It can be spent, and then stays
    /// pending for the merchant.
    package var unsettledMinor: Int64

    /// - Parameters:
    ///   - unsettledMinor: the money of its top-ups that no provider has settled, wherever it is
    ///     now.
    ///   - pendingMinor: the part of it that is on the merchant's pending balance.
    package init(
        wallet: Wallet,
        availableMinor: Int64,
        heldMinor: Int64,
        unsettledMinor: Int64,
        pendingMinor: Int64
    ) {
        self.wallet = wallet
        self.availableMinor = availableMinor
        self.heldMinor = heldMinor
        self.unsettledMinor = min(availableMinor + heldMinor, max(0, unsettledMinor - pendingMinor))
    }

    package var balanceMinor: Int64 { availableMinor + heldMinor }
}

extension Payment {
    /// The part of a top-up that was not refunded and that the provider has not settled. A refund
    /// takes settled money first, because the provider deducts it from what it pays out.
    /// - Parameters:
    ///   - more: the amount that is about to be settled.
    ///   - refund: the amount that is about to be refunded.
    package func unsettledMinor(settling more: Int64 = 0, refunding refund: Int64 = 0) -> Int64 {
        max(0, capturedMinor - max(settledMinor + more, refundedMinor + refundPendingMinor + refund))
    }
}
