package import Money

/// What pays for a payment and where its captures go.
package enum PaymentRail: Hashable, Sendable {
    /// A provider pays, and the merchant's pending balance gets the money. Nearly all payments are
    /// so.
    case provider
    /// A wallet pays. The merchant's share is available at once, except what comes from top-ups
    /// that no provider has settled.
    case wallet(WalletFunds)
    /// A provider pays, and the money goes into a wallet.
    case topUp(WalletFunds)
    /// Captured by hand against cash. The bank has the money, and the merchant's share is available
    /// at once. Refunds are cash, too.
    case cash

    /// The account that this rail has where an ordinary payment has `kind`; nil for the same
    /// account. The account that holds a wallet's money is a liability like the wallet, and no memo
    /// account. So held money cannot be spent (docs/posting-rules.md, "P1 for wallets"). Neither
    /// account ever turns to debit.
    func account(_ kind: AccountKind, of parties: Parties) -> Account? {
        switch (self, kind) {
        case (.wallet(let funds), .providerReceivable), (.wallet(let funds), .memoAuthorizationProvider):
            Account(.wallet, owner: funds.owner, currency: parties.currency)
        case (.wallet(let funds), .memoAuthorizationMerchant):
            Account(.walletHeld, owner: funds.owner, currency: parties.currency)
        case (.cash, .merchantPending):
            Account(.merchantAvailable, owner: parties.merchant, currency: parties.currency)
        case (.topUp(let funds), .merchantPending), (.topUp(let funds), .merchantAvailable):
            Account(.wallet, owner: funds.owner, currency: parties.currency)
        case (.cash, .providerReceivable): .bankCash(parties.currency)
        case (.provider, _), (.wallet, _), (.topUp, _), (.cash, _): nil
        }
    }

    /// The posting rule's name on this rail.
    func rule(_ rule: PostingRule) -> PostingRule {
        switch (self, rule) {
        case (.wallet, .hold): .walletHeld
        case (.wallet, .release): .walletReleased
        case (.wallet, .capture): .walletPaid
        case (.topUp, .capture): .walletToppedUp
        case (.provider, _), (.wallet, _), (.topUp, _), (.cash, _): rule
        }
    }
}

/// A seller's part of a capture.
package struct SellerPart: Hashable, Sendable {
    /// The owner of the seller's accounts.
    package var owner: UInt64
    /// Minor units, above zero.
    package var amountMinor: Int64

    package init(owner: UInt64, amountMinor: Int64) {
        self.owner = owner
        self.amountMinor = amountMinor
    }
}

extension PostingRules {
    /// P3 with sellers. Their parts are booked beside the merchant's, and are pending like it.
    /// - Parameter feeMinor: the platform's fee, with what rounding left over.
    /// - Precondition: at most 4 sellers; the parts and the fee are at most `amountMinor`.
    package static func capture(
        _ parties: Parties,
        amountMinor: Int64,
        feeMinor: Int64,
        parts: [SellerPart]
    ) -> Transfer {
        let shares = parts.reduce(feeMinor) { $0 + $1.amountMinor }
        precondition(feeMinor >= 0 && shares <= amountMinor && parts.allSatisfy { $0.amountMinor > 0 })
        var lines = [
            (account: parties.account(.providerReceivable), amountMinor: amountMinor),
            (account: parties.account(.merchantPending), amountMinor: shares - amountMinor),
            (account: parties.account(.platformFees), amountMinor: -feeMinor),
        ]
        for part in parts {
            lines.append((Account(.sellerPending, owner: part.owner, currency: parties.currency), -part.amountMinor))
        }
        return Transfer(.capture, lines: lines)
    }

    /// Sellers' parts follow a settlement: pending becomes available.
    /// - Precondition: 1 to 4 sellers.
    package static func sellersSettled(_ currency: Currency, parts: [SellerPart]) -> Transfer {
        Transfer(
            .sellersSettled,
            lines: parts.flatMap { part in
                [
                    (
                        account: Account(.sellerPending, owner: part.owner, currency: currency),
                        amountMinor: part.amountMinor
                    ),
                    (
                        account: Account(.sellerAvailable, owner: part.owner, currency: currency),
                        amountMinor: -part.amountMinor
                    ),
                ]
            }
        )
    }
}
