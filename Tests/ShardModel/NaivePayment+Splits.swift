import Payments

// What sellers get of captures (docs/payouts-wallets-fx.md, "Splits").
extension NaivePayment {
    /// P3: the fee first; of the rest each seller's part, what rounding leaves for the platform,
    /// and all else for the merchant.
    mutating func capture(_ amount: Int64, _ splits: [SplitRequest]) -> [NaivePosting] {
        let fee = Self.fee(amount, fee)
        let (shares, residue) = Self.shares(splits, of: amount - fee)
        let merchants = amount - fee - residue - shares.reduce(0, +)
        var postings = entry([(.receivable, amount), (.pending, -merchants), (.fees, -fee - residue)])
        for (split, share) in zip(splits, shares) where share > 0 {
            postings.append(Self.posting(.pending, of: split.seller.text, amount: -share))
            if let place = parts.firstIndex(where: { $0.seller == split.seller.text }) {
                parts[place].pending += share
            } else {
                parts.append((split.seller.text, share))
            }
        }
        return postings
    }

    /// P4 for sellers: of each part what is settled of what was not, rounded down until all is.
    mutating func settleParts(_ amount: Int64, of left: Int64) -> [NaivePosting] {
        var postings: [NaivePosting] = []
        for place in parts.indices {
            let pending = parts[place].pending
            let freed = amount == left ? pending : Int64(Int128(pending) * Int128(amount) / Int128(left))
            parts[place].pending -= freed
            postings.append(Self.posting(.pending, of: parts[place].seller, amount: freed))
            postings.append(Self.posting(.available, of: parts[place].seller, amount: -freed))
        }
        return postings.filter { $0.amount != 0 }
    }

    /// Why a capture cannot be shared so; nil where it can.
    func refusal(_ splits: [SplitRequest], of amount: Int64) -> String? {
        guard !splits.isEmpty else { return nil }
        guard funding == nil else { return "splitsNotPossible" }
        let sellers = Set(parts.map(\.seller)).union(splits.map(\.seller.text))
        guard sellers.count <= 4 else { return "tooManySellers" }
        let base = amount - Self.fee(amount, fee)
        let parts = Self.parts(splits, of: base)
        let sum = parts.reduce(Int128(0)) { $0 + Int128($1) } + Int128(Self.residue(splits, parts, of: base))
        return sum > base ? "splitsExceedCapture" : nil
    }

    /// Amounts as they were asked for, basis points rounded down.
    private static func parts(_ splits: [SplitRequest], of base: Int64) -> [Int64] {
        splits.map { split in
            switch split.share {
            case .amount(let minor): minor
            case .basisPoints(let points): Int64(Int128(base) * Int128(points) / 10_000)
            }
        }
    }

    /// - Returns: each seller's part, shortened from the last on where less was captured than was
    ///   asked for; what rounding took from the basis points, all together.
    private static func shares(_ splits: [SplitRequest], of base: Int64) -> (parts: [Int64], residue: Int64) {
        var parts = parts(splits, of: base)
        var excess = max(0, parts.reduce(0, +) - base)
        let isShortened = excess > 0
        for place in parts.indices.reversed() {
            let cut = min(excess, parts[place])
            parts[place] -= cut
            excess -= cut
        }
        guard !isShortened else { return (parts, 0) }
        return (parts, min(residue(splits, parts, of: base), base - parts.reduce(0, +)))
    }

    /// What rounding took from the basis points, all together.
    private static func residue(_ splits: [SplitRequest], _ parts: [Int64], of base: Int64) -> Int64 {
        var (points, rounded) = (Int128(0), Int64(0))
        for (split, part) in zip(splits, parts) {
            guard case .basisPoints(let share) = split.share else { continue }
            points += Int128(share)
            rounded += part
        }
        return Int64(Int128(base) * points / 10_000) - rounded
    }

    private enum Side: String {
        case pending, available
    }

    /// The auditor gives the seller its number.
    private static func posting(_ side: Side, of seller: String, amount: Int64) -> NaivePosting {
        NaivePosting(account: "seller:\(side.rawValue)/\(seller)", owner: 0, amount: amount)
    }
}
