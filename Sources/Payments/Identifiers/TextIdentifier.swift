package import Time

/// An identifier of four characters of prefix and 26 of `Base32`: time, shard, and a number of the
/// shard's own, as `PaymentID` has them.
package protocol TextIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// Four ASCII characters, the last an underscore.
    static var prefix: StaticString { get }
    /// Milliseconds since 1970 in the upper 48 bits, the shard in the lower 16.
    var high: UInt64 { get }
    var low: UInt64 { get }
    init(high: UInt64, low: UInt64)
}

extension TextIdentifier {
    package var shard: UInt16 { UInt16(truncatingIfNeeded: high) }
    package var createdAt: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }

    package var description: String { identifierText(Self.prefix, high: high, low: low) }

    /// Parses prefix and 26 characters; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let parsed = parseIdentifier(Self.prefix, text) else { return nil }
        self.init(high: parsed.high, low: parsed.low)
    }
}

/// The identifier of an object that a shard numbers by itself. The lower half is the sequence
/// number of its kind, from 1.
package protocol ShardIdentifier: TextIdentifier {}

extension ShardIdentifier {
    package init(createdAt: Timestamp, shard: UInt16, sequence: UInt64) {
        self.init(high: identifierHigh(createdAt, shard: shard), low: sequence)
    }

    package var sequence: UInt64 { low }
}

/// The identifier of a part of a payment. The lower half holds the payment's sequence number (48
/// bits) and an ordinal on the payment (16 bits, from 1). So it leads to its payment without a
/// table.
package protocol PaymentPartIdentifier: TextIdentifier {}

extension PaymentPartIdentifier {
    package init(createdAt: Timestamp, shard: UInt16, paymentSequence: UInt64, ordinal: UInt16) {
        precondition(paymentSequence < 1 << 48, "a sequence number must fit 48 bits")
        self.init(high: identifierHigh(createdAt, shard: shard), low: paymentSequence << 16 | UInt64(ordinal))
    }

    package var paymentSequence: UInt64 { low >> 16 }
    package var ordinal: UInt16 { UInt16(truncatingIfNeeded: low) }
}
