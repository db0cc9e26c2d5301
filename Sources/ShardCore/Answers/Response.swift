package import Money
package import NIOCore
package import Payments
package import ShardRecords
package import ShardState

/// A payment as an answer shows it.
package struct PaymentView: Sendable {
    package var id: PaymentID
    package var status: PaymentStatus
    package var amountMinor: Int64
    package var currency: Currency
    package var capturesAutomatically: Bool
    package var authorizedMinor: Int64
    package var capturableMinor: Int64
    package var capturedMinor: Int64
    package var refundedMinor: Int64
    package var refundPendingMinor: Int64
    /// Taken back by disputes, whether they are open or lost.
    package var disputedMinor: Int64
    /// Of the captured amount, what the provider has settled.
    package var settledMinor: Int64
    /// In a refusal: the types of events that it would take (`PaymentEventType`), by bits of their raw values.
    package var allowedEvents: UInt32 = 0
    /// Set when `status` is `failed` by a decline.
    package var decline: Decline?
    /// Set when `status` is `failed` for another reason than a decline.
    package var failure: FailureReason?
    /// What the shopper must do, when `status` is `requires_action`.
    package var nextAction: NextAction?
    /// When the authorization, the shopper's action or the review ends by itself, in milliseconds since 1970; 0 for never.
    package var expiresAt: Int64
    /// What the payment's state permits; set for refusals only.
    package var permitted: PermittedOperations = []
    /// Milliseconds since 1970.
    package var createdAt: Int64
    package var updatedAt: Int64

    package init(
        id: PaymentID,
        status: PaymentStatus,
        amountMinor: Int64,
        currency: Currency,
        capturesAutomatically: Bool,
        authorizedMinor: Int64,
        capturableMinor: Int64,
        capturedMinor: Int64,
        refundedMinor: Int64,
        refundPendingMinor: Int64,
        disputedMinor: Int64 = 0,
        settledMinor: Int64 = 0,
        decline: Decline?,
        failure: FailureReason?,
        nextAction: NextAction? = nil,
        expiresAt: Int64 = 0,
        createdAt: Int64,
        updatedAt: Int64
    ) {
        self.id = id
        self.status = status
        self.amountMinor = amountMinor
        self.currency = currency
        self.capturesAutomatically = capturesAutomatically
        self.authorizedMinor = authorizedMinor
        self.capturableMinor = capturableMinor
        self.capturedMinor = capturedMinor
        self.refundedMinor = refundedMinor
        self.refundPendingMinor = refundPendingMinor
        self.disputedMinor = disputedMinor
        self.settledMinor = settledMinor
        self.decline = decline
        self.failure = failure
        self.nextAction = nextAction
        self.expiresAt = expiresAt
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

package struct RefundView: Sendable {
    package var id: RefundID
    package var payment: PaymentID
    package var status: RefundStatus
    package var amountMinor: Int64
    package var currency: Currency
    package var decline: Decline?
    package var createdAt: Int64
    package var updatedAt: Int64

    package init(
        id: RefundID,
        payment: PaymentID,
        status: RefundStatus,
        amountMinor: Int64,
        currency: Currency,
        decline: Decline?,
        createdAt: Int64,
        updatedAt: Int64
    ) {
        self.id = id
        self.payment = payment
        self.status = status
        self.amountMinor = amountMinor
        self.currency = currency
        self.decline = decline
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// What the ledger owes a merchant, as an answer shows it.
package struct BalanceView: Sendable {
    /// One currency; minor units, negative when the merchant owes.
    package struct Line: Sendable, Equatable {
        package var currency: Currency
        /// Captured, less fees and refunds, and not settled by the provider yet.
        package var pendingMinor: Int64
        /// Settled: can be paid out.
        package var availableMinor: Int64
        /// Withheld against disputes.
        package var reserveMinor: Int64

        package init(currency: Currency, pendingMinor: Int64, availableMinor: Int64, reserveMinor: Int64) {
            self.currency = currency
            self.pendingMinor = pendingMinor
            self.availableMinor = availableMinor
            self.reserveMinor = reserveMinor
        }
    }

    /// By currency code; only currencies that the merchant has ever had money in.
    package var lines: [Line]
    /// What sellers of the merchant have: those with money that came or went in a currency.
    package var sellers: [SellerLine] = []
    /// Milliseconds since 1970.
    package var asOf: Int64

    /// One seller and currency, minor units.
    package struct SellerLine: Sendable, Equatable {
        package var seller: SellerName
        package var currency: Currency
        package var pendingMinor: Int64
        package var availableMinor: Int64
    }

    package init(lines: [Line], asOf: Int64) {
        self.lines = lines
        self.asOf = asOf
    }
}

/// Why the shard refused a command; each has one stable `code` at the edge.
package enum Refusal: UInt8, Sendable, CaseIterable {
    /// No such payment or refund, or another merchant's (never told apart). 404.
    case notFound = 1
    /// The same idempotency key with another request. 422.
    case keyReused = 2
    /// The same idempotency key, and its first request is still running. 409, Retry-After 1.
    case keyInUse = 3
    /// The payment's state does not allow the operation. 409; the payment is in the answer.
    case unexpectedState = 4
    /// Another operation of this payment is running or being resolved. 409, retryable.
    case operationInProgress = 5
    /// More than can be captured. 422.
    case amountExceedsCapturable = 6
    /// More than can be refunded. 422.
    case amountExceedsRefundable = 7
    /// The idempotency table is full. 503, Retry-After.
    case idempotencyTableFull = 8
    /// The payment table is full. 503, Retry-After.
    case paymentTableFull = 9
    /// Too many operations are waiting for PSPs or for the disk. 503, Retry-After.
    case overloaded = 10
    /// The journal has failed; nothing can be accepted. 503.
    case journalFailed = 11
    /// The gateway is draining. 503.
    case draining = 12
    /// A payment can have at most 1,000 refunds (`Payment.maximumRefunds`). 422.
    case tooManyRefunds = 13
    /// A cursor that leads nowhere. 400.
    case cursorInvalid = 25
    /// The moment whose balance is asked for is not over yet. 400.
    case momentNotPast = 26
    /// The balance of that moment is not known: the journal does not tell it any more. 422.
    case momentUnknown = 27
    /// The provider does not do that (several captures, increments). 422.
    case notSupported = 14
    /// An increment to no more than what is authorized. 422.
    case amountNotAboveAuthorized = 15
    /// An increment beyond the largest amount of a payment. 400.
    case amountTooLarge = 16
    /// An open dispute holds the money. 409.
    case disputed = 17
    /// A provider's event that the payment's state does not take. 409; the payment and what it takes are in the answer.
    case eventNotAllowed = 30
    /// An event about more than the payment has for it, or in another currency. 409.
    case eventAmountMismatch = 31
    /// A dispute that is not open any more. 409.
    case disputeUnexpectedState = 32
    /// A payment can have at most 16 disputes (`Payment.maximumDisputes`). 422.
    case tooManyDisputes = 33
    /// More than the available balance of the merchant or seller holds. 422.
    case balanceInsufficient = 50
    /// Less than the configured minimum of a pay-out. 422.
    case payoutBelowMinimum = 51
    /// The merchant's pay-outs are held back. 409.
    case payoutsOnHold = 52
    /// The pay-out's state does not allow the event. 409.
    case payoutUnexpectedState = 53
    /// For good: pay-outs are never removed. 503.
    case payoutTableFull = 54
    /// For good: wallets are never removed. 503.
    case walletTableFull = 55
    /// The payment method names no wallet of the merchant. 422.
    case walletUnknown = 56
    /// The wallet holds another currency. 422.
    case walletCurrencyMismatch = 57
    /// The wallet does not hold what a refund of a top-up would take back. 422.
    case walletFundsInsufficient = 58
    /// 503, Retry-After.
    case quoteTableFull = 59
    /// 409.
    case quoteExpired = 60
    /// 409.
    case quoteUsed = 61
    /// Nothing would be left to buy. 422.
    case exchangeAmountTooSmall = 62
    /// The sellers' parts and the fee are more than the capture. 422.
    case splitsExceedCapture = 63
    /// More sellers than one payment can have. 422.
    case tooManySellers = 64
    /// For good: sellers are never removed. 503.
    case sellerTableFull = 65
    /// A manual capture is the first and only one of a payment that a provider authorized. 409.
    case manualCaptureNotPossible = 66
    /// Payments from wallets and top-ups have no splits. 422.
    case splitsNotPossible = 67
    /// The merchant has as many sellers as one can have. 422.
    case sellerLimitReached = 68

    /// The payment is in no review (approve, reject). 409.
    case notInReview = 40
    /// A sanctions list holds the payment: no merchant's to approve or reject. 403.
    case reviewForOperators = 41

    /// The HTTP status of the answer; the problem document says the same.
    package var httpStatus: UInt16 {
        switch self {
        case .notFound: 404
        case .reviewForOperators: 403
        case .cursorInvalid, .momentNotPast: 400
        case .keyReused, .amountExceedsCapturable, .amountExceedsRefundable, .tooManyRefunds, .momentUnknown,
            .notSupported, .amountNotAboveAuthorized, .tooManyDisputes:
            422
        case .amountTooLarge: 400
        case .keyInUse, .unexpectedState, .operationInProgress, .disputed, .eventNotAllowed, .eventAmountMismatch,
            .disputeUnexpectedState, .notInReview:
            409
        case .idempotencyTableFull, .paymentTableFull, .overloaded, .journalFailed, .draining: 503
        case .balanceInsufficient, .payoutBelowMinimum, .walletUnknown, .walletCurrencyMismatch,
            .walletFundsInsufficient, .exchangeAmountTooSmall, .splitsExceedCapture, .tooManySellers,
            .sellerLimitReached, .splitsNotPossible:
            422
        case .payoutsOnHold, .payoutUnexpectedState, .quoteExpired, .quoteUsed, .manualCaptureNotPossible: 409
        case .payoutTableFull, .walletTableFull, .quoteTableFull, .sellerTableFull: 503
        }
    }

    /// Seconds for `Retry-After`; 0 where trying again makes no sense.
    package var retryAfterSeconds: UInt16 {
        switch self {
        case .keyInUse, .operationInProgress, .overloaded: 1
        case .idempotencyTableFull, .paymentTableFull, .journalFailed, .draining: 5
        case .notFound, .keyReused, .unexpectedState, .amountExceedsCapturable, .amountExceedsRefundable,
            .tooManyRefunds, .cursorInvalid, .momentNotPast, .momentUnknown, .notSupported, .amountNotAboveAuthorized,
            .amountTooLarge, .disputed, .eventNotAllowed, .eventAmountMismatch, .disputeUnexpectedState, .notInReview,
            .tooManyDisputes:
            0
        case .quoteTableFull: 5
        case .payoutTableFull, .walletTableFull, .sellerTableFull, .sellerLimitReached, .reviewForOperators: 0
        case .balanceInsufficient, .payoutBelowMinimum, .payoutsOnHold, .payoutUnexpectedState, .walletUnknown,
            .walletCurrencyMismatch, .walletFundsInsufficient, .quoteExpired, .quoteUsed, .exchangeAmountTooSmall,
            .splitsExceedCapture, .tooManySellers, .manualCaptureNotPossible, .splitsNotPossible:
            0
        }
    }
}

/// Renders the body of an answer. The shard calls it when it decides, because the bytes are journaled with the
/// transition and replayed as they are; the edge implements it, because only the edge knows the wire format.
/// Implementations are pure: the same arguments give the same bytes.
package protocol ResponseRenderer: MoneyRenderer {
    /// The payment object alone (200, 201, 202).
    func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer)
    /// The problem document of a decline with the payment inside (402).
    func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    )
    /// The problem document of an operation that certainly was not executed at the PSP (502), payment inside.
    func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    )
    func renderRefund(_ refund: RefundView, into body: inout ByteBuffer)
    func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer)
    /// The problem document of a dispute that does not allow something, the dispute inside.
    func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    )
    /// What came of a provider's event.
    func renderEvent(_ event: EventView, into body: inout ByteBuffer)
    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer)
    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer)
    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer)
    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer)
    /// The problem document of a refused or failed refund (402 for a decline).
    func renderRefundFailed(_ refund: RefundView, requestID: RequestID, into body: inout ByteBuffer)
    /// A problem document without stored state; `payment` where the refusal shows it.
    func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    )
}

/// An answer on its way to the edge.
package struct Response: Sendable {
    package var reply: ReplyToken
    package var requestID: RequestID
    /// HTTP status.
    package var status: UInt16
    /// `Idempotent-Replayed: true` is to be sent.
    package var isReplay: Bool
    /// Seconds for `Retry-After`; 0 for none.
    package var retryAfterSeconds: UInt16
    package var body: ByteBuffer

    package init(
        reply: ReplyToken,
        requestID: RequestID,
        status: UInt16,
        isReplay: Bool,
        retryAfterSeconds: UInt16,
        body: ByteBuffer
    ) {
        self.reply = reply
        self.requestID = requestID
        self.status = status
        self.isReplay = isReplay
        self.retryAfterSeconds = retryAfterSeconds
        self.body = body
    }
}
