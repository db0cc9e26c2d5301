import Money
package import Payments
package import ShardRecords

/// How many of each table a snapshot holds, and what the numbers go on from.
package struct TreasuryCounts: Equatable {
    package static let byteCount = 48

    package var payouts: UInt64 = 0
    package var wallets: UInt64 = 0
    /// Quotes ever made, and those in the snapshot.
    package var quotesEver: UInt64 = 0
    package var quotes: UInt64 = 0
    /// Numbers given to sellers, and sellers in the snapshot.
    package var sellersEver: UInt64 = 0
    package var sellers: UInt64 = 0

    package init() {}

    package init(_ treasury: Treasury) {
        payouts = UInt64(treasury.payouts.count)
        wallets = UInt64(treasury.wallets.count)
        quotesEver = UInt64(treasury.quotes.count)
        quotes = UInt64(treasury.quotes.presentCount)
        sellersEver = UInt64(treasury.sellers.sellers.count)
        sellers = UInt64(treasury.sellers.sellers.presentCount)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        payouts = try reader.integer(UInt64.self, bytes)
        wallets = try reader.integer(UInt64.self, bytes)
        quotesEver = try reader.integer(UInt64.self, bytes)
        quotes = try reader.integer(UInt64.self, bytes)
        sellersEver = try reader.integer(UInt64.self, bytes)
        sellers = try reader.integer(UInt64.self, bytes)
        guard max(payouts, wallets) < 1 << 32, quotes <= quotesEver, sellers <= sellersEver,
            max(quotesEver, sellersEver) < 1 << 38
        else { throw .invalidValue }
    }

    package func store(into bytes: inout [UInt8]) {
        for count in [payouts, wallets, quotesEver, quotes, sellersEver, sellers] { bytes.appendInteger(count) }
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
        bytes.appendInteger(updatedAt)
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
        let updatedAt = try reader.integer(Int64.self, bytes)
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
        bytes.appendInteger(createdAt)
        bytes.appendInteger(lastRecord)
        bytes.appendInteger(unsettledMinor)
        bytes.appendInteger(pendingMinor)
        bytes.appendText(reference)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let id = WalletID(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        let currency = try reader.currency(bytes)
        let createdAt = try reader.integer(Int64.self, bytes)
        let lastRecord = try reader.integer(UInt64.self, bytes)
        let unsettledMinor = try reader.integer(Int64.self, bytes)
        let pendingMinor = try reader.integer(Int64.self, bytes)
        guard unsettledMinor >= 0, pendingMinor >= 0 else { throw .invalidValue }
        let reference = try reader.shortText(bytes)
        self.init(id: id, merchant: merchant, currency: currency, reference: reference, createdAt: createdAt)
        self.lastRecord = lastRecord
        self.unsettledMinor = unsettledMinor
        self.pendingMinor = pendingMinor
    }
}

extension ExchangeQuote {
    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(id.high)
        bytes.appendInteger(id.low)
        bytes.appendInteger(merchant.rawValue)
        bytes.append(terms)
        bytes.appendInteger(expiresAt)
        bytes.appendInteger(convertedAt)
        bytes.appendInteger(lastRecord)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        let id = QuoteID(high: try reader.integer(UInt64.self, bytes), low: try reader.integer(UInt64.self, bytes))
        let merchant = MerchantID(rawValue: try reader.integer(UInt64.self, bytes))
        let terms = try reader.exchangeTerms(bytes)
        let expiresAt = try reader.integer(Int64.self, bytes)
        let convertedAt = try reader.integer(Int64.self, bytes)
        guard convertedAt >= 0 else { throw .invalidValue }
        self.init(id: id, merchant: merchant, terms: terms, expiresAt: expiresAt)
        if convertedAt > 0 { convert(at: convertedAt) }
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

extension Treasury {
    /// Writes everything of one table, one after the other.
    package func forEachStored(_ section: SnapshotSection, _ body: (_ store: (inout [UInt8]) -> Void) -> Void) {
        switch section {
        case .money:
            let all = sellers.sellers
            for index in 0..<all.count where all.contains(index) {
                body { all[index].store(number: index + 1, into: &$0) }
            }
        case .payouts: for index in 0..<payouts.count { body(payouts[index].store) }
        case .wallets: for index in 0..<wallets.count { body(wallets[index].store) }
        case .quotes: for index in firstQuote..<quotes.count where quotes.contains(index) { body(quotes[index].store) }
        default: preconditionFailure("a section of other tables")
        }
    }

    /// For the state digest.
    package var digest: UInt64 {
        var hasher = StateHasher()
        var bytes: [UInt8] = []
        TreasuryCounts(self).store(into: &bytes)
        for section in [SnapshotSection.money, .payouts, .wallets, .quotes] {
            forEachStored(section) { store in
                store(&bytes)
                hasher.combine(bytes.span)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        hasher.combine(bytes.span)
        return hasher.value
    }
}
