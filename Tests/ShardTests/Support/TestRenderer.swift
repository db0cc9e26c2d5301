import Ledger
import Money
import NIOCore
import Payments
import ShardCore
import ShardRecords

/// Renders answers as short texts that tests compare.
struct TestRenderer: ResponseRenderer {
    func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) {
        body.writeString(text(payment))
        PaymentDetails.forEachField(in: details) { field, range in
            guard field == .reference else { return }
            body.writeString(" reference=")
            for index in range { body.writeInteger(details[index]) }
        }
    }

    func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("declined \(decline.code.name) \(decline.providerCode) \(requestID) | \(text(payment))")
    }

    func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("not executed \(reason) | \(text(payment))")
    }

    func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) {
        body.writeString("\(refund.id) \(refund.status.name) \(refund.amountMinor)")
    }

    func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {
        body.writeString(
            "\(dispute.id) \(dispute.status.name) \(dispute.amountMinor) fee=\(dispute.feeMinor) "
                + "reserved=\(dispute.reservedMinor) chargebacks=\(dispute.chargebacks) "
                + "evidence=\(dispute.evidenceReference ?? "none")/\(dispute.evidenceText)"
        )
    }

    func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("refused \(refusal) | \(dispute.id) \(dispute.status.name)")
    }

    func renderEvent(_ event: EventView, into body: inout ByteBuffer) {
        body.writeString("\(event.type.name) \(event.effect.name) \(event.status.name) \(event.amountMinor)")
        if let dispute = event.dispute { body.writeString(" \(dispute)") }
        if let ended = event.ended { body.writeString(" ended=\(ended.name)") }
        if event.merchantOwes { body.writeString(" owes") }
    }

    func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) {
        let lines = balance.lines.map {
            "\($0.currency) pending=\($0.pendingMinor) available=\($0.availableMinor) reserve=\($0.reserveMinor)"
        }
        let sellers = balance.sellers.map {
            "; \($0.seller) \($0.currency) pending=\($0.pendingMinor) available=\($0.availableMinor)"
        }
        body.writeString(lines.joined(separator: "; ") + sellers.joined())
    }

    func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {
        let lines = accounts.lines.map {
            "\($0.account.kind.name) \($0.account.currency) \($0.totals.debits) \($0.totals.credits)"
        }
        body.writeString(lines.joined(separator: "; "))
    }

    func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {
        let entries = page.entries.map { "\($0.position).\($0.index) \($0.rule)" }
        let end = page.next.map { "next \($0.position)" } ?? (page.isTruncated ? "truncated" : "end")
        body.writeString((entries + [end]).joined(separator: ", "))
    }

    func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {
        let steps = history.entries.map { "\($0.position) \($0.status.map { "\($0.name)" } ?? "?")" }
        body.writeString("\(payment)\(history.isTruncated ? " truncated" : ""): " + steps.joined(separator: ", "))
    }

    func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("refund failed | \(refund.id) \(refund.status.name) \(refund.amountMinor)")
    }

    func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        body.writeString("refused \(refusal)")
        if let payment { body.writeString(" | \(text(payment))") }
    }

    func renderPayout(_ payout: Payout, into body: inout ByteBuffer) {
        body.writeString("\(payout.id) \(payout.state.name) \(payout.amountMinor) \(payout.currency) \(payout.reason)")
    }

    func renderWallet(_ wallet: WalletView, into body: inout ByteBuffer) {
        body.writeString(
            "\(wallet.wallet.id) available=\(wallet.availableMinor) held=\(wallet.heldMinor) "
                + "unsettled=\(wallet.unsettledMinor)"
        )
    }

    func renderQuote(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeString("\(quote.id) \(text(quote.terms))")
    }

    func renderConversion(_ quote: ExchangeQuote, into body: inout ByteBuffer) {
        body.writeString("\(quote.id) converted \(text(quote.terms))")
    }

    private func text(_ terms: ExchangeTerms) -> String {
        "\(terms.soldMinor) \(terms.sold) \(terms.boughtMinor) \(terms.bought)"
    }

    private func text(_ payment: PaymentView) -> String {
        "\(payment.id) \(payment.status.name) \(payment.amountMinor) \(payment.currency.code) "
            + "authorized=\(payment.authorizedMinor) captured=\(payment.capturedMinor) refunded=\(payment.refundedMinor) "
            + "pending=\(payment.refundPendingMinor)"
    }
}
