import Payments
import Shard

/// What a shopper wants to pay, and what the merchant does about it.
struct Intent {
    /// The first amount; each intent has one of its own, so that a charge at the PSP says whose it is. All of them lie in the upper
    /// half of what `incrementStep` leaves, so that an approval for half is told from one for another shopper's whole amount.
    static let firstAmount: Int64 = 1_000_000
    static let amountStep: Int64 = 10
    /// What an increment adds.
    static let incrementStep: Int64 = 10_000_000
    /// Confirmations that a merchant sends before it leaves the rest to time.
    static let maximumConfirms = 4

    var merchant: UInt64
    var captures: Bool
    var method: String
    var payment: PaymentID?
    /// What was captured and refunded, as far as the merchant was told that it is final.
    var captured: Int64 = 0
    var refunded: Int64 = 0
    var refundsAsked: Int64 = 0
    var isCancelled = false
    /// An approval for less is welcome.
    var takesLess = false
    var confirms = 0
    var increments = 0
    /// The largest amounts that an answer ever showed; they never fall.
    var shownCaptured: Int64 = 0
    var shownRefunded: Int64 = 0

    static func amount(of intent: Int) -> Int64 { firstAmount + Int64(intent) * amountStep }

    /// The intent that an amount belongs to; a conflicting request, an increment, a PSP that charges one more and one that approves
    /// half fall into the same step.
    static func intent(of amount: Int64) -> Int {
        let first = amount % incrementStep
        return Int(((first < firstAmount ? first * 2 : first) - firstAmount) / amountStep)
    }
}

/// One mutation that a merchant wants done, under one idempotency key, however often it is sent.
struct Request {
    enum Kind: UInt8 {
        case create
        case capture
        case cancel
        case refund
        case increment
        case confirm
    }

    enum Outcome: UInt8 {
        case open
        case succeeded
        /// Declined or not executed: a final answer, too.
        case failed
        case conflicted
        /// Refused without anything being stored.
        case refused
    }

    /// A final answer, which the key must give from then on.
    struct Final: Equatable {
        var variant: UInt8
        var status: UInt16
        var hash: UInt64
    }

    var intent: Int
    var kind: Kind
    /// Minor units; nil for all there is.
    var amount: Int64?
    /// Of a capture.
    var isFinal = true
    var outcome = Outcome.open
    var final: Final?
    /// The payment that any answer under this key showed.
    var payment: PaymentID?
    var sends = 0
    /// The attempt that the merchant waits for.
    var current: Int?
    /// Times that it will be asked again although it is final.
    var reasks = 0
    var wasAnsweredInCalm = false
    /// The conflicting variant was sent, too.
    var hasConflict = false
}

/// One request on its way to the gateway and back.
struct Attempt {
    enum Variant: UInt8 {
        case original
        /// The same key, another amount.
        case conflicting
        /// Not the request itself but a look at its payment.
        case read
    }

    var request: Int
    var variant: Variant
    /// The process that it reached; 0 while it has reached none.
    var boot = 0
    var response: Response?
    /// The answer was lost on the way, or the merchant has given up waiting.
    var isOver = false
}

extension Intent {
    /// Payment methods with a behaviour of their own at the PSP (docs/psp-simulator.md).
    static let specialMethods = [
        "tok_timeout", "tok_execute_then_drop", "tok_execute_then_reset", "tok_execute_then_close",
        "tok_execute_then_silence", "tok_execute_then_500", "tok_500_without_execution", "tok_503_not_executed",
        "tok_429",
        "tok_reset", "tok_slow_5s", "tok_slow_drip", "tok_malformed_json", "tok_pending_succeeds", "tok_pending_fails",
        "tok_wrong_amount", "tok_wrong_currency", "tok_capture_fails", "tok_capture_pending",
        "tok_capture_execute_then_drop", "tok_cancel_fails", "tok_refund_fails", "tok_refund_pending",
        "tok_refund_pending_fails", "tok_refund_execute_then_drop", "tok_expires_1s", "tok_expires_20s",
        "tok_partial_half", "tok_partial_unasked", "tok_partial_unasked", "tok_overcapture",
        "tok_increment_fails", "tok_increment_execute_then_drop",
        "tok_3ds", "tok_3ds", "tok_3ds", "tok_redirect", "tok_redirect", "tok_3ds_declined", "tok_3ds_completes_20s",
        "tok_3ds_fails_20s", "tok_redirect_completes_2s",
        "tok_late_5s", "tok_late_40s", "tok_bank_debit_succeeds_90s", "tok_bank_debit_fails_90s",
        "tok_voucher_paid_600s",
        "tok_voucher_expires_30s",
        "tok_decline_insufficient_funds", "tok_decline_lost_card", "tok_decline_processing_error",
    ]
}
