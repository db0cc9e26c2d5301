import Money

// The posting rules of what providers report and operators decide. Lines of zero are left out.
extension PostingRules {
    /// The bank that providers pay to; there is one so far.
    private static let bank: UInt64 = 1

    /// P4: the provider has paid `amountMinor` less `providerFeeMinor`. Of the merchant's pending
    /// balance, `releasedMinor` becomes available.
    /// - Precondition: `amountMinor` is positive, `providerFeeMinor` not negative.
    package static func settlement(
        _ parties: Parties,
        amountMinor: Int64,
        providerFeeMinor: Int64,
        releasedMinor: Int64
    ) -> Transfer {
        precondition(amountMinor > 0 && providerFeeMinor >= 0, "a settlement line is about a positive amount")
        return Transfer(
            .settlement,
            signed: [
                (Account(.bankCash, owner: bank, currency: parties.currency), amountMinor - providerFeeMinor),
                (parties.account(.providerFees), providerFeeMinor),
                (parties.account(.merchantPending), releasedMinor),
                (parties.account(.providerReceivable), -amountMinor),
                (parties.account(.merchantAvailable), -releasedMinor),
            ]
        )
    }

    /// The reverse of P3: a capture failed after it had succeeded. The platform gives its fee back.
    /// - Precondition: the parts add up to `amountMinor`.
    package static func captureReversed(
        _ parties: Parties,
        amountMinor: Int64,
        feeMinor: Int64,
        pendingMinor: Int64,
        availableMinor: Int64
    ) -> Transfer {
        precondition(amountMinor > 0 && feeMinor >= 0 && feeMinor + pendingMinor + availableMinor == amountMinor)
        return Transfer(
            .captureReversed,
            signed: [
                (parties.account(.merchantPending), pendingMinor),
                (parties.account(.merchantAvailable), availableMinor),
                (parties.account(.platformFees), feeMinor),
                (parties.account(.providerReceivable), -amountMinor),
            ]
        )
    }

    /// P7: a chargeback of `amountMinor` and the provider's fee for it are taken from the merchant,
    /// who may owe then.
    package static func chargeback(_ parties: Parties, amountMinor: Int64, feeMinor: Int64) -> Transfer {
        precondition(amountMinor > 0 && feeMinor >= 0, "a chargeback takes a positive amount")
        return Transfer(
            .chargeback,
            of: .debit(parties.account(.merchantAvailable), amountMinor + feeMinor),
            and: .credit(parties.account(.providerReceivable), amountMinor + feeMinor)
        )
    }

    /// P7r: an amount is set aside because a chargeback may come.
    package static func disputeReserved(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .disputeReserved,
            of: .debit(parties.account(.merchantAvailable), amountMinor),
            and: .credit(parties.account(.merchantReserve), amountMinor)
        )
    }

    /// The reverse of P7r.
    package static func disputeReserveReleased(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .disputeReserveReleased,
            of: .debit(parties.account(.merchantReserve), amountMinor),
            and: .credit(parties.account(.merchantAvailable), amountMinor)
        )
    }

    /// P8: a chargeback was won. `amountMinor` includes the fee, where the provider returns it.
    package static func chargebackWon(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .chargebackWon,
            of: .debit(parties.account(.providerReceivable), amountMinor),
            and: .credit(parties.account(.merchantAvailable), amountMinor)
        )
    }

    /// P12: a provider moved money that nobody can explain yet; negative where it took it.
    package static func unexplained(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .unexplained,
            signed: [
                (
                    Account(.providerReceivable, owner: UInt64(parties.connector), currency: parties.currency),
                    amountMinor
                ),
                (Account(.suspense, owner: UInt64(parties.connector), currency: parties.currency), -amountMinor),
            ]
        )
    }

    /// P12, later: it is explained, and goes from suspense to its right account; negative where
    /// suspense was in debit.
    package static func reclassified(_ parties: Parties, amountMinor: Int64, to target: SuspenseTarget) -> Transfer {
        Transfer(
            .reclassified,
            signed: [
                (Account(.suspense, owner: UInt64(parties.connector), currency: parties.currency), amountMinor),
                (target.account(parties), -amountMinor),
            ]
        )
    }

    /// P13: the platform bears what a merchant owes and will not pay.
    package static func writtenOff(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .writtenOff,
            of: .debit(parties.account(.platformLosses), amountMinor),
            and: .credit(Account(.merchantAvailable, owner: parties.merchant, currency: parties.currency), amountMinor)
        )
    }
}

/// Where explained money goes; the raw value is journaled.
package enum SuspenseTarget: UInt8, Sendable, CaseIterable {
    /// It was the merchant's.
    case merchantAvailable = 1
    /// It is the platform's gain.
    case platformFees = 2
    /// It is the platform's loss, or lessens one.
    case platformLosses = 3
    /// The provider took it back (or gave it): nobody else's.
    case providerReceivable = 4

    /// As the API names it: the account's name.
    package var name: StaticString {
        switch self {
        case .merchantAvailable: "merchant:available"
        case .platformFees: "platform:fees"
        case .platformLosses: "platform:losses"
        case .providerReceivable: "psp:receivable"
        }
    }

    func account(_ parties: Parties) -> Account {
        switch self {
        case .merchantAvailable: Account(.merchantAvailable, owner: parties.merchant, currency: parties.currency)
        case .platformFees: Account(.platformFees, currency: parties.currency)
        case .platformLosses: Account(.platformLosses, currency: parties.currency)
        case .providerReceivable:
            Account(.providerReceivable, owner: UInt64(parties.connector), currency: parties.currency)
        }
    }
}

extension Transfer {
    /// Debits positive, credits negative; lines of zero are left out.
    /// - Precondition: what remains are 2 to 8 lines that sum to zero.
    fileprivate init(_ rule: PostingRule, signed lines: [(account: Account, amountMinor: Int64)]) {
        let postings = lines.compactMap { line in
            line.amountMinor == 0 ? nil : Posting(account: line.account, amountMinor: line.amountMinor)
        }
        precondition(
            postings.count >= 2 && postings.count <= Transfer.maximumPostings,
            "a transfer has 2 to 8 postings"
        )
        var storage = [8 of Posting](repeating: postings[0])
        for index in postings.indices { storage[index] = postings[index] }
        guard let transfer = Transfer(rule, count: postings.count, storage: storage) else {
            preconditionFailure("the postings of a transfer sum to zero in every currency")
        }
        self = transfer
    }
}
