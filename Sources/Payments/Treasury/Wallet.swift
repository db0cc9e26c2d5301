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

    package init(wallet: Wallet, availableMinor: Int64, heldMinor: Int64) {
        self.wallet = wallet
        self.availableMinor = availableMinor
        self.heldMinor = heldMinor
    }

    package var balanceMinor: Int64 { availableMinor + heldMinor }
}
