import Payments
import ShardRecords
import ShardState

extension ShardCore {
    /// Takes in a chunk of the sections 12 to 15, and 19. The first of section 12 holds the counts,
    /// the others sellers.
    mutating func restoreTreasury(
        _ table: TreasuryTable,
        from raw: UnsafeRawBufferPointer,
        progress: inout SnapshotProgress
    ) throws(RecordDecodingError) {
        let bytes = raw.bindMemory(to: UInt8.self).span
        var reader = RecordReader()
        if progress.treasury == nil {
            guard table == .sellers else { throw .invalidValue }
            let counts = try TreasuryCounts(&reader, bytes)
            treasury.reserveNumbers(
                payouts: Int(counts.payouts.ever),
                wallets: Int(counts.wallets.ever),
                quotes: Int(counts.quotes.ever),
                sellers: Int(counts.sellers.ever)
            )
            progress.treasury = counts
        }
        defer { progress.treasurySeen = TreasuryCounts(treasury) }
        while reader.offset < bytes.count {
            switch table {
            case .sellers:
                let (seller, number) = try Seller.load(&reader, bytes)
                guard treasury.restore(seller, number: number) else { throw .invalidValue }
            case .payouts:
                let payout = try Payout(&reader, bytes)
                guard payout.id.shard == configuration.shard, treasury.insert(payout) else { throw .invalidValue }
            case .wallets:
                let wallet = try Wallet(&reader, bytes)
                guard wallet.id.shard == configuration.shard, treasury.insert(wallet) else { throw .invalidValue }
            case .walletSums:
                let (sums, index) = try WalletSums.load(&reader, bytes)
                guard treasury.restore(sums, ofWallet: index) else { throw .invalidValue }
            case .quotes:
                let quote = try ExchangeQuote(&reader, bytes)
                guard quote.id.shard == configuration.shard, treasury.restore(quote) else { throw .invalidValue }
            }
        }
    }
}
