/// What the card network or the issuer advises after a decline. It overrules the decline's class.
/// The raw value is journaled.
package enum DeclineAdvice: UInt8, Sendable, CaseIterable {
    /// The PSP reported none.
    case none = 0
    /// Never try this payment method again. A further attempt may be fined by the network.
    case doNotTryAgain = 1
    /// Try again later, not now: by no connector within this request.
    case tryAgainLater = 2
    /// The shopper must correct the payment method's data first.
    case confirmCardData = 3

    /// The name in answers; `none` has none.
    package var name: StaticString {
        switch self {
        case .none: "none"
        case .doNotTryAgain: "do_not_try_again"
        case .tryAgainLater: "try_again_later"
        case .confirmCardData: "confirm_card_data"
        }
    }

    /// The advice of this name, as Stripe's `advice_code` spells it; `none` for an unknown or
    /// absent one.
    package init(code: String?) {
        self = Self.allCases.first { $0 != .none && $0.name.description == code } ?? .none
    }
}
