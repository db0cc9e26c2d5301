import ShardCore

extension ProblemRule {
    /// Money beside payments.
    static let treasury: [Self] = [
        Self(
            code: .balanceInsufficient,
            name: "balance_insufficient",
            refusal: .balanceInsufficient,
            category: .validation,
            title: "The available balance does not suffice",
            detail: "See available in GET /v1/balance; what is pending comes with its settlement."
        ),
        Self(
            code: .payoutBelowMinimum,
            name: "payout_below_minimum",
            refusal: .payoutBelowMinimum,
            category: .validation,
            title: "The pay-out is below the minimum",
            detail: "Wait until more is available, or ask for more."
        ),
        Self(
            code: .payoutsOnHold,
            name: "payouts_on_hold",
            refusal: .payoutsOnHold,
            category: .conflict,
            title: "Pay-outs are held back",
            detail: "Ask the platform why."
        ),
        Self(
            code: .payoutUnexpectedState,
            name: "payout_unexpected_state",
            refusal: .payoutUnexpectedState,
            category: .conflict,
            title: "The pay-out's status does not allow this",
            detail: "See status in the pay-out."
        ),
        Self(
            code: .walletUnknown,
            name: "wallet_unknown",
            refusal: .walletUnknown,
            category: .validation,
            title: "The payment method names no wallet",
            detail: "Send the identifier of one of your wallets."
        ),
        Self(
            code: .walletCurrencyMismatch,
            name: "wallet_currency_mismatch",
            refusal: .walletCurrencyMismatch,
            category: .validation,
            title: "The wallet holds another currency",
            detail: "Send the currency of the wallet."
        ),
        Self(
            code: .walletFundsInsufficient,
            name: "wallet_funds_insufficient",
            refusal: .walletFundsInsufficient,
            category: .validation,
            title: "The wallet does not hold enough",
            detail: "A refund of a top-up returns what is still in the wallet and not held."
        ),
        Self(
            code: .exchangePairUnavailable,
            name: "exchange_pair_unavailable",
            status: 422,
            category: .validation,
            retry: .never,
            title: "These currencies are not exchanged",
            detail: "Ask the platform for the pairs that are."
        ),
        Self(
            code: .quoteExpired,
            name: "quote_expired",
            refusal: .quoteExpired,
            category: .conflict,
            title: "The quote has expired",
            detail: "Ask for another quote."
        ),
        Self(
            code: .quoteUsed,
            name: "quote_used",
            refusal: .quoteUsed,
            category: .conflict,
            title: "The quote was used already",
            detail: "Ask for another quote."
        ),
        Self(
            code: .timeUncertain,
            name: "time_uncertain",
            refusal: .timeUncertain,
            category: .internal,
            title: "Whether the quote still holds is not known",
            detail:
                "The gateway's clock is being set. Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .exchangeAmountTooSmall,
            name: "exchange_amount_too_small",
            refusal: .exchangeAmountTooSmall,
            category: .validation,
            title: "The amount is too small to exchange",
            detail: "Sell more: less than one minor unit would be left, or more than an amount can hold."
        ),
        Self(
            code: .splitsExceedCapture,
            name: "splits_exceed_capture",
            refusal: .splitsExceedCapture,
            category: .validation,
            title: "The splits are more than the capture",
            detail: "The parts of all sellers and the fee fit into the captured amount."
        ),
        Self(
            code: .tooManySellers,
            name: "too_many_sellers",
            refusal: .tooManySellers,
            category: .validation,
            title: "The payment has too many sellers",
            detail: "A payment can have 4 sellers."
        ),
        Self(
            code: .splitsNotPossible,
            name: "splits_not_possible",
            refusal: .splitsNotPossible,
            category: .validation,
            title: "This payment cannot be split",
            detail: "Only captures at a provider are split: not those of wallets, and not top-ups."
        ),
        Self(
            code: .manualCaptureNotPossible,
            name: "manual_capture_not_possible",
            refusal: .manualCaptureNotPossible,
            category: .conflict,
            title: "This payment cannot be captured by hand",
            detail: "A manual capture is final and the first of a payment that a provider authorized."
        ),
        Self(
            code: .payoutTableFull,
            name: "payout_table_full",
            refusal: .payoutTableFull,
            category: .internal,
            title: "No room for another pay-out",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .walletTableFull,
            name: "wallet_table_full",
            refusal: .walletTableFull,
            category: .internal,
            title: "No room for another wallet",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .quoteTableFull,
            name: "quote_table_full",
            refusal: .quoteTableFull,
            category: .internal,
            title: "No room for another quote",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .sellerTableFull,
            name: "seller_table_full",
            refusal: .sellerTableFull,
            category: .internal,
            title: "No room for another seller",
            detail: "Nothing was executed. Try again after the time that Retry-After says."
        ),
        Self(
            code: .sellerLimitReached,
            name: "seller_limit_reached",
            refusal: .sellerLimitReached,
            category: .validation,
            title: "The merchant has too many sellers",
            detail: "At most 1000 sellers of a merchant can have money at once. Name one that has, or pay some out."
        ),
    ]
}
