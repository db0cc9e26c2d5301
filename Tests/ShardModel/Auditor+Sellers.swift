import Money
import Payments
import ShardCore

// Sellers: the record that first books to one gives it the next number, the one that leaves it
// without money takes it away.
extension Auditor {
    /// The postings with sellers' numbers instead of their names; accounts name their currencies.
    mutating func numbered(_ postings: [NaivePosting], of merchant: UInt64) -> [NaivePosting] {
        guard postings.contains(where: { $0.account.hasPrefix("seller:") }) else { return postings }
        return postings.map { posting in
            guard let key = Self.seller(posting, of: merchant) else { return posting }
            var posting = posting
            posting.owner = number(key)
            posting.account = posting.account.replacing("/" + key.name, with: "")
            return posting
        }
    }

    private static func seller(_ posting: NaivePosting, of merchant: UInt64) -> NaiveSeller.Key? {
        guard posting.account.hasPrefix("seller:"), let slash = posting.account.firstIndex(of: "/") else { return nil }
        let name = posting.account[posting.account.index(after: slash)...].prefix { $0 != " " }
        return NaiveSeller.Key(merchant: merchant, name: String(name))
    }

    private mutating func number(_ key: NaiveSeller.Key) -> UInt64 {
        if let owner = sellers[key]?.owner { return owner }
        sellerNumbers += 1
        let owner = UInt64(configuration.shard) << 48 | sellerNumbers
        sellers[key] = NaiveSeller(owner: owner)
        return owner
    }

    /// Keeps what was booked of sellers; those that have nothing any more are forgotten.
    mutating func keepSellers(_ postings: [NaivePosting], of merchant: UInt64) {
        let own = postings.filter { $0.account.hasPrefix("seller:") }
        guard !own.isEmpty else { return }
        for posting in own {
            guard let key = sellers.first(where: { $0.value.owner == posting.owner })?.key else { continue }
            sellers[key]?.sums[posting.account, default: 0] -= posting.amount
        }
        for (key, seller) in sellers where key.merchant == merchant && seller.sums.values.allSatisfy({ $0 == 0 }) {
            sellers[key] = nil
        }
    }

    // MARK: Room

    /// Why captures with these sellers have no room; nil where they have.
    func sellerRefusal(_ splits: [SplitRequest], of merchant: UInt64) -> String? {
        let wanted = Set(splits.map { NaiveSeller.Key(merchant: merchant, name: $0.seller.text) })
        guard !wanted.isEmpty else { return nil }
        var all = Set(sellers.keys)
        for payment in payments.values {
            for split in payment.claims {
                all.insert(NaiveSeller.Key(merchant: payment.merchant, name: split.seller.text))
            }
        }
        let new = wanted.subtracting(all).count
        guard new > 0 else { return nil }
        if all.count(where: { $0.merchant == merchant }) + new > configuration.treasury.sellersOfMerchant {
            return "sellerLimitReached"
        }
        return all.count + new > configuration.treasury.sellers ? "sellerTableFull" : nil
    }
}

extension NaivePayment {
    /// The sellers that captures under way name.
    var claims: [SplitRequest] {
        guard let running else { return [] }
        return running.decidesAuthorization ? splits : running.splits
    }
}
