/// Which side of a balance sheet an account belongs to.
package enum AccountClass: UInt8, Sendable, CaseIterable {
    case asset = 1
    case liability = 2
    case income = 3
    case expense = 4
    /// Off the balance sheet: holds of money that nobody owes yet.
    case memo = 5
}

/// Whom an account's owner field names.
package enum AccountOwner: UInt8, Sendable, CaseIterable {
    /// One account per currency and partition.
    case none = 0
    /// A merchant, by its raw 64-bit identifier.
    case merchant = 1
    /// A connector (a merchant account at a payment service provider), by its number in the
    /// registry.
    case provider = 2
    /// A bank, by its number.
    case bank = 3
    /// A shopper's wallet, by its raw 64-bit identifier.
    case wallet = 4
    /// A seller of a merchant, by its number: shard in the upper 16 bits, then the shard's own
    /// count.
    case seller = 5
}

/// The accounts of the chart (docs/ledger.md); the raw value is journaled and never reused.
package enum AccountKind: UInt8, Sendable, CaseIterable {
    /// `psp:p:receivable`: what a provider owes the platform.
    case providerReceivable = 1
    /// `bank:b:cash`.
    case bankCash = 2
    /// `merchant:m:pending`: captured, not settled.
    case merchantPending = 3
    /// `merchant:m:available`: settled, ready for pay-out.
    case merchantAvailable = 4
    /// `merchant:m:reserve`: withheld against disputes.
    case merchantReserve = 5
    /// `wallet:w`.
    case wallet = 6
    /// `refund:clearing`: refunds on their way.
    case refundClearing = 7
    /// `payout:in_transit`.
    case payoutInTransit = 8
    /// `suspense:p`: provider money nobody has explained yet.
    case suspense = 9
    /// `platform:fees`.
    case platformFees = 10
    /// `platform:fx_spread`.
    case platformFXSpread = 11
    /// `psp:p:fees`.
    case providerFees = 12
    /// `platform:dispute_fees`.
    case platformDisputeFees = 13
    /// `platform:losses`.
    case platformLosses = 14
    /// `fx:CUR:position`.
    case fxPosition = 15
    /// `memo:auth:p`: authorizations open at a provider.
    case memoAuthorizationProvider = 16
    /// `memo:auth:m`: authorizations open for a merchant.
    case memoAuthorizationMerchant = 17
    /// `wallet:held`: what authorizations hold of a wallet.
    case walletHeld = 20
    /// `seller:pending`: a seller's share of captures that are not settled.
    case sellerPending = 21
    /// `seller:available`: settled, ready for pay-out.
    case sellerAvailable = 22

    package var accountClass: AccountClass {
        switch self {
        case .providerReceivable, .bankCash, .fxPosition: .asset
        case .merchantPending, .merchantAvailable, .merchantReserve, .wallet, .refundClearing, .payoutInTransit,
            .suspense, .walletHeld, .sellerPending, .sellerAvailable:
            .liability
        case .platformFees, .platformFXSpread: .income
        case .providerFees, .platformDisputeFees, .platformLosses: .expense
        case .memoAuthorizationProvider, .memoAuthorizationMerchant: .memo
        }
    }

    package var owner: AccountOwner {
        switch self {
        case .providerReceivable, .suspense, .providerFees, .memoAuthorizationProvider: .provider
        case .bankCash: .bank
        case .merchantPending, .merchantAvailable, .merchantReserve, .memoAuthorizationMerchant: .merchant
        case .wallet, .walletHeld: .wallet
        case .sellerPending, .sellerAvailable: .seller
        case .refundClearing, .payoutInTransit, .platformFees, .platformFXSpread, .platformDisputeFees,
            .platformLosses, .fxPosition:
            .none
        }
    }

    /// The kinds whose owner is a merchant.
    package static let ofMerchants: [AccountKind] = allCases.filter { $0.owner == .merchant }

    /// Whether an account of this kind is closed when its balance becomes zero: those of wallets
    /// and sellers, of which there may be millions.
    package var isClosedWhenEmpty: Bool { sibling != nil }

    /// The other kind of accounts that a wallet has, or a seller in one currency. nil for kinds
    /// whose accounts are never closed.
    var sibling: AccountKind? {
        switch self {
        case .wallet: .walletHeld
        case .walletHeld: .wallet
        case .sellerPending: .sellerAvailable
        case .sellerAvailable: .sellerPending
        case .providerReceivable, .bankCash, .merchantPending, .merchantAvailable, .merchantReserve, .refundClearing,
            .payoutInTransit, .suspense, .platformFees, .platformFXSpread, .providerFees, .platformDisputeFees,
            .platformLosses, .fxPosition, .memoAuthorizationProvider, .memoAuthorizationMerchant:
            nil
        }
    }

    /// The side the balance may never leave, for accounts that only ever hold what was put there
    /// before. Other balances may change sides. A provider may net refunds against captures, and a
    /// merchant may owe after refunds and disputes.
    package var confinement: BalanceConfinement {
        switch self {
        case .memoAuthorizationProvider: .neverCredit
        case .memoAuthorizationMerchant, .refundClearing, .payoutInTransit: .neverDebit
        // Stored value and sellers' money: an overdraft stops the process before it is booked.
        case .wallet, .walletHeld, .sellerPending, .sellerAvailable: .neverDebit
        case .providerReceivable, .bankCash, .merchantPending, .merchantAvailable, .merchantReserve, .suspense,
            .platformFees, .platformFXSpread, .providerFees, .platformDisputeFees, .platformLosses,
            .fxPosition:
            .free
        }
    }

    /// The account's name as the reference and reports write it, without owner and currency.
    package var name: StaticString {
        switch self {
        case .providerReceivable: "psp:receivable"
        case .bankCash: "bank:cash"
        case .merchantPending: "merchant:pending"
        case .merchantAvailable: "merchant:available"
        case .merchantReserve: "merchant:reserve"
        case .wallet: "wallet"
        case .refundClearing: "refund:clearing"
        case .payoutInTransit: "payout:in_transit"
        case .suspense: "suspense"
        case .platformFees: "platform:fees"
        case .platformFXSpread: "platform:fx_spread"
        case .providerFees: "psp:fees"
        case .platformDisputeFees: "platform:dispute_fees"
        case .platformLosses: "platform:losses"
        case .fxPosition: "fx:position"
        case .memoAuthorizationProvider: "memo:auth:psp"
        case .memoAuthorizationMerchant: "memo:auth:merchant"
        case .walletHeld: "wallet:held"
        case .sellerPending: "seller:pending"
        case .sellerAvailable: "seller:available"
        }
    }
}

/// Which sign a balance must keep (debits are positive).
package enum BalanceConfinement: UInt8, Sendable {
    case free
    /// Debits minus credits stays at or above zero.
    case neverCredit
    /// Debits minus credits stays at or below zero.
    case neverDebit
}

/// What a merchant sees of a posting in a record of its own.
package enum PostingVisibility: UInt8, Sendable {
    /// Its own money, or money that it keeps for others (wallets, sellers): always, if the account
    /// is its own.
    case own
    /// What the platform took from it: in a transfer that moves its own money.
    case fee
    /// What the platform has with providers and banks: never.
    case hidden
}

extension AccountKind {
    /// What the merchant whose record books on such an account sees of it.
    package var visibility: PostingVisibility {
        switch self {
        case .merchantPending, .merchantAvailable, .merchantReserve, .memoAuthorizationMerchant, .wallet: .own
        case .walletHeld, .sellerPending, .sellerAvailable: .own
        case .platformFees, .platformFXSpread: .fee
        case .providerReceivable, .bankCash, .refundClearing, .payoutInTransit, .suspense, .providerFees,
            .platformDisputeFees, .platformLosses, .fxPosition, .memoAuthorizationProvider:
            .hidden
        }
    }

    /// The kind with this name (`name`), nil for another text. It compares all names, so use it for
    /// rare look-ups.
    package init?(name: String) {
        guard let kind = Self.allCases.first(where: { $0.name.description == name }) else { return nil }
        self = kind
    }
}
