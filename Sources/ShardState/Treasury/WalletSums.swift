package import Money
package import Payments

/// What the shard keeps of a wallet with money, beside its accounts in the ledger. The wallet
/// itself may have left memory.
package struct WalletSums: Sendable, Equatable {
    package let merchant: MerchantID
    package let currency: Currency
    /// What its top-ups brought and no provider has settled: the sum of their
    /// `Payment.unsettledMinor`.
    package internal(set) var unsettledMinor: Int64 = 0
    /// What its payments have left on the merchant's pending balance: the sum of what their records
    /// booked there, less what settlements of its top-ups released.
    package internal(set) var pendingMinor: Int64 = 0

    package init(merchant: MerchantID, currency: Currency) {
        self.merchant = merchant
        self.currency = currency
    }

    package var isZero: Bool { unsettledMinor == 0 && pendingMinor == 0 }
}
