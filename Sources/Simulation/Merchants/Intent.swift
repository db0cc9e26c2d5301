import Payments
import Shard

/// What a shopper wants to pay, and what the merchant does about it.
struct Intent {
    /// The first amount; each intent has one of its own, so that a charge at the PSP says whose it is.
    static let firstAmount: Int64 = 1_000
    static let amountStep: Int64 = 10

    var merchant: UInt64
    var captures: Bool
    var method: String
    var payment: PaymentID?
    /// What was captured and refunded, as far as the merchant was told that it is final.
    var captured: Int64 = 0
    var refunded: Int64 = 0
    var refundsAsked: Int64 = 0
    var isCancelled = false
    /// The largest amounts that an answer ever showed; they never fall.
    var shownCaptured: Int64 = 0
    var shownRefunded: Int64 = 0

    static func amount(of intent: Int) -> Int64 { firstAmount + Int64(intent) * amountStep }

    /// The intent that an amount belongs to; a conflicting request and a PSP that charges one more fall into the same step.
    static func intent(of amount: Int64) -> Int { Int((amount - firstAmount) / amountStep) }
}

/// One mutation that a merchant wants done, under one idempotency key, however often it is sent.
struct Request {
    enum Kind: UInt8 {
        case create
        case capture
        case cancel
        case refund
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
        "tok_refund_pending_fails", "tok_refund_execute_then_drop", "tok_expires_1s",
        "tok_decline_insufficient_funds", "tok_decline_lost_card", "tok_decline_processing_error",
    ]
}
