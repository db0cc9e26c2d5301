package import HTTPTransport

/// Every reason for which an answer is a problem document (RFC 9457). The name is stable: clients
/// decide by it. `ProblemRule` has the row of each; `docs/errors.md` lists exactly these.
package enum ProblemCode: UInt8, Sendable, CaseIterable {
    // The request as HTTP.
    case malformedRequest
    case headersTooLarge
    case unsupportedTransferCoding
    case bodyTooLarge
    case requestTimeout
    case overloaded
    case routeNotFound
    case methodNotAllowed
    case unsupportedMediaType
    case unsupportedContentEncoding

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
    case connectorUnknown
    case connectorMismatch
    case disputeUnexpectedState
    case tooManyDisputes
    case paymentNotInReview
    case reviewForOperators
    case idempotencyTableFull
    case merchantLimitReached
    case eventTableFull
    case journalRoomShort
    case paymentTableFull
    case accountTableFull
    case journalFailed
    case draining
    case shardUnavailable

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
    case timeUncertain
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
            case .headersTooLarge: .headersTooLarge
            case .transferCodingUnknown: .unsupportedTransferCoding
            }
    }
}
