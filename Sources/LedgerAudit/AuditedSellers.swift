import Ledger
import Money
import Payments

/// The numbers of sellers as the check follows them, by docs/payouts-wallets-fx.md. The record that
/// first books to a seller gives it the next number. The record that leaves the seller's accounts
/// empty takes the number away. No number is given twice.
struct AuditedSellers {
    private struct Key: Hashable {
        var merchant: UInt64
        var name: SellerName
    }

    private var owners: [Key: UInt64] = [:]
    private var names: [UInt64: Key] = [:]
    private var given: UInt64 = 0
    /// Of the journal's shard.
    var shard: UInt16 = 0

    /// The owner of the seller's accounts; nil for one without accounts.
    func knownOwner(_ name: SellerName, _ merchant: UInt64) -> UInt64? { owners[Key(merchant: merchant, name: name)] }

    /// The same of a seller that a record books to.
    mutating func owner(_ name: SellerName, _ merchant: UInt64) -> UInt64 {
        if let owner = knownOwner(name, merchant) { return owner }
        given += 1
        let owner = UInt64(shard) << 48 | given
        owners[Key(merchant: merchant, name: name)] = owner
        names[owner] = Key(merchant: merchant, name: name)
        return owner
    }

    /// Removes those sellers that a record has booked to and that have nothing in any currency.
    mutating func booked(_ transfer: Transfer, _ totals: [Account: AccountTotals]) {
        for posting in transfer.postings where posting.account.kind.owner == .seller {
            let owner = posting.account.owner
            guard let key = names[owner] else { continue }
            let hasMoney = Currency.all.contains { currency in
                [AccountKind.sellerPending, .sellerAvailable].contains {
                    (totals[Account($0, owner: owner, currency: currency)]?.balance ?? 0) != 0
                }
            }
            guard !hasMoney else { continue }
            owners[key] = nil
            names[owner] = nil
        }
    }
}
