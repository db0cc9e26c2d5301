package import Ledger
import Money

/// An account with its sums, as a snapshot holds it.
package enum StoredAccount {
    package static let byteCount = 48

    package static func store(_ account: Account, _ totals: AccountTotals, into bytes: inout [UInt8]) {
        bytes.appendInteger(account.owner)
        bytes.appendInteger(account.currency.numericCode)
        bytes.append(account.kind.rawValue)
        bytes.append(0)
        bytes.appendInteger(UInt32(0))
        for sum in [totals.debits, totals.credits] {
            bytes.appendInteger(UInt64(truncatingIfNeeded: sum))
            bytes.appendInteger(UInt64(truncatingIfNeeded: sum >> 64))
        }
    }

    package static func load(
        _ reader: inout RecordReader,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> (Account, AccountTotals) {
        let owner = try reader.integer(UInt64.self, bytes)
        guard let currency = Currency(numericCode: try reader.integer(UInt16.self, bytes)),
            let kind = AccountKind(rawValue: try reader.integer(UInt8.self, bytes)), kind.owner != .none || owner == 0
        else { throw .invalidValue }
        _ = try reader.range(count: 5, bytes)
        let debits = try sum(&reader, bytes)
        let credits = try sum(&reader, bytes)
        return (Account(kind, owner: owner, currency: currency), AccountTotals(debits: debits, credits: credits))
    }

    private static func sum(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) -> Int128 {
        let low = try reader.integer(UInt64.self, bytes)
        let high = try reader.integer(UInt64.self, bytes)
        let sum = Int128(Int64(bitPattern: high)) << 64 | Int128(low)
        // The limit is far above any real sum, and leaves room to add up every account.
        guard sum >= 0, sum < 1 << 96 else { throw .invalidValue }
        return sum
    }
}
