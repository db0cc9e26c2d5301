package import Money

/// Which balance of a merchant a refund is taken from.
package enum MerchantFunds: UInt8, Sendable, CaseIterable {
    /// Captured, not yet settled by the provider.
    case pending = 1
    /// Settled.
    case available = 2

    var kind: AccountKind {
        switch self {
        case .pending: .merchantPending
        case .available: .merchantAvailable
        }
    }
}

/// The parties of a payment, which every posting rule needs: merchant, connector, currency.
package struct Parties: Hashable, Sendable {
    /// `MerchantID.rawValue`.
    package var merchant: UInt64
    /// The number of the connector at whose PSP the money is.
    package var connector: UInt16
    package var currency: Currency
    package var rail: PaymentRail

    package init(merchant: UInt64, connector: UInt16, currency: Currency, rail: PaymentRail = .provider) {
        self.merchant = merchant
        self.connector = connector
        self.currency = currency
        self.rail = rail
    }

    func account(_ kind: AccountKind) -> Account {
        if rail != .provider, let account = rail.account(kind, of: self) { return account }
        return switch kind.owner {
        case .none: Account(kind, currency: currency)
        case .merchant: Account(kind, owner: merchant, currency: currency)
        case .provider: Account(kind, owner: UInt64(connector), currency: currency)
        case .bank, .wallet, .seller: preconditionFailure("a payment's parties name no bank, wallet or seller")
        }
    }
}

/// The only functions that make transfers, one per posting rule of docs/posting-rules.md. All
/// amounts are in minor units and must be positive. A violated precondition stops the process,
/// because a wrong posting is worse than no answer.
package enum PostingRules {
    /// P1: a provider holds `amountMinor` of the shopper's money for the merchant (memo accounts).
    package static func hold(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            parties.rail.rule(.hold),
            of: .debit(parties.account(.memoAuthorizationProvider), amountMinor),
            and: .credit(parties.account(.memoAuthorizationMerchant), amountMinor)
        )
    }

    /// P2: `amountMinor` of a hold ends: captured, cancelled or expired.
    package static func release(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            parties.rail.rule(.release),
            of: .debit(parties.account(.memoAuthorizationMerchant), amountMinor),
            and: .credit(parties.account(.memoAuthorizationProvider), amountMinor)
        )
    }

    /// P3: the provider owes `amountMinor`; the merchant is owed that less the fee, which is the
    /// platform's income. Postings of zero (no fee, or nothing left for the merchant) are left out.
    /// - Precondition: 0 <= `feeMinor` <= `amountMinor`.
    package static func capture(_ parties: Parties, amountMinor: Int64, feeMinor: Int64) -> Transfer {
        precondition(feeMinor >= 0 && feeMinor <= amountMinor, "a fee is a part of the amount")
        if case .wallet(let funds) = parties.rail {
            return walletPaid(parties, funds, amountMinor: amountMinor, feeMinor: feeMinor)
        }
        let rule = parties.rail.rule(.capture)
        let receivable = Posting.debit(parties.account(.providerReceivable), amountMinor)
        if feeMinor == 0 {
            return Transfer(rule, of: receivable, and: .credit(parties.account(.merchantPending), amountMinor))
        }
        let fees = Posting.credit(parties.account(.platformFees), feeMinor)
        if feeMinor == amountMinor { return Transfer(rule, of: receivable, and: fees) }
        let merchant = Posting.credit(parties.account(.merchantPending), amountMinor - feeMinor)
        return Transfer(rule, of: receivable, and: merchant, and: fees)
    }

    /// P5a: a refund leaves the merchant's balance for the clearing account.
    /// - Parameter pendingMinor: how much of it is taken from the pending balance; the rest from
    ///   the available one.
    /// - Precondition: 0 <= `pendingMinor` <= `amountMinor`.
    package static func refundRequested(_ parties: Parties, amountMinor: Int64, pendingMinor: Int64) -> Transfer {
        precondition(
            pendingMinor >= 0 && pendingMinor <= amountMinor,
            "a part of the refund is taken from pending money"
        )
        let clearing = Posting.credit(parties.account(.refundClearing), amountMinor)
        if pendingMinor == 0 {
            return Transfer(
                .refundRequested,
                of: .debit(parties.account(.merchantAvailable), amountMinor),
                and: clearing
            )
        }
        let pending = Posting.debit(parties.account(.merchantPending), pendingMinor)
        if pendingMinor == amountMinor { return Transfer(.refundRequested, of: pending, and: clearing) }
        let available = Posting.debit(parties.account(.merchantAvailable), amountMinor - pendingMinor)
        return Transfer(.refundRequested, of: pending, and: available, and: clearing)
    }

    /// P5b: the provider has refunded, and owes the platform that much less.
    package static func refundConfirmed(_ parties: Parties, amountMinor: Int64) -> Transfer {
        Transfer(
            .refundConfirmed,
            of: .debit(parties.account(.refundClearing), amountMinor),
            and: .credit(parties.account(.providerReceivable), amountMinor)
        )
    }

    /// The reverse of P5a: a requested refund was certainly not executed, the merchant has the
    /// money back.
    package static func refundFailed(_ parties: Parties, amountMinor: Int64, to funds: MerchantFunds) -> Transfer {
        if case .wallet(let wallet) = parties.rail {
            return walletRefundFailed(parties, wallet, amountMinor: amountMinor)
        }
        return Transfer(
            .refundFailed,
            of: .debit(parties.account(.refundClearing), amountMinor),
            and: .credit(parties.account(funds.kind), amountMinor)
        )
    }

    /// P6: a confirmed refund came back to the provider. The provider owes it to the platform
    /// again, and the platform to the merchant.
    package static func refundBounced(_ parties: Parties, amountMinor: Int64, to funds: MerchantFunds) -> Transfer {
        Transfer(
            .refundBounced,
            of: .debit(parties.account(.providerReceivable), amountMinor),
            and: .credit(parties.account(funds.kind), amountMinor)
        )
    }
}
