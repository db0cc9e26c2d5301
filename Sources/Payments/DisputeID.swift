/// A dispute's identifier: `dsp_` + 26 characters. The lower half holds the payment's sequence number and the dispute's ordinal on
/// it, so that it leads to its payment without a table.
package struct DisputeID: Hashable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970 in the upper 48 bits, the shard in the lower 16.
    package let high: UInt64
    /// The payment's sequence number in the upper 48 bits, the dispute's ordinal (from 1) in the lower 16.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(milliseconds: UInt64, shard: UInt16, paymentSequence: UInt64, ordinal: UInt16) {
        precondition(milliseconds < 1 << 48 && paymentSequence < 1 << 48, "fields must fit 48 bits")
        self.init(high: milliseconds << 16 | UInt64(shard), low: paymentSequence << 16 | UInt64(ordinal))
    }

    package var shard: UInt16 { UInt16(truncatingIfNeeded: high) }
    package var milliseconds: UInt64 { high >> 16 }
    package var paymentSequence: UInt64 { low >> 16 }
    package var ordinal: UInt16 { UInt16(truncatingIfNeeded: low) }

    package static let prefix: StaticString = "dsp_"

    package var description: String { identifierText(Self.prefix, high, low) }

    /// Parses `dsp_` + 26 characters; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let parsed = parseIdentifier(Self.prefix, text) else { return nil }
        self.init(high: parsed.high, low: parsed.low)
    }
}
