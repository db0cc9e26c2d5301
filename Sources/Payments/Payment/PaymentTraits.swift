/// What is special about a payment's money; nearly all have none of these. The raw value is journaled, in four bits.
package struct PaymentTraits: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A wallet pays; no provider is asked. Its identifier is the payment method.
    package static let wallet = PaymentTraits(rawValue: 1)
    /// Its capture fills a wallet (`PaymentDetails.Field.wallet`).
    package static let topUp = PaymentTraits(rawValue: 2)
    /// Captured by hand against cash.
    package static let cash = PaymentTraits(rawValue: 4)
    /// Sellers have, or will have, parts of it.
    package static let split = PaymentTraits(rawValue: 8)

    /// A wallet pays, or is filled.
    package static let ofWallets: PaymentTraits = [.wallet, .topUp]

    package static let all: PaymentTraits = [.wallet, .topUp, .cash, .split]
}
