import NIOCore
import Payments
import ShardCore
import ShardRecords

/// Words answers so that merchants of a simulation read them without a parser: fixed fields
/// (`SimAnswer`).
struct SimRenderer: ResponseRenderer {
    func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) {
        write(payment, into: &body)
    }

    func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        write(payment, into: &body)
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
        write(payment, into: &body)
        body.writeInteger(reason.rawValue)
        body.writeInteger(requestID.low)
    }

    func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) {
        var answer = SimAnswer(.refund, refund.status.rawValue)
        answer.payment = refund.payment
        answer.subject = (refund.id.high, refund.id.low)
        answer.amount = refund.amountMinor
        answer.write(into: &body)
    }

    func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        renderRefund(refund, into: &body)
        body.writeInteger(requestID.low)
    }

    func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {
        var answer = SimAnswer(.dispute, dispute.status.rawValue)
        answer.payment = dispute.payment
        answer.subject = (dispute.id.high, dispute.id.low)
        answer.amount = dispute.amountMinor
        answer.fee = dispute.feeMinor
        answer.write(into: &body)
    }

    func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        SimAnswer(.refusal, refusal.rawValue).write(into: &body)
    }

    func renderEvent(_ event: EventView, into body: inout ByteBuffer) {
        var answer = SimAnswer(.event, event.effect.rawValue)
        answer.payment = event.payment
        answer.subject = (event.dispute?.high ?? 0, event.dispute?.low ?? 0)
        answer.amount = event.amountMinor
        answer.isOwing = event.merchantOwes
        answer.write(into: &body)
    }

    func renderPayout(_ payout: Payout, into body: inout ByteBuffer) {
        var answer = SimAnswer(.payout, payout.state.rawValue)
        answer.subject = (payout.id.high, payout.id.low)
        answer.amount = payout.amountMinor
        answer.write(into: &body)
    }

    func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer) {
        var answer = SimAnswer(.wallet, 0)
        answer.subject = (wallet.wallet.id.high, wallet.wallet.id.low)
        answer.amount = wallet.availableMinor
        answer.held = wallet.heldMinor
        answer.write(into: &body)
    }

    func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer) { write(.quote, quote, into: &body) }

    func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        write(.conversion, quote, into: &body)
    }

    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) { SimBalance(balance).write(into: &body) }

    /// Nobody in a simulated world asks for the ledger, or for a payment's history.
    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {}
    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {}
    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {}

    func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        SimAnswer(.refusal, refusal.rawValue).write(into: &body)
    }

    private func write(_ payment: PaymentView, into body: inout ByteBuffer) {
        var answer = SimAnswer(.payment, payment.status.rawValue)
        answer.payment = payment.id
        answer.amount = payment.amountMinor
        answer.authorized = payment.authorizedMinor
        answer.captured = payment.capturedMinor
        answer.refunded = payment.refundedMinor
        answer.isGivenUp = payment.failure == .reversal(.abandoned)
        answer.write(into: &body)
    }

    private func write(_ kind: SimAnswer.Kind, _ quote: ExchangeQuote, into body: inout ByteBuffer) {
        var answer = SimAnswer(kind, 0)
        answer.subject = (quote.id.high, quote.id.low)
        answer.amount = quote.terms.soldMinor
        answer.bought = quote.terms.boughtMinor
        answer.write(into: &body)
    }
}
