/// An identifier of four characters of prefix and 26 of `Base32`: time, shard and the shard's own sequence number, as
/// `PaymentID` has them.
package protocol ShardIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// Four ASCII characters, the last an underscore.
    static var prefix: StaticString { get }
    /// Milliseconds since 1970 in the upper 48 bits, the shard in the lower 16.
    var high: UInt64 { get }
    /// The shard's sequence number of its kind, from 1.
    var low: UInt64 { get }
    init(high: UInt64, low: UInt64)
}

extension ShardIdentifier {
    package init(milliseconds: UInt64, shard: UInt16, sequence: UInt64) {
        precondition(milliseconds < 1 << 48, "48 bits of milliseconds last until the year 10889")
        self.init(high: milliseconds << 16 | UInt64(shard), low: sequence)
    }

    package var shard: UInt16 { UInt16(truncatingIfNeeded: high) }
    package var milliseconds: UInt64 { high >> 16 }
    package var sequence: UInt64 { low }

    package var description: String { identifierText(Self.prefix, high, low) }

    /// Parses prefix and 26 characters; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let parsed = parseIdentifier(Self.prefix, text) else { return nil }
        self.init(high: parsed.high, low: parsed.low)
    }
}

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

/// An exchange quote's identifier: `fxq_` + 26 characters. Its conversion, of which there is one at most, has the same numbers
/// behind `fxc_`.
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
