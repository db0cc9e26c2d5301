/// A pay-out's identifier: `pyo_` + 26 characters.
package struct PayoutID: ShardIdentifier {
    package static let prefix: StaticString = "pyo_"
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A wallet's identifier: `wal_` + 26 characters.
package struct WalletID: ShardIdentifier {
    package static let prefix: StaticString = "wal_"
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The owner of its accounts, unique among all shards: shard and sequence number.
    package var accountOwner: UInt64 { UInt64(shard) << 48 | low }
}

/// An exchange quote's identifier: `fxq_` + 26 characters. Its conversion, of which there is one at
/// most, has the same numbers behind `fxc_`.
package struct QuoteID: ShardIdentifier {
    package static let prefix: StaticString = "fxq_"
    package static let conversionPrefix: StaticString = "fxc_"
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
