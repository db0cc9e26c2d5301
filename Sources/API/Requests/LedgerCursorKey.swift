import Crypto
import Ledger
import Money
import Payments
import ShardRecords

/// Makes the cursors of lists of entries, and checks them. A cursor is a place in the journal,
/// signed with the merchant and the filters (HMAC-SHA-256, 112 bits). So no merchant can use
/// another's place, or a place of a list with other filters.
package struct LedgerCursorKey: Sendable {
    /// Characters of a cursor: version, position (8), transfers, signature (14), in base64url.
    static let length = 32

    private static let version: UInt8 = 1
    private static let placeBytes = 10
    private static let signatureBytes = 14

    private let key: SymmetricKey

    /// - Parameter seed: the secret of the data directory; cursors of another directory are
    ///   refused.
    package init(seed: [UInt8]) {
        key = SymmetricKey(data: SHA256.hash(data: Array("millrace ledger cursor\n".utf8) + seed))
    }

    /// The text of a cursor.
    func text(_ cursor: LedgerCursor, of merchant: MerchantID, _ query: LedgerQuery) -> [UInt8] {
        var bytes = [Self.version]
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: cursor.position >> UInt64(shift)))
        }
        bytes.append(cursor.transfers)
        bytes += signature(bytes, merchant: merchant, query: query)
        return Base64URL.encode(bytes)
    }

    /// The place of a cursor; nil for one that this gateway did not make, or not for this merchant
    /// and these filters.
    func cursor(_ text: Span<UInt8>, of merchant: MerchantID, _ query: LedgerQuery) -> LedgerCursor? {
        guard text.count == Self.length, let bytes = Base64URL.decode(text), bytes[0] == Self.version else {
            return nil
        }
        let place = Array(bytes[..<Self.placeBytes])
        let expected = signature(place, merchant: merchant, query: query)
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ bytes[Self.placeBytes + index] }
        guard difference == 0 else { return nil }
        let position = place[1...8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return LedgerCursor(position: position, transfers: place[9])
    }

    private func signature(_ place: [UInt8], merchant: MerchantID, query: LedgerQuery) -> [UInt8] {
        var message = place
        for shift in stride(from: 56, through: 0, by: -8) {
            message.append(UInt8(truncatingIfNeeded: merchant.rawValue >> UInt64(shift)))
        }
        message.append(query.account?.rawValue ?? 0)
        message.append(UInt8(truncatingIfNeeded: (query.currency?.numericCode ?? 0) >> 8))
        message.append(UInt8(truncatingIfNeeded: query.currency?.numericCode ?? 0))
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: key).prefix(Self.signatureBytes))
    }
}
