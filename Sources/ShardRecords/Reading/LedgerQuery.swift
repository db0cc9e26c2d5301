package import Journal
package import Ledger
package import Money
package import Payments
package import Time

/// Where a list of ledger entries goes on: a record, and how many of its transfers are still to be
/// listed. Entries never change and new ones come in front, so what stands behind a cursor stays
/// what it is.
package struct LedgerCursor: Sendable, Equatable {
    package var position: RecordPosition
    /// The first so many of the record's transfers, in the order of booking.
    package var transfers: UInt8

    package init(position: RecordPosition, transfers: UInt8 = .max) {
        self.position = position
        self.transfers = transfers
    }
}

/// Which of a merchant's ledger entries are asked for.
package struct LedgerQuery: Sendable, Equatable {
    /// The most entries of one page.
    package static let maximumLimit = 100
    package static let defaultLimit = 20
    /// The most records that are read for one page; a page that finds less among them has fewer
    /// entries, or none, and goes on.
    package static let maximumRecords = 1_000

    /// From the newest when nil.
    package var cursor: LedgerCursor?
    /// 1 to `maximumLimit`.
    package var limit: Int
    /// Only entries with a posting on an account of this kind.
    package var account: AccountKind?
    /// Only entries with a posting in this currency (on that account, when both are asked for).
    package var currency: Currency?

    package init(
        cursor: LedgerCursor? = nil,
        limit: Int = LedgerQuery.defaultLimit,
        account: AccountKind? = nil,
        currency: Currency? = nil
    ) {
        precondition((1...Self.maximumLimit).contains(limit))
        self.cursor = cursor
        self.limit = limit
        self.account = account
        self.currency = currency
    }

    package func wants(_ posting: Posting) -> Bool {
        (account ?? posting.account.kind) == posting.account.kind
            && (currency ?? posting.account.currency) == posting.account.currency
    }
}

/// A query with what the shard knows: everything that is needed to answer it from the journal.
package struct LedgerRead: Sendable {
    package var merchant: MerchantID
    package var shard: UInt16
    package var query: LedgerQuery
    /// Where to begin.
    package var start: LedgerCursor

    package init(
        merchant: MerchantID,
        shard: UInt16,
        query: LedgerQuery,
        start: LedgerCursor
    ) {
        self.merchant = merchant
        self.shard = shard
        self.query = query
        self.start = start
    }
}

/// The accounts of a merchant with their sums.
package struct AccountsView: Sendable {
    package var lines: [BalanceMark.Line]
    package var asOf: Timestamp

    package init(
        lines: [BalanceMark.Line],
        asOf: Timestamp
    ) {
        self.lines = lines
        self.asOf = asOf
    }
}
