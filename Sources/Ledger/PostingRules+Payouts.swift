package import Money

extension Account {
    /// The bank account that pay-outs leave and settlements reach: there is one.
    package static func bankCash(_ currency: Currency) -> Account { Account(.bankCash, owner: 1, currency: currency) }
}

// P9 and P9f of docs/posting-rules.md.
extension PostingRules {
    /// P9, first half: a pay-out leaves an available balance.
    package static func payoutRequested(from source: Account, amountMinor: Int64) -> Transfer {
        Transfer(
            .payoutRequested,
            of: .debit(source, amountMinor),
            and: .credit(Account(.payoutInTransit, currency: source.currency), amountMinor)
        )
    }

    /// P9, second half: the bank has paid.
    package static func payoutPaid(_ currency: Currency, amountMinor: Int64) -> Transfer {
        Transfer(
            .payoutPaid,
            of: .debit(Account(.payoutInTransit, currency: currency), amountMinor),
            and: .credit(.bankCash(currency), amountMinor)
        )
    }

    /// P9f: not paid; the money is available again.
    package static func payoutFailed(to source: Account, amountMinor: Int64) -> Transfer {
        Transfer(
            .payoutFailed,
            of: .debit(Account(.payoutInTransit, currency: source.currency), amountMinor),
            and: .credit(source, amountMinor)
        )
    }

    /// P9f: it came back after it was paid.
    package static func payoutReturned(to source: Account, amountMinor: Int64) -> Transfer {
        Transfer(
            .payoutReturned,
            of: .debit(.bankCash(source.currency), amountMinor),
            and: .credit(source, amountMinor)
        )
    }
}
