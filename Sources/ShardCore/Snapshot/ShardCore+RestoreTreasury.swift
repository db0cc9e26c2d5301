import Payments
import ShardRecords
import ShardState

extension ShardCore {
    /// Takes in a chunk of the sections 12 to 15. The first of section 12 holds the counts, the others sellers.
    mutating func restoreTreasury(
        _ section: SnapshotSection,
        _ raw: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let bytes = raw.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        if progress.treasury == nil {
            guard section == .money else { throw .invalidValue }
            let counts = try TreasuryCounts(&reader, bytes)
            treasury.reserveQuoteNumbers(upTo: Int(counts.quotesEver))
            treasury.reserveSellerNumbers(upTo: Int(counts.sellersEver))
            progress.treasury = counts
        }
        defer { progress.treasurySeen = TreasuryCounts(treasury) }
        while reader.offset < bytes.count {
            switch section {
            case .money:
                let (seller, number) = try Seller.load(&reader, bytes)
                guard treasury.restore(seller, number: number) else { throw .invalidValue }
            case .payouts:
                let payout = try Payout(&reader, bytes)
                let number = treasury.append(payout) + 1
                guard payout.id.sequence == UInt64(number) else { throw .invalidValue }
            case .wallets:
                let wallet = try Wallet(&reader, bytes)
                guard wallet.id.sequence == UInt64(treasury.append(wallet) + 1) else { throw .invalidValue }
            case .quotes:
                guard treasury.restore(try ExchangeQuote(&reader, bytes)) else { throw .invalidValue }
            default: throw .invalidValue
            }
        }
    }
}
