import Money
package import Payments
package import ShardRecords
import Time

/// How many of each table a snapshot holds, and what the numbers go on from.
package struct TreasuryCounts: Equatable {
    package static let byteCount = 72

    /// Numbers given out, and what of it is in the snapshot.
    package struct Table: Equatable {
        package var ever: UInt64 = 0
        package var present: UInt64 = 0

        init() {}

        init<Element>(_ table: SparseTable<Element>) {
            ever = UInt64(table.count)
            present = UInt64(table.presentCount)
        }
    }

    package var payouts = Table()
    package var wallets = Table()
    package var quotes = Table()
    package var sellers = Table()
    package var walletSums: UInt64 = 0

    package init() {}

    package init(_ treasury: Treasury) {
        payouts = Table(treasury.payouts)
        wallets = Table(treasury.wallets)
        quotes = Table(treasury.quotes)
        sellers = Table(treasury.sellers.sellers)
        walletSums = UInt64(treasury.sums.presentCount)
    }

    /// What a snapshot holds of a capture: without what leaves by the plan.
    package init(_ treasury: Treasury, _ plan: ReleasePlan) {
        self.init(treasury)
        for chunk in plan.payouts.chunks {
            treasury.payouts.forEach(inChunk: chunk) { if plan.leaves($0, $1) { payouts.present -= 1 } }
        }
        for chunk in plan.wallets.chunks {
            treasury.wallets.forEach(inChunk: chunk) { if plan.leaves($0, $1) { wallets.present -= 1 } }
        }
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        payouts = try reader.tableCounts(bytes)
        wallets = try reader.tableCounts(bytes)
        quotes = try reader.tableCounts(bytes)
        sellers = try reader.tableCounts(bytes)
        walletSums = try reader.integer(UInt64.self, bytes)
        guard walletSums <= wallets.ever else { throw .invalidValue }
    }

    package func store(into bytes: inout [UInt8]) {
        for table in [payouts, wallets, quotes, sellers] {
            bytes.appendInteger(table.ever)
            bytes.appendInteger(table.present)
        }
        bytes.appendInteger(walletSums)
    }
}

extension RecordReader {
    fileprivate mutating func tableCounts(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> TreasuryCounts.Table {
        var table = TreasuryCounts.Table()
        table.ever = try integer(UInt64.self, bytes)
        table.present = try integer(UInt64.self, bytes)
        // 270 billion: the list of their chunks is allocated at once.
        guard table.ever < 1 << 38, table.present <= table.ever else { throw .invalidValue }
        return table
    }
}

extension Payout {
    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(id.high)
        bytes.appendInteger(id.low)
        bytes.appendInteger(merchant.rawValue)
        bytes.appendInteger(amountMinor)
        bytes.appendInteger(currency.numericCode)
        bytes.append(state.rawValue)
        updatedAt.write(into: &bytes)
        bytes.appendInteger(lastRecord)
        bytes.appendText(seller?.text ?? "")
        bytes.appendText(destination)
        bytes.appendText(reason)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let id = PayoutID(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        let amountMinor = try reader.integer(Int64.self, bytes)
        let currency = try reader.currency(bytes)
        guard amountMinor > 0, let state = PayoutState(rawValue: try reader.integer(UInt8.self, bytes)) else {
            throw .invalidValue
        }
        let updatedAt = try Timestamp(reading: &reader, bytes)
        let lastRecord = try reader.integer(UInt64.self, bytes)
        let requested = Payout(
            id: id,
            merchant: merchant,
            amountMinor: amountMinor,
            currency: currency,
            seller: try reader.sellerName(bytes),
            destination: try reader.shortText(bytes),
            requestedAt: updatedAt
        )
        let reason = try reader.shortText(bytes)
        self.init(requested, state: state, reason: reason, updatedAt: updatedAt, lastRecord: lastRecord)
    }
}

extension Wallet {
    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(id.high)
        bytes.appendInteger(id.low)
        bytes.appendInteger(merchant.rawValue)
        bytes.appendInteger(currency.numericCode)
        createdAt.write(into: &bytes)
        bytes.appendInteger(lastRecord)
        bytes.appendText(reference)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let id = WalletID(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        let currency = try reader.currency(bytes)
        let createdAt = try Timestamp(reading: &reader, bytes)
        let lastRecord = try reader.integer(UInt64.self, bytes)
        let reference = try reader.shortText(bytes)
        self.init(id: id, merchant: merchant, currency: currency, reference: reference, createdAt: createdAt)
        self.lastRecord = lastRecord
    }
}

extension WalletSums {
    package func store(wallet index: Int, into bytes: inout [UInt8]) {
        bytes.appendInteger(UInt64(index + 1))
        bytes.appendInteger(merchant.rawValue)
        bytes.appendInteger(currency.numericCode)
        bytes.appendInteger(unsettledMinor)
        bytes.appendInteger(pendingMinor)
    }

    package static func load(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> (sums: WalletSums, index: Int) {
        let number = try reader.integer(UInt64.self, bytes)
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        var sums = WalletSums(merchant: merchant, currency: try reader.currency(bytes))
        sums.unsettledMinor = try reader.integer(Int64.self, bytes)
        sums.pendingMinor = try reader.integer(Int64.self, bytes)
        guard number >= 1, number < 1 << 38, sums.unsettledMinor >= 0, sums.pendingMinor >= 0 else {
            throw .invalidValue
        }
        return (sums, Int(number) - 1)
    }
}

extension ExchangeQuote {
    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(id.high)
        bytes.appendInteger(id.low)
        bytes.appendInteger(merchant.rawValue)
        bytes.append(terms)
        expiresAt.write(into: &bytes)
        convertedAt.write(into: &bytes)
        bytes.appendInteger(lastRecord)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let id = QuoteID(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        let terms = try reader.exchangeTerms(bytes)
        let expiresAt = try Timestamp(reading: &reader, bytes)
        let convertedAt = try Timestamp(reading: &reader, bytes)
        guard convertedAt >= .none else { throw .invalidValue }
        self.init(id: id, merchant: merchant, terms: terms, expiresAt: expiresAt)
        if convertedAt > .none { convert(at: convertedAt) }
        lastRecord = try reader.integer(UInt64.self, bytes)
    }
}

extension Seller {
    package func store(number: Int, into bytes: inout [UInt8]) {
        bytes.appendInteger(UInt64(number))
        bytes.appendInteger(merchant.rawValue)
        bytes.appendText(name.text)
    }

    package static func load(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> (seller: Seller, number: Int) {
        let number = try reader.integer(UInt64.self, bytes)
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        guard number < 1 << 38, let name = try reader.sellerName(bytes) else { throw .invalidValue }
        return (Seller(merchant: merchant, name: name), Int(number))
    }
}

/// A table of the treasury that has a section of a snapshot.
package enum TreasuryTable: CaseIterable, Sendable {
    case sellers
    case payouts
    case wallets
    case walletSums
    case quotes

    /// Its section. The one of sellers begins with the counts of all tables.
    package var section: SnapshotSection {
        switch self {
        case .sellers: .treasury
        case .payouts: .payouts
        case .wallets: .wallets
        case .walletSums: .walletSums
        case .quotes: .quotes
        }
    }
}

extension Treasury {
    /// Writes what a snapshot holds of one table, one after the other: not what leaves by the plan.
    package func forEachStored(
        _ table: TreasuryTable,
        besides plan: ReleasePlan,
        _ body: (_ store: (inout [UInt8]) -> Void) -> Void
    ) {
        switch table {
        case .sellers: forEach(sellers.sellers) { index, seller in body { seller.store(number: index + 1, into: &$0) } }
        case .payouts: forEach(payouts) { if !plan.leaves($0, $1) { body($1.store) } }
        case .wallets: forEach(wallets) { if !plan.leaves($0, $1) { body($1.store) } }
        case .walletSums: forEach(sums) { index, sums in body { sums.store(wallet: index, into: &$0) } }
        case .quotes: forEach(quotes) { body($1.store) }
        }
    }

    private func forEach<Element>(_ table: SparseTable<Element>, _ body: (Int, Element) -> Void) {
        for chunk in table.chunkNumbers { table.forEach(inChunk: chunk, body) }
    }

    /// For the state digest.
    /// - Parameter cold: reads the entry of what is not in memory.
    package func digest(cold: (ColdItem) -> [UInt8]?) -> UInt64 {
        var hasher = StateHasher()
        for index in 0..<payouts.count {
            let entry =
                payouts.contains(index)
                ? TreasuryEntry.bytes(payouts[index]) : cold(ColdItem(.payout, sequence: UInt64(index) + 1))
            if let entry { hasher.combine(entry.span) }
        }
        for index in 0..<wallets.count {
            let entry =
                wallets.contains(index)
                ? TreasuryEntry.bytes(wallets[index]) : cold(ColdItem(.wallet, sequence: UInt64(index) + 1))
            if let entry { hasher.combine(entry.span) }
        }
        var bytes: [UInt8] = []
        forEach(sums) { index, sums in if !sums.isZero { sums.store(wallet: index, into: &bytes) } }
        forEach(sellers.sellers) { index, seller in seller.store(number: index + 1, into: &bytes) }
        forEach(quotes) { $1.store(into: &bytes) }
        hasher.combine(bytes.span)
        hasher.combine([
            UInt64(payouts.count), UInt64(wallets.count), UInt64(quotes.count), UInt64(sellers.sellers.count),
        ])
        return hasher.value
    }
}
