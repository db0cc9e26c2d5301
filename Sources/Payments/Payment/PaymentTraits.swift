// Inlined into other modules: sets of options are made and compared for every payment.

/// What is special about a payment's money; nearly all have none of these. The raw value is
/// journaled, in four bits.
@usableFromInline package struct PaymentTraits: OptionSet, Hashable, Sendable {
    @usableFromInline package let rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A wallet pays; no provider is asked. Its identifier is the payment method.
    @inlinable package static var wallet: PaymentTraits { PaymentTraits(rawValue: 1) }
    /// Its capture fills a wallet (`PaymentDetails.Field.wallet`).
    @inlinable package static var topUp: PaymentTraits { PaymentTraits(rawValue: 2) }
    /// Captured by hand against cash.
    @inlinable package static var cash: PaymentTraits { PaymentTraits(rawValue: 4) }
    /// Sellers have, or will have, parts of it.
    @inlinable package static var split: PaymentTraits { PaymentTraits(rawValue: 8) }

    /// A wallet pays, or is filled.
    @inlinable package static var ofWallets: PaymentTraits { [.wallet, .topUp] }

    @inlinable package static var all: PaymentTraits { [.wallet, .topUp, .cash, .split] }
}
