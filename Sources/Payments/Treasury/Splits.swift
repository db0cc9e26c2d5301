package import Ledger

/// What a merchant asks a capture to give a seller.
package struct SplitRequest: Hashable, Sendable {
    package enum Share: Hashable, Sendable {
        /// Minor units, above zero.
        case amount(Int64)
        /// Of the capture less the platform's fee, 1 to 10,000.
        case basisPoints(UInt16)
    }

    package var seller: SellerName
    package var share: Share

    package init(seller: SellerName, share: Share) {
        self.seller = seller
        self.share = share
    }
}

/// How a capture is shared (docs/payouts-wallets-fx.md, "Splits"). The platform first takes its
/// fee. Of the rest each seller gets its amount or its basis points, rounded down. The platform
/// gets what rounding takes from the basis points. The merchant gets all else. Amounts are in minor
/// units.
package struct SplitAllocation: Sendable, Equatable {
    /// The most sellers of one payment, over all its captures. So many parts fit one transfer when
    /// they are settled.
    package static let maximumSellers = 4

    /// In the order of the request; none is zero.
    package private(set) var parts: [(seller: SellerName, amountMinor: Int64)] = []
    /// What rounding left over.
    package private(set) var residueMinor: Int64 = 0

    /// nil when the parts and the fee are more than the capture.
    /// - Parameter clamps: gives the later sellers less instead. It is for a provider that captured
    ///   less than was asked for.
    package init?(_ requests: [SplitRequest], captureMinor: Int64, feeMinor: Int64, clamps: Bool = false) {
        precondition(feeMinor >= 0 && feeMinor <= captureMinor, "a fee is a part of the amount")
        let base = Int128(captureMinor - feeMinor)
        var total: Int128 = 0
        var basisPoints: Int128 = 0
        var rounded: Int128 = 0
        for request in requests {
            var amount: Int128
            switch request.share {
            case .amount(let minor): amount = Int128(minor)
            case .basisPoints(let points):
                amount = base * Int128(points) / 10_000
                basisPoints += Int128(points)
                rounded += amount
            }
            if clamps { amount = min(amount, base - total) }
            total += amount
            guard total <= base else { return nil }
            if amount > 0 { parts.append((request.seller, Int64(amount))) }
        }
        var residue = base * basisPoints / 10_000 - rounded
        if clamps { residue = min(residue, base - total) }
        guard residue >= 0, total + residue <= base else { return nil }
        residueMinor = Int64(residue)
    }

    package static func == (left: SplitAllocation, right: SplitAllocation) -> Bool {
        left.residueMinor == right.residueMinor && left.parts.count == right.parts.count
            && zip(left.parts, right.parts).allSatisfy { $0.seller == $1.seller && $0.amountMinor == $1.amountMinor }
    }
}

/// What a seller has of a payment, or (without a seller) what rounding left to the platform.
package struct PaymentSplit: Sendable, Equatable {
    package var seller: SellerName?
    /// The owner of the seller's accounts; 0 without one.
    package var owner: UInt64
    package var amountMinor: Int64
    /// How much of it is settled.
    package var settledMinor: Int64

    package init(seller: SellerName?, owner: UInt64, amountMinor: Int64, settledMinor: Int64 = 0) {
        self.seller = seller
        self.owner = owner
        self.amountMinor = amountMinor
        self.settledMinor = settledMinor
    }
}

/// How a capture by hand was paid; the raw value is journaled.
package enum ManualMethod: UInt8, Sendable, CaseIterable {
    /// In cash: the platform has it.
    case cash = 1
    /// At the provider, but not through this gateway: the provider owes it.
    case external = 2

    package var name: StaticString {
        switch self {
        case .cash: "cash"
        case .external: "external"
        }
    }
}

extension PaymentSplit {
    /// What a settlement moves. Of each seller's pending amount it moves the settled part of the
    /// amount that was not settled yet, rounded down until all is settled. The merchant's share
    /// moves in the same way (P4). Together they never get more than was settled. The rest that
    /// rounding left to the platform was income at once, and does not move.
    /// - Parameters:
    ///   - amountMinor: what is settled now.
    ///   - outstandingMinor: what was captured and not settled before.
    /// - Returns: the splits after the settlement, and what becomes available. Empty when nothing
    ///   does.
    package static func settle(
        _ splits: [PaymentSplit],
        amountMinor: Int64,
        outstandingMinor: Int64
    ) -> (splits: [PaymentSplit], parts: [SellerPart]) {
        precondition(amountMinor > 0 && amountMinor <= outstandingMinor, "more is settled than was captured")
        var after = splits
        var parts: [SellerPart] = []
        for index in after.indices where after[index].seller != nil {
            let pending = after[index].amountMinor - after[index].settledMinor
            let part = Int64(Int128(pending) * Int128(amountMinor) / Int128(outstandingMinor))
            guard part > 0 else { continue }
            after[index].settledMinor += part
            parts.append(SellerPart(owner: after[index].owner, amountMinor: part))
        }
        return (after, parts)
    }
}
