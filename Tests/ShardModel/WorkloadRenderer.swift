import Ledger
import Money
package import NIOCore
package import Payments
package import ShardCore
package import ShardRecords

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

    package func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
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
        guard let payment else { return }
        body.writeString(" | \(Self.text(payment))")
        guard refusal == .eventNotAllowed else { return }
        let allowed = PaymentEventType.allCases.filter { payment.allowedEvents & 1 << UInt32($0.rawValue) != 0 }
        body.writeString(" | \(allowed.map { "\($0.name)" }.joined(separator: " "))")
    }

    package func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {
        body.writeString(Self.text(dispute))
    }

    package func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("refused \(refusal) | \(Self.text(dispute))")
    }

    package func renderEvent(_ event: EventView, into body: inout ByteBuffer) {
        let words = [
            "event", "\(event.type.name)", "\(event.effect.name)", "\(event.status.name)", "\(event.amountMinor)",
            "\(event.currency)", "\(event.dispute?.ordinal ?? 0)", event.ended.map { "\($0.name)" } ?? "-",
            event.merchantOwes ? "owes" : "-",
        ]
        body.writeString(words.joined(separator: " "))
    }

    package func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {}
    package func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {}
    package func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {}

    /// Status and counters, as `NaivePayment.text`.
    static func text(_ payment: PaymentView) -> String {
        "\(payment.status.name) \(payment.amountMinor) \(payment.authorizedMinor) \(payment.capturableMinor)"
            + " \(payment.capturedMinor) \(payment.refundedMinor) \(payment.refundPendingMinor) \(payment.expiresAt)"
            + " \(payment.disputedMinor) \(payment.settledMinor)"
    }

    /// As `NaiveDispute.text`.
    static func text(_ dispute: DisputeView) -> String {
        "dispute \(dispute.id.ordinal) \(dispute.status.name) \(dispute.amountMinor) \(dispute.feeMinor)"
            + " \(dispute.reservedMinor) \(dispute.currency) \(dispute.chargebacks)"
            + " \(dispute.isChargeRefundable ? "refundable" : "-") \(dispute.providerReference)"
            + " \(dispute.evidenceReference ?? "-") \(dispute.evidenceDueAt) \(dispute.createdAt) \(dispute.updatedAt)"
    }
}
