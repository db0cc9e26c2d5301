package import HTTPTransport
package import ShardCore

/// Every reason for which an answer is a problem document (RFC 9457). The name is stable: clients decide by it.
/// `docs/errors.md` lists exactly these.
package enum ProblemCode: UInt8, Sendable, CaseIterable {
    // The request as HTTP.
    case malformedRequest
    case bodyTooLarge
    case requestTimeout
    case overloaded
    case routeNotFound
    case methodNotAllowed
    case unsupportedMediaType

    // Who asks, and under which key.
    case apiKeyMissing
    case apiKeyInvalid
    case apiKeyRoleWrong
    case manualCaptureNotPermitted
    case idempotencyKeyMissing
    case idempotencyKeyInvalid
    case idempotencyKeyConflict

    // The body.
    case cardNumberInRequest
    case bodyMissing
    case jsonInvalid
    case jsonNotObject
    case jsonTooDeep
    case jsonDuplicateMember
    case jsonTooManyMembers
    case jsonNumberOutOfRange
    case parameterMissing
    case parameterUnknown
    case parameterTypeInvalid
    case parameterTooShort
    case parameterTooLong
    case parameterCharactersInvalid
    case parameterValueUnknown
    case parameterRepeated
    case parameterOutOfRange
    case cursorInvalid
    case momentNotPast
    case amountNotInteger
    case amountNegative
    case amountZero
    case amountTooLarge
    case currencyUnknown
    case metadataTooManyPairs

    // What the gateway's state says.
    case momentUnknown
    case resourceNotFound
    case idempotencyKeyReused
    case idempotencyKeyInUse
    case paymentUnexpectedState
    case operationInProgress
    case amountExceedsCapturable
    case amountExceedsRefundable
    case tooManyRefunds
    case operationNotSupported
    case amountNotAboveAuthorized
    case paymentDisputed
    case eventNotAllowed
    case eventAmountMismatch
    case disputeUnexpectedState
    case tooManyDisputes
    case paymentNotInReview
    case reviewForOperators
    case idempotencyTableFull
    case paymentTableFull
    case journalFailed
    case draining

    // Money beside payments.
    case balanceInsufficient
    case payoutBelowMinimum
    case payoutsOnHold
    case payoutUnexpectedState
    case walletUnknown
    case walletCurrencyMismatch
    case walletFundsInsufficient
    case exchangePairUnavailable
    case quoteExpired
    case quoteUsed
    case exchangeAmountTooSmall
    case splitsExceedCapture
    case tooManySellers
    case splitsNotPossible
    case manualCaptureNotPossible
    case payoutTableFull
    case walletTableFull
    case quoteTableFull
    case sellerTableFull
    case sellerLimitReached

    // What the payment service provider says.
    case paymentDeclined
    case paymentNotExecuted
    case refundDeclined
    case refundFailed
}

/// The rough kind of a problem, for clients that do not know a code.
package enum ProblemCategory: UInt8, Sendable, CaseIterable {
    case validation
    case auth
    case rateLimit
    case conflict
    case decline
    case psp
    case `internal`

    package var name: StaticString {
        switch self {
        case .validation: "validation"
        case .auth: "auth"
        case .rateLimit: "rate_limit"
        case .conflict: "conflict"
        case .decline: "decline"
        case .psp: "psp"
        case .internal: "internal"
        }
    }
}

extension ProblemCode {
    /// The problem that a refusal of the shard becomes.
    package init(_ refusal: Refusal) {
        self =
            switch refusal {
            case .notFound: .resourceNotFound
            case .keyReused: .idempotencyKeyReused
            case .keyInUse: .idempotencyKeyInUse
            case .unexpectedState: .paymentUnexpectedState
            case .operationInProgress: .operationInProgress
            case .amountExceedsCapturable: .amountExceedsCapturable
            case .amountExceedsRefundable: .amountExceedsRefundable
            case .idempotencyTableFull: .idempotencyTableFull
            case .paymentTableFull: .paymentTableFull
            case .overloaded: .overloaded
            case .journalFailed: .journalFailed
            case .draining: .draining
            case .tooManyRefunds: .tooManyRefunds
            case .cursorInvalid: .cursorInvalid
            case .momentNotPast: .momentNotPast
            case .momentUnknown: .momentUnknown
            case .notSupported: .operationNotSupported
            case .amountNotAboveAuthorized: .amountNotAboveAuthorized
            case .amountTooLarge: .amountTooLarge
            case .disputed: .paymentDisputed
            case .eventNotAllowed: .eventNotAllowed
            case .eventAmountMismatch: .eventAmountMismatch
            case .disputeUnexpectedState: .disputeUnexpectedState
            case .tooManyDisputes: .tooManyDisputes
            case .notInReview: .paymentNotInReview
            case .reviewForOperators: .reviewForOperators
            case .balanceInsufficient: .balanceInsufficient
            case .payoutBelowMinimum: .payoutBelowMinimum
            case .payoutsOnHold: .payoutsOnHold
            case .payoutUnexpectedState: .payoutUnexpectedState
            case .walletUnknown: .walletUnknown
            case .walletCurrencyMismatch: .walletCurrencyMismatch
            case .walletFundsInsufficient: .walletFundsInsufficient
            case .quoteExpired: .quoteExpired
            case .quoteUsed: .quoteUsed
            case .exchangeAmountTooSmall: .exchangeAmountTooSmall
            case .splitsExceedCapture: .splitsExceedCapture
            case .tooManySellers: .tooManySellers
            case .splitsNotPossible: .splitsNotPossible
            case .manualCaptureNotPossible: .manualCaptureNotPossible
            case .payoutTableFull: .payoutTableFull
            case .walletTableFull: .walletTableFull
            case .quoteTableFull: .quoteTableFull
            case .sellerTableFull: .sellerTableFull
            case .sellerLimitReached: .sellerLimitReached
            }
    }

    /// The parameter at fault, for a code of the shard that can only mean one.
    var parameter: ParameterName? {
        switch self {
        case .cursorInvalid: .known("cursor")
        case .momentNotPast, .momentUnknown: .known("at")
        default: nil
        }
    }

    /// The problem that a request becomes which the transport refuses.
    package init(_ fault: HTTPRequestFault) {
        self =
            switch fault {
            case .bodyTooLarge: .bodyTooLarge
            case .bodyTimeout: .requestTimeout
            case .overloaded: .overloaded
            case .malformed: .malformedRequest
            }
    }
}
