extension ProblemCode {
    /// The `code` member, and the last part of the `type` URI.
    package var name: StaticString {
        switch self {
        case .malformedRequest: "malformed_request"
        case .bodyTooLarge: "body_too_large"
        case .requestTimeout: "request_timeout"
        case .overloaded: "overloaded"
        case .routeNotFound: "route_not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .unsupportedMediaType: "unsupported_media_type"
        case .apiKeyMissing: "api_key_missing"
        case .apiKeyInvalid: "api_key_invalid"
        case .apiKeyRoleWrong: "api_key_role_wrong"
        case .manualCaptureNotPermitted: "manual_capture_not_permitted"
        case .idempotencyKeyMissing: "idempotency_key_missing"
        case .idempotencyKeyInvalid: "idempotency_key_invalid"
        case .idempotencyKeyConflict: "idempotency_key_conflict"
        case .cardNumberInRequest: "card_number_in_request"
        case .bodyMissing: "body_missing"
        case .jsonInvalid: "json_invalid"
        case .jsonNotObject: "json_not_object"
        case .jsonTooDeep: "json_too_deep"
        case .jsonDuplicateMember: "json_duplicate_member"
        case .jsonTooManyMembers: "json_too_many_members"
        case .jsonNumberOutOfRange: "json_number_out_of_range"
        case .parameterMissing: "parameter_missing"
        case .parameterUnknown: "parameter_unknown"
        case .parameterTypeInvalid: "parameter_type_invalid"
        case .parameterTooShort: "parameter_too_short"
        case .parameterTooLong: "parameter_too_long"
        case .parameterCharactersInvalid: "parameter_characters_invalid"
        case .parameterValueUnknown: "parameter_value_unknown"
        case .parameterRepeated: "parameter_repeated"
        case .parameterOutOfRange: "parameter_out_of_range"
        case .cursorInvalid: "cursor_invalid"
        case .momentNotPast: "moment_not_past"
        case .momentUnknown: "moment_unknown"
        case .amountNotInteger: "amount_not_integer"
        case .amountNegative: "amount_negative"
        case .amountZero: "amount_zero"
        case .amountTooLarge: "amount_too_large"
        case .currencyUnknown: "currency_unknown"
        case .metadataTooManyPairs: "metadata_too_many_pairs"
        case .resourceNotFound: "resource_not_found"
        case .idempotencyKeyReused: "idempotency_key_reused"
        case .idempotencyKeyInUse: "idempotency_key_in_use"
        case .paymentUnexpectedState: "payment_unexpected_state"
        case .operationInProgress: "operation_in_progress"
        case .amountExceedsCapturable: "amount_exceeds_capturable"
        case .amountExceedsRefundable: "amount_exceeds_refundable"
        case .tooManyRefunds: "too_many_refunds"
        case .operationNotSupported: "operation_not_supported"
        case .amountNotAboveAuthorized: "amount_not_above_authorized"
        case .paymentDisputed: "payment_disputed"
        case .eventNotAllowed: "event_not_allowed"
        case .eventAmountMismatch: "event_amount_mismatch"
        case .disputeUnexpectedState: "dispute_unexpected_state"
        case .tooManyDisputes: "too_many_disputes"
        case .paymentNotInReview: "payment_not_in_review"
        case .reviewForOperators: "review_for_operators"
        case .idempotencyTableFull: "idempotency_table_full"
        case .paymentTableFull: "payment_table_full"
        case .journalFailed: "journal_failed"
        case .draining: "draining"
        case .balanceInsufficient: "balance_insufficient"
        case .payoutBelowMinimum: "payout_below_minimum"
        case .payoutsOnHold: "payouts_on_hold"
        case .payoutUnexpectedState: "payout_unexpected_state"
        case .walletUnknown: "wallet_unknown"
        case .walletCurrencyMismatch: "wallet_currency_mismatch"
        case .walletFundsInsufficient: "wallet_funds_insufficient"
        case .exchangePairUnavailable: "exchange_pair_unavailable"
        case .quoteExpired: "quote_expired"
        case .quoteUsed: "quote_used"
        case .exchangeAmountTooSmall: "exchange_amount_too_small"
        case .splitsExceedCapture: "splits_exceed_capture"
        case .tooManySellers: "too_many_sellers"
        case .splitsNotPossible: "splits_not_possible"
        case .manualCaptureNotPossible: "manual_capture_not_possible"
        case .payoutTableFull: "payout_table_full"
        case .walletTableFull: "wallet_table_full"
        case .quoteTableFull: "quote_table_full"
        case .sellerTableFull: "seller_table_full"
        case .sellerLimitReached: "seller_limit_reached"
        case .paymentDeclined: "payment_declined"
        case .paymentNotExecuted: "payment_not_executed"
        case .refundDeclined: "refund_declined"
        case .refundFailed: "refund_failed"
        }
    }

    /// The HTTP status of the answer.
    package var status: UInt16 {
        switch self {
        case .malformedRequest, .idempotencyKeyMissing, .idempotencyKeyInvalid, .idempotencyKeyConflict,
            .cardNumberInRequest, .bodyMissing, .jsonInvalid, .jsonNotObject, .jsonTooDeep, .jsonDuplicateMember,
            .jsonTooManyMembers, .jsonNumberOutOfRange,
            .parameterMissing, .parameterUnknown, .parameterTypeInvalid, .parameterTooShort, .parameterTooLong,
            .parameterCharactersInvalid, .parameterValueUnknown, .parameterRepeated, .parameterOutOfRange,
            .cursorInvalid, .momentNotPast, .amountNotInteger, .amountNegative, .amountZero,
            .amountTooLarge, .currencyUnknown, .metadataTooManyPairs:
            400
        case .apiKeyMissing, .apiKeyInvalid: 401
        case .paymentDeclined, .refundDeclined: 402
        case .apiKeyRoleWrong, .manualCaptureNotPermitted, .reviewForOperators: 403
        case .routeNotFound, .resourceNotFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .idempotencyKeyInUse, .paymentUnexpectedState, .operationInProgress, .paymentDisputed,
            .eventNotAllowed, .eventAmountMismatch, .disputeUnexpectedState, .paymentNotInReview:
            409
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .idempotencyKeyReused, .amountExceedsCapturable, .amountExceedsRefundable, .tooManyRefunds, .momentUnknown,
            .operationNotSupported, .amountNotAboveAuthorized, .tooManyDisputes:
            422
        case .payoutsOnHold, .payoutUnexpectedState, .quoteExpired, .quoteUsed, .manualCaptureNotPossible:
            409
        case .balanceInsufficient, .payoutBelowMinimum, .walletUnknown, .walletCurrencyMismatch,
            .walletFundsInsufficient, .exchangePairUnavailable, .exchangeAmountTooSmall, .splitsExceedCapture,
            .tooManySellers, .sellerLimitReached, .splitsNotPossible:
            422
        case .payoutTableFull, .walletTableFull, .quoteTableFull, .sellerTableFull:
            503
        case .paymentNotExecuted, .refundFailed: 502
        case .overloaded, .idempotencyTableFull, .paymentTableFull, .journalFailed, .draining: 503
        }
    }

    package var category: ProblemCategory {
        switch self {
        case .malformedRequest, .bodyTooLarge, .requestTimeout, .routeNotFound, .methodNotAllowed,
            .unsupportedMediaType, .idempotencyKeyMissing, .idempotencyKeyInvalid, .idempotencyKeyConflict,
            .cardNumberInRequest, .bodyMissing, .jsonInvalid, .jsonNotObject, .jsonTooDeep, .jsonDuplicateMember,
            .jsonTooManyMembers, .jsonNumberOutOfRange,
            .parameterMissing, .parameterUnknown, .parameterTypeInvalid, .parameterTooShort, .parameterTooLong,
            .parameterCharactersInvalid, .parameterValueUnknown, .parameterRepeated, .parameterOutOfRange,
            .cursorInvalid, .momentNotPast, .momentUnknown, .amountNotInteger, .amountNegative, .amountZero,
            .amountTooLarge, .currencyUnknown, .metadataTooManyPairs, .resourceNotFound, .amountExceedsCapturable,
            .amountExceedsRefundable, .tooManyRefunds, .operationNotSupported, .amountNotAboveAuthorized,
            .tooManyDisputes:
            .validation
        case .apiKeyMissing, .apiKeyInvalid, .apiKeyRoleWrong, .manualCaptureNotPermitted, .reviewForOperators: .auth
        case .overloaded: .rateLimit
        case .idempotencyKeyReused, .idempotencyKeyInUse, .paymentUnexpectedState, .operationInProgress,
            .paymentDisputed, .eventNotAllowed, .eventAmountMismatch, .disputeUnexpectedState, .paymentNotInReview:
            .conflict
        case .payoutsOnHold, .payoutUnexpectedState, .quoteExpired, .quoteUsed, .manualCaptureNotPossible:
            .conflict
        case .balanceInsufficient, .payoutBelowMinimum, .walletUnknown, .walletCurrencyMismatch,
            .walletFundsInsufficient, .exchangePairUnavailable, .exchangeAmountTooSmall, .splitsExceedCapture,
            .tooManySellers, .sellerLimitReached, .splitsNotPossible:
            .validation
        case .payoutTableFull, .walletTableFull, .quoteTableFull, .sellerTableFull:
            .internal
        case .paymentDeclined, .refundDeclined: .decline
        case .paymentNotExecuted, .refundFailed: .psp
        case .idempotencyTableFull, .paymentTableFull, .journalFailed, .draining: .internal
        }
    }

    /// Whether the same request may succeed later. A decline decides by its class instead (`isRetryable(after:)`).
    package var isRetryable: Bool {
        switch self {
        case .requestTimeout, .paymentNotExecuted, .refundFailed: true
        case .quoteTableFull: true
        // These never become smaller.
        case .payoutTableFull, .walletTableFull, .sellerTableFull: false
        case .balanceInsufficient, .payoutBelowMinimum, .payoutsOnHold, .payoutUnexpectedState, .walletUnknown,
            .walletCurrencyMismatch, .walletFundsInsufficient, .exchangePairUnavailable, .quoteExpired, .quoteUsed,
            .exchangeAmountTooSmall, .splitsExceedCapture, .tooManySellers, .sellerLimitReached, .splitsNotPossible,
            .manualCaptureNotPossible, .reviewForOperators:
            false
        case .overloaded, .idempotencyKeyInUse, .operationInProgress, .idempotencyTableFull, .paymentTableFull,
            .journalFailed, .draining:
            true
        case .malformedRequest, .bodyTooLarge, .routeNotFound, .methodNotAllowed, .unsupportedMediaType,
            .apiKeyMissing, .apiKeyInvalid, .apiKeyRoleWrong, .manualCaptureNotPermitted, .idempotencyKeyMissing,
            .idempotencyKeyInvalid,
            .idempotencyKeyConflict,
            .cardNumberInRequest, .bodyMissing, .jsonInvalid, .jsonNotObject, .jsonTooDeep, .jsonDuplicateMember,
            .jsonTooManyMembers, .jsonNumberOutOfRange,
            .parameterMissing, .parameterUnknown, .parameterTypeInvalid, .parameterTooShort, .parameterTooLong,
            .parameterCharactersInvalid, .parameterValueUnknown, .parameterRepeated, .parameterOutOfRange,
            .cursorInvalid, .momentNotPast, .momentUnknown, .amountNotInteger, .amountNegative, .amountZero,
            .amountTooLarge, .currencyUnknown, .metadataTooManyPairs, .resourceNotFound, .idempotencyKeyReused,
            .paymentUnexpectedState, .amountExceedsCapturable, .amountExceedsRefundable, .tooManyRefunds,
            .operationNotSupported, .amountNotAboveAuthorized, .paymentDisputed, .eventNotAllowed,
            .eventAmountMismatch, .disputeUnexpectedState, .paymentNotInReview, .tooManyDisputes, .paymentDeclined,
            .refundDeclined:
            false
        }
    }

    /// Seconds for `Retry-After` and `retry_after_ms`; 0 for none. Equal to `Refusal.retryAfterSeconds`.
    package var retryAfterSeconds: UInt16 {
        switch self {
        case .overloaded, .idempotencyKeyInUse, .operationInProgress: 1
        case .quoteTableFull: 5
        case .payoutTableFull, .walletTableFull, .sellerTableFull, .sellerLimitReached, .reviewForOperators: 0
        case .balanceInsufficient, .payoutBelowMinimum, .payoutsOnHold, .payoutUnexpectedState, .walletUnknown,
            .walletCurrencyMismatch, .walletFundsInsufficient, .exchangePairUnavailable, .quoteExpired, .quoteUsed,
            .exchangeAmountTooSmall, .splitsExceedCapture, .tooManySellers, .splitsNotPossible,
            .manualCaptureNotPossible:
            0
        case .idempotencyTableFull, .paymentTableFull, .journalFailed, .draining: 5
        case .malformedRequest, .bodyTooLarge, .requestTimeout, .routeNotFound, .methodNotAllowed,
            .unsupportedMediaType, .apiKeyMissing, .apiKeyInvalid, .apiKeyRoleWrong, .manualCaptureNotPermitted,
            .idempotencyKeyMissing,
            .idempotencyKeyInvalid,
            .idempotencyKeyConflict, .cardNumberInRequest, .bodyMissing, .jsonInvalid, .jsonNotObject, .jsonTooDeep,
            .jsonDuplicateMember, .jsonTooManyMembers, .jsonNumberOutOfRange, .parameterMissing, .parameterUnknown,
            .parameterTypeInvalid, .parameterTooShort,
            .parameterTooLong, .parameterCharactersInvalid, .parameterValueUnknown, .parameterRepeated,
            .parameterOutOfRange, .cursorInvalid, .momentNotPast, .momentUnknown, .amountNotInteger,
            .amountNegative, .amountZero, .amountTooLarge, .currencyUnknown, .metadataTooManyPairs,
            .resourceNotFound, .idempotencyKeyReused, .paymentUnexpectedState, .amountExceedsCapturable,
            .amountExceedsRefundable, .tooManyRefunds, .operationNotSupported, .amountNotAboveAuthorized,
            .paymentDisputed, .eventNotAllowed, .eventAmountMismatch, .disputeUnexpectedState, .paymentNotInReview,
            .tooManyDisputes,
            .paymentDeclined, .paymentNotExecuted, .refundDeclined, .refundFailed:
            0
        }
    }
}
