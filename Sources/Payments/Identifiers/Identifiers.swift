package import Time

/// 26 characters of Crockford base 32 (lower case) over 128 bits, as ULID lays them out. The first
/// character holds the top three bits, so that equal-length texts sort as the numbers do.
package enum Base32 {
    @usableFromInline static let alphabet: StaticString = "0123456789abcdefghjkmnpqrstvwxyz"

    /// The number of characters that 128 bits take.
    package static let length = 26

    /// Hands the 26 characters to `body`, first character first, without allocating.
    package static func forEachCharacter(high: UInt64, low: UInt64, _ body: (UInt8) -> Void) {
        let value = UInt128(high) << 64 | UInt128(low)
        alphabet.withUTF8Buffer { table in
            var shift = 125
            while shift >= 0 {
                body(table[Int(truncatingIfNeeded: (value >> UInt128(shift)) & 31)])
                shift -= 5
            }
        }
    }

    /// The 128 bits that `text` spells, or `nil` when it is not 26 characters of the alphabet below
    /// 2^128. Only the canonical (lower-case) spelling is accepted, so that one identifier has one
    /// text.
    package static func parse(_ text: some Collection<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count == length, let first = text.first, first <= UInt8(ascii: "7") else { return nil }
        var value: UInt128 = 0
        for character in text {
            let digit = decode[Int(character)]
            guard digit < 32 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return (UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value))
    }

    private static let decode: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        alphabet.withUTF8Buffer { for (index, character) in $0.enumerated() { table[Int(character)] = UInt8(index) } }
        return table
    }()
}

/// A payment's identifier: `pay_` + 26 characters. They hold the time of creation, the shard and
/// the shard's own sequence number. So a look-up finds shard and payment without a table, and a
/// replay makes the same identifiers.
package struct PaymentID: Hashable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970 in the upper 48 bits, the shard in the lower 16.
    package let high: UInt64
    /// The shard's sequence number, from 1.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(createdAt: Timestamp, shard: UInt16, sequence: UInt64) {
        self.init(high: identifierHigh(createdAt, shard: shard), low: sequence)
    }

    package var shard: UInt16 { UInt16(truncatingIfNeeded: high) }
    package var createdAt: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }
    package var sequence: UInt64 { low }

    package static let prefix: StaticString = "pay_"

    package var description: String { identifierText(Self.prefix, high: high, low: low) }

    /// Parses `pay_` + 26 characters; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let parsed = parseIdentifier(Self.prefix, text) else { return nil }
        self.init(high: parsed.high, low: parsed.low)
    }
}

/// A refund's identifier: `ref_` + 26 characters.
package struct RefundID: PaymentPartIdentifier {
    package static let prefix: StaticString = "ref_"
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// One HTTP request's identifier: `req_` + 26 characters, random; it ties an answer, a log line and
/// a journal record.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static let prefix: StaticString = "req_"

    package var description: String { identifierText(Self.prefix, high: high, low: low) }
}

/// A merchant, as the journal knows it: the first eight bytes (big endian) of SHA-256 over the
/// merchant's configured text identifier. Stable across restarts and reordering of the
/// configuration; collisions are refused at start.
package struct MerchantID: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The shard that owns this merchant: the remainder of the identifier by the number of shards,
    /// which is fixed when a data directory is made.
    package func shard(of shardCount: UInt16) -> UInt16 {
        UInt16(truncatingIfNeeded: rawValue % UInt64(shardCount))
    }
}

/// The upper half of an identifier: milliseconds since 1970, and the shard in the lower 16 bits.
func identifierHigh(_ createdAt: Timestamp, shard: UInt16) -> UInt64 {
    precondition(
        (0..<1 << 48).contains(createdAt.milliseconds),
        "48 bits of milliseconds since 1970 last until the year 10889"
    )
    return UInt64(createdAt.milliseconds) << 16 | UInt64(shard)
}

func identifierText(_ prefix: StaticString, high: UInt64, low: UInt64) -> String {
    String(unsafeUninitializedCapacity: 30) { buffer in
        var index = 0
        prefix.withUTF8Buffer {
            for character in $0 {
                buffer[index] = character
                index += 1
            }
        }
        Base32.forEachCharacter(high: high, low: low) {
            buffer[index] = $0
            index += 1
        }
        return index
    }
}

func parseIdentifier(_ prefix: StaticString, _ text: some StringProtocol) -> (high: UInt64, low: UInt64)? {
    let utf8 = text.utf8
    guard utf8.count == 4 + Base32.length, prefix.withUTF8Buffer({ utf8.starts(with: $0) }) else { return nil }
    return Base32.parse(utf8.dropFirst(4))
}
