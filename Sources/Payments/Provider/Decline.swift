/// A decline, normalised (`DeclineClass`, `DeclineCode`) and as the PSP put it.
package struct Decline: Sendable, Equatable {
    package var category: DeclineClass
    package var code: DeclineCode
    /// The PSP's own code, at most 64 bytes.
    package var providerCode: String
    /// What the network or the issuer advises.
    package var advice: DeclineAdvice
    /// The PSP's own reference of the declined operation, at most 64 bytes; empty where it gives
    /// none.
    package var providerReference: String

    package init(
        category: DeclineClass,
        code: DeclineCode,
        providerCode: String,
        advice: DeclineAdvice = .none,
        providerReference: String = ""
    ) {
        self.category = category
        self.code = code
        self.providerCode = providerCode
        self.advice = advice
        self.providerReference = providerReference
    }
}

/// What may be done after a decline; the raw value is journaled.
package enum DeclineClass: UInt8, Sendable, CaseIterable {
    /// Never retry this payment method.
    case hard = 1
    /// Retry with delay, within the networks' caps.
    case softLater = 2
    /// A technical refusal: retry now, another PSP allowed.
    case softTechnical = 3
    /// Strong customer authentication is needed.
    case authentication = 4
    /// The shopper must correct data.
    case fixData = 5
    /// The gateway's own set-up is wrong, and its operator must be alerted.
    case configuration = 6

    package var name: StaticString {
        switch self {
        case .hard: "hard"
        case .softLater: "soft_later"
        case .softTechnical: "soft_technical"
        case .authentication: "authentication"
        case .fixData: "fix_data"
        case .configuration: "configuration"
        }
    }
}

/// Standard decline codes, independent of the PSP (names as Hyperswitch's `StandardisedCode` and
/// Stripe's `decline_code` use them); the raw value is journaled.
package enum DeclineCode: UInt8, Sendable, CaseIterable {
    case genericDecline = 1
    case insufficientFunds = 2
    case lostCard = 3
    case stolenCard = 4
    case expiredCard = 5
    case incorrectCVC = 6
    case suspectedFraud = 7
    case doNotHonor = 8
    case issuerUnavailable = 9
    case processingError = 10
    case authenticationRequired = 11
    case cardNotSupported = 12
    case currencyNotSupported = 13
    case velocityExceeded = 14
    case invalidAccount = 15
    case invalidAmount = 16
    case amountExceedsLimit = 17
    case invalidPaymentMethod = 18
    /// Of a capture: the authorization has ended at the PSP.
    case authorizationExpired = 19
    /// Of a cancel: the PSP has captured it already.
    case alreadyCaptured = 20

    package var name: StaticString {
        switch self {
        case .genericDecline: "generic_decline"
        case .insufficientFunds: "insufficient_funds"
        case .lostCard: "lost_card"
        case .stolenCard: "stolen_card"
        case .expiredCard: "expired_card"
        case .incorrectCVC: "incorrect_cvc"
        case .suspectedFraud: "suspected_fraud"
        case .doNotHonor: "do_not_honor"
        case .issuerUnavailable: "issuer_unavailable"
        case .processingError: "processing_error"
        case .authenticationRequired: "authentication_required"
        case .cardNotSupported: "card_not_supported"
        case .currencyNotSupported: "currency_not_supported"
        case .velocityExceeded: "velocity_exceeded"
        case .invalidAccount: "invalid_account"
        case .invalidAmount: "invalid_amount"
        case .amountExceedsLimit: "amount_exceeds_limit"
        case .invalidPaymentMethod: "invalid_payment_method"
        case .authorizationExpired: "authorization_expired"
        case .alreadyCaptured: "already_captured"
        }
    }

    package var category: DeclineClass {
        switch self {
        case .lostCard, .stolenCard, .suspectedFraud, .invalidAccount, .authorizationExpired, .alreadyCaptured: .hard
        case .genericDecline, .insufficientFunds, .doNotHonor, .velocityExceeded, .amountExceedsLimit: .softLater
        case .issuerUnavailable, .processingError: .softTechnical
        case .authenticationRequired: .authentication
        case .expiredCard, .incorrectCVC, .cardNotSupported, .invalidPaymentMethod: .fixData
        case .currencyNotSupported, .invalidAmount: .configuration
        }
    }
}
