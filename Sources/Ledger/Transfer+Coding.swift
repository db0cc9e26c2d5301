/// Why bytes are not a transfer. The journal's checksum covers them, so this means a defect or another version.
package enum LedgerDecodingError: Error, Equatable, Sendable {
    /// The bytes end inside the transfer.
    case truncated
    /// A recipe number of no known recipe.
    case unknownRecipe(UInt8)
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

extension Transfer {
    package func encode(into output: inout [UInt8]) { preconditionFailure("not yet") }
    package static func decode(from bytes: Span<UInt8>, at offset: inout Int) throws(LedgerDecodingError) -> Transfer {
        preconditionFailure("not yet")
    }
}
