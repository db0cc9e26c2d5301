package import NIOCore
package import Payments
package import ShardCore
package import ShardRecords

/// The documents of version 1 of the API, in a fixed order of members. Pure: the documents are
/// journaled, and a replay writes the same bytes.
package struct RendererV1: ResponseRenderer {
    private let cursorKey: LedgerCursorKey
    private let connectors: ConnectorRegistry

    /// - Parameters:
    ///   - cursorKey: signs the cursors of lists; the one of the `APIConfiguration` that reads
    ///     them.
    ///   - connectors: names the connectors in timelines, and in payments that more than one has
    ///     tried.
    package init(cursorKey: LedgerCursorKey, connectors: ConnectorRegistry) {
        self.cursorKey = cursorKey
        self.connectors = connectors
    }

    package func renderPayment(_ payment: PaymentView, details: Span<UInt8>, into body: inout ByteBuffer) {
        let size = PaymentObject.maximumBytes(payment, details)
        body.writeCursor(maximum: size) {
            PaymentObject.write(payment, details: details, connectors: connectors, into: &$0)
        }
    }

    package func renderDeclined(
        _ payment: PaymentView,
        details: Span<UInt8>,
        decline: Decline,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        let size =
            ProblemDocument.headBytes(.paymentDeclined) + ProblemDocument.overheadBytes
            + DeclineObject.maximumBytes(decline) + Self.paymentMembersBytes
            + PaymentObject.maximumBytes(payment, details)
        body.writeCursor(maximum: size) { output in
            ProblemDocument.begin(.paymentDeclined, isRetryable: decline.category.isRetryable, &output)
            output.literal(",\"decline\":")
            DeclineObject.write(decline, &output)
            writeMembers(of: payment, details, &output)
            ProblemDocument.end(requestID, &output)
        }
    }

    package func renderNotExecuted(
        _ payment: PaymentView,
        details: Span<UInt8>,
        reason: FailureReason,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        let size =
            ProblemDocument.headBytes(.paymentNotExecuted) + ProblemDocument.overheadBytes
            + Self.paymentMembersBytes + PaymentObject.maximumBytes(payment, details)
        body.writeCursor(maximum: size) { output in
            ProblemDocument.begin(.paymentNotExecuted, isRetryable: reason.isRetryable, &output)
            output.literal(",\"reason\":\"")
            output.literal(reason.name)
            output.literal("\"")
            writeMembers(of: payment, details, &output)
            ProblemDocument.end(requestID, &output)
        }
    }

    package func renderRefund(_ refund: RefundView, into body: inout ByteBuffer) {
        body.writeCursor(maximum: RefundObject.maximumBytes(refund)) { RefundObject.write(refund, &$0) }
    }

    package func renderDispute(_ dispute: DisputeView, into body: inout ByteBuffer) {
        body.writeCursor(maximum: DisputeObject.maximumBytes(dispute)) { DisputeObject.write(dispute, &$0) }
    }

    package func renderDisputeRefused(
        _ refusal: Refusal,
        _ dispute: DisputeView,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        let code = ProblemCode(refusal)
        let size =
            ProblemDocument.headBytes(code) + ProblemDocument.overheadBytes + 32 + DisputeObject.maximumBytes(dispute)
        body.writeCursor(maximum: size) { output in
            ProblemDocument.begin(code, isRetryable: code.isRetryable, &output)
            output.literal(",\"dispute\":")
            DisputeObject.write(dispute, &output)
            ProblemDocument.end(requestID, &output)
        }
    }

    package func renderEvent(_ event: EventView, into body: inout ByteBuffer) {
        body.writeCursor(maximum: EventObject.maximumBytes(event)) { EventObject.write(event, &$0) }
    }

    package func renderBalance(_ balance: BalanceView, into body: inout ByteBuffer) {
        body.writeCursor(maximum: BalanceObject.maximumBytes(balance)) { BalanceObject.write(balance, &$0) }
    }

    package func renderAccounts(_ accounts: AccountsView, into body: inout ByteBuffer) {
        body.writeCursor(maximum: AccountsObject.maximumBytes(accounts)) { AccountsObject.write(accounts, &$0) }
    }

    package func renderEntries(_ page: LedgerPage, into body: inout ByteBuffer) {
        body.writeCursor(maximum: EntriesObject.maximumBytes(page)) {
            EntriesObject.write(page, key: cursorKey, into: &$0)
        }
    }

    package func renderHistory(_ history: PaymentHistory, of payment: PaymentID, into body: inout ByteBuffer) {
        body.writeCursor(maximum: TimelineObject.maximumBytes(history)) {
            TimelineObject.write(history, of: payment, connectors: connectors, &$0)
        }
    }

    package func renderRefundFailed(
        _ refund: RefundView,
        reason: FailureReason?,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        let code: ProblemCode = refund.decline == nil ? .refundFailed : .refundDeclined
        let size =
            ProblemDocument.headBytes(code) + ProblemDocument.overheadBytes + Self.paymentMembersBytes
            + RefundObject.maximumBytes(refund) * 2
        body.writeCursor(maximum: size) { output in
            ProblemDocument.begin(
                code,
                isRetryable: refund.decline?.category.isRetryable ?? reason?.isRetryable ?? code.isRetryable,
                &output
            )
            if let decline = refund.decline {
                output.literal(",\"decline\":")
                DeclineObject.write(decline, &output)
            } else if let reason {
                output.literal(",\"reason\":\"")
                output.literal(reason.name)
                output.literal("\"")
            }
            output.literal(",\"payment_id\":\"")
            output.identifier(PaymentID.prefix, high: refund.payment.high, low: refund.payment.low)
            output.literal("\",\"refund\":")
            RefundObject.write(refund, &output)
            ProblemDocument.end(requestID, &output)
        }
    }

    package func renderRefusal(
        _ refusal: Refusal,
        payment: PaymentView?,
        details: Span<UInt8>,
        requestID: RequestID,
        into body: inout ByteBuffer
    ) {
        let code = ProblemCode(refusal)
        let allowedBytes = refusal == .eventNotAllowed ? EventObject.maximumAllowedBytes : 0
        let paymentBytes =
            payment.map { allowedBytes + PaymentObject.maximumBytes($0, details) + Self.paymentMembersBytes } ?? 0
        let size = ProblemDocument.headBytes(code) + ProblemDocument.overheadBytes + paymentBytes
        body.writeCursor(maximum: size) { output in
            ProblemDocument.begin(code, isRetryable: code.isRetryable, &output)
            ProblemDocument.writeParameter(code.parameter, &output)
            if let payment {
                if refusal.httpStatus == 409 { Self.writePermitted(payment.permitted, &output) }
                writeMembers(of: payment, details, &output)
                if refusal == .eventNotAllowed { EventObject.writeAllowed(payment.allowedEvents, &output) }
            }
            ProblemDocument.end(requestID, &output)
        }
    }

    /// What the payment's state permits instead.
    private static func writePermitted(_ permitted: PermittedOperations, _ output: inout ByteCursor) {
        output.literal(",\"allowed\":[")
        var isFirst = true
        for (operation, name) in PermittedOperations.named where permitted.contains(operation) {
            output.literal(isFirst ? "\"" : ",\"")
            output.literal(name)
            output.literal("\"")
            isFirst = false
        }
        output.literal("]")
    }

    /// The bytes of the members `payment_id`, `payment`, `reason` and `allowed` without the payment
    /// object.
    private static let paymentMembersBytes = 256

    private func writeMembers(
        of payment: PaymentView,
        _ details: Span<UInt8>,
        _ output: inout ByteCursor
    ) {
        output.literal(",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: payment.id.high, low: payment.id.low)
        output.literal("\",\"payment\":")
        PaymentObject.write(payment, details: details, connectors: connectors, into: &output)
    }
}

extension DeclineClass {
    /// Whether another attempt with the same payment method may succeed.
    package var isRetryable: Bool {
        switch self {
        case .softLater, .softTechnical: true
        case .hard, .authentication, .fixData, .configuration: false
        }
    }
}

extension FailureReason {
    /// Whether the same payment under a new idempotency key may succeed without a change by the
    /// caller.
    package var isRetryable: Bool {
        switch self {
        // The provider refuses the gateway's own requests. Only the gateway's operator can correct
        // that.
        case .call(let failure): failure != .misconfigured
        // The provider approves the same request for less again. The request must accept a partial
        // authorization, or ask for less.
        case .reversal(let reason): reason != .partialAuthorization
        case .risk: false
        case .captureFailed: true
        }
    }

    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .call(let failure): failure.name
        case .reversal(let reason): reason.name
        case .risk(let refusal): refusal.name
        case .captureFailed: "capture_failed"
        }
    }
}

extension ReversalReason {
    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .abandoned: "abandoned"
        case .partialAuthorization: "partial_authorization"
        case .lateSuccess: "late_success"
        case .conflict: "conflict"
        }
    }
}

extension RiskRefusal {
    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .blocked: "blocked"
        case .reviewRejected: "review_rejected"
        case .reviewTimedOut: "review_timed_out"
        }
    }
}

extension CallFailure {
    /// The name in answers.
    package var name: StaticString {
        switch self {
        case .timeout: "timeout"
        case .connectionFailed: "connection_failed"
        case .connectionLost: "connection_lost"
        case .streamReset: "stream_reset"
        case .serverError: "server_error"
        case .overloaded: "overloaded"
        case .rateLimited: "rate_limited"
        case .badResponse: "bad_response"
        case .misconfigured: "misconfigured"
        case .conflict: "conflict"
        case .pendingAtProvider: "pending_at_provider"
        }
    }
}
