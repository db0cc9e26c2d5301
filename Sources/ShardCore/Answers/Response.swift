package import Money
package import NIOCore
package import Payments
package import ShardRecords
package import ShardState
package import Time

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
    /// Withdrawn by disputes, whether they are open or lost.
    package var disputedMinor: Int64
    /// Of the captured amount, what the provider has settled.
    package var settledMinor: Int64
    /// In a refusal: the types of events that it would take (`PaymentEventType`), by bits of their
    /// raw values.
    package var allowedEvents: UInt32 = 0
    /// Set when `status` is `failed` by a decline.
    package var decline: Decline?
    /// Set when `status` is `failed` for another reason than a decline.
    package var failure: FailureReason?
    /// The connector that has the payment, or had it last.
    package var connector: ConnectorID = .first
    /// The attempts at other connectors before; empty for nearly all payments.
    package var endedAttempts: [EndedAttempt] = []
    /// What the shopper must do, when `status` is `requires_action`.
    package var nextAction: NextAction?
    /// When the authorization, the shopper's action or the review ends by itself; `.none` for
    /// never.
    package var expiresAt: Timestamp
    /// What the payment's state permits; set for refusals only.
    package var permitted: PermittedOperations = []
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

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
        expiresAt: Timestamp = .none,
        createdAt: Timestamp,
        updatedAt: Timestamp
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
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: RefundID,
        payment: PaymentID,
        status: RefundStatus,
        amountMinor: Int64,
        currency: Currency,
        decline: Decline?,
        createdAt: Timestamp,
        updatedAt: Timestamp
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
    /// What the merchant's sellers have, by currency.
    package var sellers: [SellerLine] = []
    package var asOf: Timestamp

    /// One seller and currency, minor units.
    package struct SellerLine: Sendable, Equatable {
        package var seller: SellerName
        package var currency: Currency
        package var pendingMinor: Int64
        package var availableMinor: Int64
    }

    package init(lines: [Line], asOf: Timestamp) {
        self.lines = lines
        self.asOf = asOf
    }
}

/// Renders the body of an answer. The shard calls it when it decides, because the bytes are
/// journaled with the transition and replayed as they are. The edge implements it, because only the
/// edge knows the wire format. Implementations are pure: the same arguments give the same bytes.
package protocol ResponseRenderer: TreasuryRenderer {
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
    /// The problem document of an operation that certainly was not executed at the PSP (502),
    /// payment inside.
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
    /// The effect of a provider's event.
    func renderEvent(_ event: EventView, into body: inout ByteBuffer)
    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer)
    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer)
    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer)
    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer)
    /// The problem document of a refund that was declined (402), or that certainly was not executed
    /// at the PSP for that reason (502).
    func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    )
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
