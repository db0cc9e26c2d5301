import NIOCore
import Payments
import Shard

/// Words answers so that merchants of a simulation read them without a parser: fixed fields, little-endian.
struct SimRenderer: ResponseRenderer {
    func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) {
        write(.payment, payment, into: &body)
    }

    func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        write(.payment, payment, into: &body)
        body.writeInteger(decline.code.rawValue)
        body.writeInteger(requestID.low)
    }

    func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        write(.payment, payment, into: &body)
        body.writeInteger(reason.rawValue)
        body.writeInteger(requestID.low)
    }

    func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) {
        body.writeInteger(SimAnswer.Kind.refund.rawValue)
        body.writeInteger(refund.status.rawValue)
        body.writeInteger(refund.payment.high, endianness: .little)
        body.writeInteger(refund.payment.low, endianness: .little)
        body.writeInteger(refund.amountMinor, endianness: .little)
        body.writeInteger(refund.id.high, endianness: .little)
        body.writeInteger(refund.id.low, endianness: .little)
    }

    /// Nobody in a simulated world disputes, tells events, or asks for a balance, for the ledger, or for a payment's history.
    func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {}
    func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {}
    func renderEvent(_ event: EventView, into body: inout ByteBuffer) {}
    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) {}
    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {}
    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {}
    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {}

    func renderRefundFailed(_ refund: RefundView, requestID: RequestID, into body: inout ByteBuffer) {
        renderRefund(refund, into: &body)
        body.writeInteger(requestID.low)
    }

    func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeInteger(SimAnswer.Kind.refusal.rawValue)
        body.writeInteger(refusal.rawValue)
    }

    private func write(_ kind: SimAnswer.Kind, _ payment: PaymentView, into body: inout ByteBuffer) {
        body.writeInteger(kind.rawValue)
        body.writeInteger(payment.status.rawValue)
        body.writeInteger(payment.id.high, endianness: .little)
        body.writeInteger(payment.id.low, endianness: .little)
        body.writeInteger(payment.amountMinor, endianness: .little)
        body.writeInteger(payment.authorizedMinor, endianness: .little)
        body.writeInteger(payment.capturedMinor, endianness: .little)
        body.writeInteger(payment.refundedMinor, endianness: .little)
    }
}

/// An answer as a merchant reads it.
struct SimAnswer {
    enum Kind: UInt8 {
        case payment = 1
        case refund = 2
        case refusal = 3
    }

    var kind: Kind
    /// `PaymentStatus`, `RefundStatus` or `Refusal`.
    var code: UInt8
    var payment: PaymentID?
    var amount: Int64 = 0
    var authorized: Int64 = 0
    var captured: Int64 = 0
    var refunded: Int64 = 0

    var paymentStatus: PaymentStatus? { kind == .payment ? PaymentStatus(rawValue: code) : nil }
    var refusal: Refusal? { kind == .refusal ? Refusal(rawValue: code) : nil }

    init?(_ body: ByteBuffer) {
        var body = body
        guard let first: UInt8 = body.readInteger(), let kind = Kind(rawValue: first),
            let code: UInt8 = body.readInteger()
        else { return nil }
        self.kind = kind
        self.code = code
        guard kind != .refusal else { return }
        guard let high = body.readInteger(endianness: .little, as: UInt64.self),
            let low = body.readInteger(endianness: .little, as: UInt64.self),
            let amount = body.readInteger(endianness: .little, as: Int64.self)
        else { return nil }
        payment = PaymentID(high: high, low: low)
        self.amount = amount
        guard kind == .payment else { return }
        guard let authorized = body.readInteger(endianness: .little, as: Int64.self),
            let captured = body.readInteger(endianness: .little, as: Int64.self),
            let refunded = body.readInteger(endianness: .little, as: Int64.self)
        else { return nil }
        self.authorized = authorized
        self.captured = captured
        self.refunded = refunded
    }
}
