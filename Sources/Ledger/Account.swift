package import Money

/// An account of one partition's ledger: kind, owner and currency. A plain 16-byte value, its own
/// key.
package struct Account: Hashable, Sendable {
    /// The merchant, provider, bank or wallet that `kind.owner` says; 0 for kinds without owner.
    package let owner: UInt64
    package let currency: Currency
    package let kind: AccountKind

    /// - Precondition: kinds without owner have owner 0.
    package init(_ kind: AccountKind, owner: UInt64 = 0, currency: Currency) {
        precondition(kind.owner != .none || owner == 0, "this kind of account has no owner")
        self.owner = owner
        self.currency = currency
        self.kind = kind
    }
}

/// One line of a transfer: debits are positive, credits negative.
package struct Posting: Hashable, Sendable {
    package let account: Account
    /// Minor units at the currency's ISO 4217 exponent; never zero, never `Int64.min`.
    package let amountMinor: Int64

    /// - Precondition: the amount is neither zero nor `Int64.min` (which has no opposite).
    package init(account: Account, amountMinor: Int64) {
        precondition(amountMinor != 0 && amountMinor != .min, "a posting moves money, and can be reversed")
        self.account = account
        self.amountMinor = amountMinor
    }

    package static func debit(_ account: Account, _ amountMinor: Int64) -> Posting {
        precondition(amountMinor > 0, "amounts are positive; the side carries the sign")
        return Posting(account: account, amountMinor: amountMinor)
    }

    package static func credit(_ account: Account, _ amountMinor: Int64) -> Posting {
        precondition(amountMinor > 0, "amounts are positive; the side carries the sign")
        return Posting(account: account, amountMinor: -amountMinor)
    }
}
