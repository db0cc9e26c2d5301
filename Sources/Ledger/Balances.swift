package import Money

/// What an account has seen: two sums that only grow; 128 bits cannot overflow in practice and trap if they do.
package struct AccountTotals: Equatable, Sendable {
    package var debits: Int128
    package var credits: Int128
    package init(debits: Int128 = 0, credits: Int128 = 0) {
        self.debits = debits
        self.credits = credits
    }
    /// Debits less credits: positive for what we own, negative for what we owe.
    package var balance: Int128 { debits - credits }
}

package struct Balances: Sendable {
    package static let defaultMaximumAccounts = 1 << 20
    package let maximumAccounts: Int
    package private(set) var count = 0
    package init(maximumAccounts: Int = Balances.defaultMaximumAccounts) { self.maximumAccounts = maximumAccounts }

    /// Whether the accounts a transfer may open still fit: ask before deciding, so that `apply` cannot fail.
    package var hasRoom: Bool { count + Transfer.maximumPostings <= maximumAccounts }
    package mutating func apply(_ transfer: Transfer) { preconditionFailure("not yet") }
    package func totals(of account: Account) -> AccountTotals { preconditionFailure("not yet") }
    package func balance(of account: Account) -> Int128 { totals(of: account).balance }
    package func forEach(_ body: (Account, AccountTotals) -> Void) { preconditionFailure("not yet") }
    package func trialBalance() -> TrialBalance { preconditionFailure("not yet") }
}

package struct TrialBalance: Sendable, Equatable {
    package struct CurrencyLine: Sendable, Equatable {
        package var currency: Currency
        package var totals: AccountTotals
    }
    package struct KindLine: Sendable, Equatable {
        package var currency: Currency
        package var kind: AccountKind
        package var totals: AccountTotals
    }
    /// One line per currency, by numeric code.
    package var currencies: [CurrencyLine]
    /// One line per currency and kind of account, by both numbers.
    package var kinds: [KindLine]
    /// Every currency sums to zero.
    package var isBalanced: Bool { currencies.allSatisfy { $0.totals.balance == 0 } }
}
