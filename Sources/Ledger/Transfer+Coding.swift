import Money

/// Why bytes are not a transfer. The journal's checksum covers them, so this means a defect or
/// another version.
package enum LedgerDecodingError: Error, Equatable, Sendable {
    /// The bytes end inside the transfer.
    case truncated
    /// A posting rule number of no known posting rule.
    case unknownRule(UInt8)
    /// Fewer than 2 or more than 8 postings.
    case postingCount(UInt8)
    case unknownAccountKind(UInt8)
    case unknownCurrency(UInt16)
    /// An owner on an account that has none.
    case unexpectedOwner
    /// An amount of zero or `Int64.min`.
    case invalidAmount
    /// The postings do not sum to zero in every currency.
    case unbalanced
}

/// The journal's form of a transfer, integers little-endian:
///
///     u8 posting rule, u8 count, then per posting:
///     u8 kind, u16 currency (ISO 4217 numeric), u64 owner, i64 amount
extension Transfer {
    /// The bytes one posting takes.
    package static let encodedPostingBytes = 19
    /// The bytes the largest transfer takes.
    package static let maximumEncodedBytes = 2 + maximumPostings * encodedPostingBytes

    /// The bytes `encode` appends.
    package var encodedBytes: Int { 2 + count * Self.encodedPostingBytes }

    /// Appends the transfer. Allocates only if `output` has less than `encodedBytes` of spare
    /// capacity.
    package func encode(into output: inout [UInt8]) {
        output.append(rule.rawValue)
        output.append(UInt8(truncatingIfNeeded: count))
        for index in 0..<count {
            let posting = self[index]
            output.append(posting.account.kind.rawValue)
            appendLittleEndian(UInt64(posting.account.currency.numericCode), bytes: 2, to: &output)
            appendLittleEndian(posting.account.owner, bytes: 8, to: &output)
            appendLittleEndian(UInt64(bitPattern: posting.amountMinor), bytes: 8, to: &output)
        }
    }

    /// Reads what `encode` wrote and moves `offset` behind it; on an error `offset` stays. Checks
    /// everything that the initialisers of the live types check, because history is trusted no more
    /// than a caller.
    package static func decode(
        from bytes: Span<UInt8>,
        at offset: inout Int
    ) throws(LedgerDecodingError) -> Transfer {
        guard offset >= 0, bytes.count - offset >= 2 else { throw .truncated }
        guard let rule = PostingRule(rawValue: bytes[offset]) else { throw .unknownRule(bytes[offset]) }
        let count = Int(bytes[offset + 1])
        guard count >= 2, count <= maximumPostings else { throw .postingCount(bytes[offset + 1]) }
        guard bytes.count - offset >= 2 + count * encodedPostingBytes else { throw .truncated }
        let first = try decodePosting(bytes, at: offset + 2)
        var postings = [8 of Posting](repeating: first)
        for index in 1..<count {
            postings[index] = try decodePosting(bytes, at: offset + 2 + index * encodedPostingBytes)
        }
        guard let transfer = Transfer(rule, count: count, storage: postings) else { throw .unbalanced }
        offset += transfer.encodedBytes
        return transfer
    }

    private static func decodePosting(_ bytes: Span<UInt8>, at start: Int) throws(LedgerDecodingError) -> Posting {
        guard let kind = AccountKind(rawValue: bytes[start]) else { throw .unknownAccountKind(bytes[start]) }
        let numericCode = UInt16(truncatingIfNeeded: loadLittleEndian(bytes, at: start + 1, bytes: 2))
        guard let currency = Currency(numericCode: numericCode) else { throw .unknownCurrency(numericCode) }
        let owner = loadLittleEndian(bytes, at: start + 3, bytes: 8)
        guard kind.owner != .none || owner == 0 else { throw .unexpectedOwner }
        let amount = Int64(bitPattern: loadLittleEndian(bytes, at: start + 11, bytes: 8))
        guard amount != 0, amount != .min else { throw .invalidAmount }
        return Posting(account: Account(kind, owner: owner, currency: currency), amountMinor: amount)
    }
}

private func appendLittleEndian(_ value: UInt64, bytes: Int, to output: inout [UInt8]) {
    for index in 0..<bytes { output.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
}

private func loadLittleEndian(_ span: Span<UInt8>, at start: Int, bytes: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<bytes { value |= UInt64(span[start + index]) << UInt64(index * 8) }
    return value
}
