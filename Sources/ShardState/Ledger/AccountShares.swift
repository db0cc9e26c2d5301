package import Payments

/// How much of the room for accounts of wallets and sellers each merchant holds. It counts wallets,
/// and sellers by currency, with an open account. It also counts those that operations without an
/// end may still open.
///
/// A merchant without any takes no entry. Only payments of wallets and with sellers come here.
package struct AccountShares: Sendable {
    private var held: [MerchantID: Int] = [:]
    /// Of all merchants.
    package private(set) var total = 0

    package init() {}

    /// What `merchant` holds.
    package func count(of merchant: MerchantID) -> Int { held[merchant] ?? 0 }

    /// Counts `change` more for `merchant`; negative for fewer.
    package mutating func add(_ change: Int, of merchant: MerchantID) {
        guard change != 0 else { return }
        let count = count(of: merchant) + change
        precondition(count >= 0, "a wallet's or seller's accounts were counted less twice")
        held[merchant] = count == 0 ? nil : count
        total += change
    }
}
