package import Journal
package import Payments

/// What leaves memory, each kind in cold files of its own.
package enum ColdKind: UInt8, Sendable, CaseIterable {
    case payment
    case payout
    case wallet

    /// As errors name one of them.
    package var name: String {
        switch self {
        case .payment: "payment"
        case .payout: "pay-out"
        case .wallet: "wallet"
        }
    }
}

/// Something that may be in a cold file.
package struct ColdItem: Hashable, Sendable {
    package var kind: ColdKind
    /// The sequence number in its identifier, from 1.
    package var sequence: UInt64

    package init(_ kind: ColdKind, sequence: UInt64) {
        self.kind = kind
        self.sequence = sequence
    }
}

/// What an entry is about, without taking it in.
package struct ColdHead: Sendable {
    package var sequence: UInt64
    package var merchant: MerchantID
    package var lastRecord: RecordPosition
    package var byteCount: Int
}

extension ColdKind {
    /// What the entry at the beginning of `bytes` is.
    package func head(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> ColdHead {
        switch self {
        case .payment: return try PaymentEntry.head(bytes)
        case .payout:
            let (payout, count) = try TreasuryEntry.payout(bytes)
            return ColdHead(
                sequence: payout.id.sequence,
                merchant: payout.merchant,
                lastRecord: payout.lastRecord,
                byteCount: count
            )
        case .wallet:
            let (wallet, count) = try TreasuryEntry.wallet(bytes)
            return ColdHead(
                sequence: wallet.id.sequence,
                merchant: wallet.merchant,
                lastRecord: wallet.lastRecord,
                byteCount: count
            )
        }
    }
}
