import Ledger
import Money
package import NIOCore
package import Payments
package import Shard

/// Renders answers as the short texts that the naive model predicts.
package struct WorkloadRenderer: ResponseRenderer {
    package init() {}

    package func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) {
        body.writeString(Self.text(payment))
    }

    package func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("declined | \(Self.text(payment))")
    }

    package func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("not executed | \(Self.text(payment))")
    }

    package func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) {
        body.writeString("refund \(refund.status.name) \(refund.amountMinor)")
    }

    package func renderRefundFailed(_ refund: RefundView, requestID: RequestID, into body: inout ByteBuffer) {
        body.writeString("refund failed \(refund.amountMinor)")
    }

    package func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("refused \(refusal)")
        if let payment { body.writeString(" | \(Self.text(payment))") }
    }

    package func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {}
    package func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {}
    package func renderEvent(_ event: EventView, into body: inout ByteBuffer) {}
    package func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) {}
    package func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {}
    package func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {}
    package func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {}

    /// Status and counters, as `NaivePayment.text`.
    static func text(_ payment: PaymentView) -> String {
        "\(payment.status.name) \(payment.amountMinor) \(payment.authorizedMinor) \(payment.capturableMinor)"
            + " \(payment.capturedMinor) \(payment.refundedMinor) \(payment.refundPendingMinor) \(payment.expiresAt)"
    }
}
