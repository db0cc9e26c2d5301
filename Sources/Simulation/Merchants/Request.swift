import Payments
import ShardCore

/// One mutation that a merchant or an operator wants done, under one idempotency key, however often
/// it is sent.
struct Request {
    enum Kind: UInt8 {
        case create
        case capture
        case cancel
        case refund
        case increment
        case confirm
        case approve
        case reject
        /// No step of a payment: `nonPayment` says what.
        case nonPayment
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

    /// Who asks, or whose payment an operator reports about.
    var merchant: UInt64
    /// -1 for what is about no shopper.
    var intent: Int
    var kind: Kind
    var nonPayment: NonPaymentCommand?
    /// Minor units; nil for all there is.
    var amount: Int64?
    /// Of a capture.
    var isFinal = true
    /// Of a capture.
    var splits: [SplitRequest] = []
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
    /// How long its key was still remembered when it was repeated, in milliseconds of the shard. It
    /// is set until the repeat is answered; nil when nobody waits for such an answer.
    var timeLeftForRepeat: Int64?
    /// The request whose key it has, which was forgotten; nil for one with a key of its own.
    var keyOf: Int?
    /// Of an event: the connector that it is about, when the payment had left that connector
    /// already.
    var earlier: ConnectorID?
    /// The conflicting variant was sent, too.
    var hasConflict = false
}

/// What merchants do beside operations on payments, and what operators report.
enum NonPaymentCommand {
    case event(ProviderEvent)
    case evidence(DisputeID)
    case accept(DisputeID)
    case openWallet
    case payout(CreatePayout)
    case payoutEvent(PayoutID, PayoutEvent)
    case quote(QuoteRequest)
    case convert(QuoteID)

    /// Whether another amount under the same key would be another request. It is false for a report
    /// about the PSP's charge, because no provider reports two amounts of one charge. The gateway
    /// would book the one that came first, whatever the PSP did.
    var canConflict: Bool {
        switch self {
        case .event(let event):
            event.amountMinor != nil && event.type != .authorizationSucceeded && event.type != .captureSucceeded
        case .payout(let payout): payout.amountMinor != nil
        case .evidence, .accept, .openWallet, .payoutEvent, .quote, .convert: false
        }
    }

    /// Whether an operator asks, with a key that is no merchant's.
    var isOperators: Bool {
        switch self {
        case .event, .payoutEvent: true
        case .evidence, .accept, .openWallet, .payout, .quote, .convert: false
        }
    }
}

/// One request on its way to the gateway and back.
struct Attempt {
    enum Variant: UInt8 {
        case original
        /// The same key, another amount.
        case conflicting
        /// Not the request itself but a look at its payment.
        case read
        /// A look at a balance or a wallet by the checks at the world's end.
        case audit
    }

    var request: Int
    var variant: Variant
    /// The process that it reached; 0 while it has reached none.
    var boot = 0
    var response: Response?
    /// The answer was lost on the way, or the merchant has given up waiting.
    var isOver = false
}
