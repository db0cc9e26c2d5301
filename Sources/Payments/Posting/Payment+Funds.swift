package import Ledger

// Where a payment's money is, by its transfers.
extension Payment {
    /// A transfer of this payment was booked: what it leaves pending, and to the platform. Where
    /// explained money goes is not the payment's.
    package mutating func booked(_ transfer: Transfer) {
        guard transfer.rule != .reclassified else { return }
        for index in 0..<transfer.count {
            let posting = transfer[index]
            switch posting.account.kind {
            // The wallet keeps the pending money of wallet payments and top-ups.
            case .merchantPending where traits.isDisjoint(with: .ofWallets): pendingFundsMinor -= posting.amountMinor
            case .platformFees: feeMinor -= posting.amountMinor
            default: break
            }
        }
    }

    /// Of a top-up: what of it the provider has not settled, in minor units.
    package mutating func setUnsettled(_ amountMinor: Int64) {
        precondition(traits.contains(.topUp), "only a wallet counts what of a payment is unsettled")
        pendingFundsMinor = amountMinor
    }
}
