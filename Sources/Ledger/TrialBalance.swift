package import Money

/// The sums of a ledger by currency and by kind of account; those of several partitions merge.
package struct TrialBalance: Sendable, Equatable {
    /// All accounts of one currency.
    package struct CurrencyLine: Sendable, Equatable {
        package var currency: Currency
        package var totals: AccountTotals
    }

    /// All accounts of one currency and kind.
    package struct KindLine: Sendable, Equatable {
        package var currency: Currency
        package var kind: AccountKind
        package var totals: AccountTotals
    }

    /// One line per currency, by numeric code.
    package private(set) var currencies: [CurrencyLine] = []
    /// One line per currency and kind of account, by both numbers.
    package private(set) var kinds: [KindLine] = []

    package init() {}

    /// Whether debits equal credits in every currency; anything else means that money appeared or
    /// vanished.
    package var isBalanced: Bool { currencies.allSatisfy { $0.totals.balance == 0 } }

    /// Adds another partition's sums.
    package mutating func merge(_ other: TrialBalance) {
        for line in other.kinds { add(line.currency, kind: line.kind, totals: line.totals) }
    }

    mutating func add(_ currency: Currency, kind: AccountKind, totals: AccountTotals) {
        let position = currencies.firstIndex { $0.currency.numericCode >= currency.numericCode } ?? currencies.count
        if position < currencies.count, currencies[position].currency == currency {
            currencies[position].totals.add(totals)
        } else {
            currencies.insert(CurrencyLine(currency: currency, totals: totals), at: position)
        }
        let line = KindLine(currency: currency, kind: kind, totals: totals)
        let kindPosition = kinds.firstIndex { $0.sortKey >= line.sortKey } ?? kinds.count
        if kindPosition < kinds.count, kinds[kindPosition].sortKey == line.sortKey {
            kinds[kindPosition].totals.add(totals)
        } else {
            kinds.insert(line, at: kindPosition)
        }
    }
}

extension TrialBalance.KindLine {
    fileprivate var sortKey: UInt32 { UInt32(currency.numericCode) << 8 | UInt32(kind.rawValue) }
}

extension Balances {
    /// Sums all accounts. For reports and audits, not for the path of a payment.
    package func trialBalance() -> TrialBalance {
        var result = TrialBalance()
        forEach { account, totals in
            // A merchant's account that nothing was booked on yet.
            guard totals != AccountTotals() else { return }
            result.add(account.currency, kind: account.kind, totals: totals)
        }
        return result
    }
}
