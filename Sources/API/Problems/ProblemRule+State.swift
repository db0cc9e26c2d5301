import ShardCore

extension ProblemRule {
    /// What the gateway's state says.
    static let state: [Self] = [
        Self(
            code: .momentUnknown,
            name: "moment_unknown",
            refusal: .momentUnknown,
            category: .validation,
            title: "The balance of that moment is not known",
            detail:
                "The journal does not tell that moment any more: it was written by an earlier version, or is no longer kept."
        ),
        Self(
            code: .resourceNotFound,
            name: "resource_not_found",
            refusal: .notFound,
            category: .validation,
            title: "No such object",
            detail: "There is no payment, refund, dispute, pay-out, wallet or quote of this name, or it is not yours."
        ),
        Self(
            code: .idempotencyKeyReused,
            name: "idempotency_key_reused",
            refusal: .keyReused,
            category: .conflict,
            title: "The idempotency key belongs to another request",
            detail: "A key stands for one request; use a new key for another request."
        ),
        Self(
            code: .idempotencyKeyInUse,
            name: "idempotency_key_in_use",
            refusal: .keyInUse,
            category: .conflict,
            title: "The first request with this idempotency key is still running",
            detail: "Ask again with the same key after the time that Retry-After says."
        ),
        Self(
            code: .paymentUnexpectedState,
            name: "payment_unexpected_state",
            refusal: .unexpectedState,
            category: .conflict,
            title: "The payment's status does not allow this",
            detail: "See status in the payment."
        ),
        Self(
            code: .operationInProgress,
            name: "operation_in_progress",
            refusal: .operationInProgress,
            category: .conflict,
            title: "Another operation of this payment is running",
            detail: "Ask again with the same key after the time that Retry-After says."
        ),
        Self(
            code: .amountExceedsCapturable,
            name: "amount_exceeds_capturable",
            refusal: .amountExceedsCapturable,
            category: .validation,
            title: "More than can be captured",
            detail: "See amount_capturable in the payment."
        ),
        Self(
            code: .amountExceedsRefundable,
            name: "amount_exceeds_refundable",
            refusal: .amountExceedsRefundable,
            category: .validation,
            title: "More than can be refunded",
            detail: "Refunds may return amount_captured in all."
        ),
        Self(
            code: .tooManyRefunds,
            name: "too_many_refunds",
            refusal: .tooManyRefunds,
            category: .validation,
            title: "The payment has too many refunds",
            detail: "A payment can have 1000 refunds."
        ),
        Self(
            code: .operationNotSupported,
            name: "operation_not_supported",
            refusal: .notSupported,
            category: .validation,
            title: "The provider does not support this",
            detail: "The payment's provider does not do this. Nothing was sent."
        ),
        Self(
            code: .amountNotAboveAuthorized,
            name: "amount_not_above_authorized",
            refusal: .amountNotAboveAuthorized,
            category: .validation,
            title: "The authorization is not below this amount",
            detail: "Send the new total: more than amount_authorized in the payment."
        ),
        Self(
            code: .paymentDisputed,
            name: "payment_disputed",
            refusal: .disputed,
            category: .conflict,
            title: "The payment is disputed",
            detail: "An open dispute holds the money. Wait for its end."
        ),
        Self(
            code: .eventNotAllowed,
            name: "event_not_allowed",
            refusal: .eventNotAllowed,
            category: .conflict,
            title: "The payment's state does not take this event",
            detail: "Nothing was booked; the payment is in `payment`, and what it takes now in `allowed_events`."
        ),
        Self(
            code: .eventAmountMismatch,
            name: "event_amount_mismatch",
            refusal: .eventAmountMismatch,
            category: .conflict,
            title: "The event's amount or currency does not fit the payment",
            detail:
                "Nothing was booked. More than the payment has for this, or another currency: report it as money.unexplained."
        ),
        Self(
            code: .connectorUnknown,
            name: "connector_unknown",
            refusal: .connectorUnknown,
            category: .validation,
            title: "The gateway has no such connector",
            detail: "Nothing was booked. `provider` must be the name of a configured connector."
        ),
        Self(
            code: .connectorMismatch,
            name: "connector_mismatch",
            refusal: .connectorMismatch,
            category: .conflict,
            title: "The payment is at another connector",
            detail:
                "Nothing was booked. The payment's own connector reports events; the timeline names it. An earlier one may report only that it executed a payment after all, and what became of that money."
        ),
        Self(
            code: .disputeUnexpectedState,
            name: "dispute_unexpected_state",
            refusal: .disputeUnexpectedState,
            category: .conflict,
            title: "The dispute's status does not allow this",
            detail:
                "Only an open dispute takes evidence or is accepted, and only before its evidence is due; it is in `dispute`."
        ),
        Self(
            code: .tooManyDisputes,
            name: "too_many_disputes",
            refusal: .tooManyDisputes,
            category: .validation,
            title: "The payment has too many disputes",
            detail: "A payment can have at most 16 disputes."
        ),
        Self(
            code: .paymentNotInReview,
            name: "payment_not_in_review",
            refusal: .notInReview,
            category: .conflict,
            title: "The payment is in no review",
            detail: "Only a payment with the status review can be approved or rejected."
        ),
        Self(
            code: .reviewForOperators,
            name: "review_for_operators",
            refusal: .reviewForOperators,
            category: .auth,
            title: "This review is for operators",
            detail: "A sanctions list holds the payment: only an operator approves or rejects it."
        ),
        Self(
            code: .idempotencyTableFull,
            name: "idempotency_table_full",
            refusal: .idempotencyTableFull,
            category: .internal,
            title: "No room for another idempotency key",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .merchantLimitReached,
            name: "merchant_limit_reached",
            refusal: .merchantLimitReached,
            category: .rateLimit,
            title: "The merchant has as much of a shared table as it may have",
            detail:
                "Nothing was executed. Try again with the same idempotency key when earlier payments or operations have ended."
        ),
        Self(
            code: .eventTableFull,
            name: "event_table_full",
            refusal: .eventTableFull,
            category: .internal,
            title: "No room for another event",
            detail: "Nothing was applied. Send the event again after the time that Retry-After says."
        ),
        Self(
            code: .journalRoomShort,
            name: "journal_room_short",
            refusal: .journalRoomShort,
            category: .internal,
            title: "The journal has no room for new work",
            detail: "Nothing was executed: the disk's room is kept for operations in flight. Try again later."
        ),
        Self(
            code: .paymentTableFull,
            name: "payment_table_full",
            refusal: .paymentTableFull,
            category: .internal,
            title: "No room for another payment",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .accountTableFull,
            name: "account_table_full",
            refusal: .accountTableFull,
            category: .internal,
            title: "No room for another account of the ledger",
            detail: "Nothing was executed. Merchants, currencies, wallets and sellers that have money go on."
        ),
        Self(
            code: .journalFailed,
            name: "journal_failed",
            refusal: .journalFailed,
            category: .internal,
            title: "The gateway cannot write its journal",
            detail:
                "Nothing new is executed; what was under way may have been. Ask again later with the same idempotency key."
        ),
        Self(
            code: .draining,
            name: "draining",
            refusal: .draining,
            category: .internal,
            title: "The gateway is shutting down",
            detail: "Nothing was executed. Try again on a new connection."
        ),
        Self(
            code: .shardUnavailable,
            name: "shard_unavailable",
            refusal: .shardUnavailable,
            category: .internal,
            title: "The merchant's shard is moving to another host",
            detail:
                "What became of the request is not known here. Send it again with the same idempotency key."
        ),
    ]

    /// What the payment service provider says.
    static let provider: [Self] = [
        Self(
            code: .paymentDeclined,
            name: "payment_declined",
            status: 402,
            category: .decline,
            retry: .byDeclineClass,
            title: "The payment was declined",
            detail: "See decline for what may be done."
        ),
        Self(
            code: .paymentNotExecuted,
            name: "payment_not_executed",
            status: 502,
            category: .psp,
            retry: .later,
            title: "The payment was not executed",
            detail: "No money moved. If retryable is true, try again with a new idempotency key."
        ),
        Self(
            code: .refundDeclined,
            name: "refund_declined",
            status: 402,
            category: .decline,
            retry: .byDeclineClass,
            title: "The refund was declined",
            detail: "See decline for what may be done."
        ),
        Self(
            code: .refundFailed,
            name: "refund_failed",
            status: 502,
            category: .psp,
            retry: .later,
            title: "The refund failed",
            detail: "No money moved. If retryable is true, try again with a new idempotency key."
        ),
    ]
}
