import Payments
import ShardCore

/// What a shopper wants to pay, and what the merchant does about it.
struct Intent {
    /// The first amount. Each intent has an amount of its own, so that a charge at the PSP shows
    /// its intent. All of them lie in the upper half of what `incrementStep` leaves. So an approval
    /// for half differs from one for another shopper's whole amount.
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
    /// What was captured and refunded, as far as final answers said so.
    var captured: Int64 = 0
    var refunded: Int64 = 0
    var refundsAsked: Int64 = 0
    var isCancelled = false
    /// The merchant accepts an approval for less.
    var takesLess = false
    var confirms = 0
    var increments = 0
    /// Its wallet pays, or it fills one.
    var funding = PaymentFunding.provider
    /// How its captures are shared.
    var splits: [SplitRequest] = []
    var customer = ""
    /// Of what was captured, how much the operators have reported as settled.
    var settled: Int64 = 0
    /// A refund came back or a capture failed after all: the PSP's books know nothing of it, and
    /// take no refund of that money again.
    var isBeyondPSP = false
    /// The largest amounts that an answer ever showed; they never fall.
    var shownCaptured: Int64 = 0
    var shownRefunded: Int64 = 0

    static func amount(of intent: Int) -> Int64 { firstAmount + Int64(intent) * amountStep }

    /// The intent that an amount belongs to. The amounts of a conflicting request and of an
    /// increment belong to the same intent. So do those of a PSP that charges one more, or approves
    /// half.
    static func intent(of amount: Int64) -> Int {
        let first = amount % incrementStep
        return Int(((first < firstAmount ? first * 2 : first) - firstAmount) / amountStep)
    }
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
