import Payments
import ShardRecords
import ShardState

extension ShardCore {
    /// Takes in a chunk of the sections 12 to 15. The first of section 12 holds the counts, the others sellers.
    mutating func restoreMoney(
        _ section: SnapshotSection,
        _ raw: UnsafeRawBufferPointer,
        _ progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let bytes = raw.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        if progress.money == nil {
            guard section == .money else { throw .invalidValue }
            let counts = try MoneyCounts(&reader, bytes)
            money.reserveQuoteNumbers(upTo: Int(counts.quotesEver))
            progress.money = counts
        }
        defer { progress.moneySeen = MoneyCounts(money) }
        while reader.offset < bytes.count {
            switch section {
            case .money:
                let seller = try Seller(&reader, bytes)
                let number = money.sellers.count + 1
                guard money.sellers.open(seller.name, merchant: seller.merchant) == number else { throw .invalidValue }
            case .payouts:
                let payout = try Payout(&reader, bytes)
                let number = money.append(payout) + 1
                guard payout.id.sequence == UInt64(number) else { throw .invalidValue }
            case .wallets:
                let wallet = try Wallet(&reader, bytes)
                guard wallet.id.sequence == UInt64(money.append(wallet) + 1) else { throw .invalidValue }
            case .quotes:
                guard money.restore(try ExchangeQuote(&reader, bytes)) else { throw .invalidValue }
            default: throw .invalidValue
            }
        }
    }
}
