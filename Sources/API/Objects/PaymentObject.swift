import Money
import Payments
import ShardCore
import Time

/// The JSON of a payment.
enum PaymentObject {
    /// No payment writes more: names, punctuation, identifiers, numbers and times, the decline, and
    /// the details with their escapes.
    static func maximumBytes(_ payment: PaymentView, _ details: Span<UInt8>) -> Int {
        // A field of the details adds at most two quotes, a colon and a comma, less than what its
        // header counts for here.
        let decline = payment.decline.map(DeclineObject.maximumBytes) ?? 0
        let action = payment.nextAction.map(NextActionObject.maximumBytes) ?? 0
        let end = payment.expiresAt == 0 ? 0 : 48
        let events = payment.disputedMinor | payment.settledMinor == 0 ? 0 : 128
        return 848 + end + events + AttemptsObject.maximumBytes(payment) + decline + action + details.count
            + ByteCursor.quotedOverhead(details)
            + RiskObject.maximumBytes(details)
            + OptionalMembers.extraBytes(details)
    }

    /// - Parameter connectors: names those that tried, where more than one did.
    static func write(
        _ payment: PaymentView,
        details: Span<UInt8>,
        connectors: ConnectorRegistry,
        into output: inout ByteCursor
    ) {
        output.literal("{\"id\":\"")
        output.identifier(PaymentID.prefix, high: payment.id.high, low: payment.id.low)
        output.literal("\",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: payment.id.high, low: payment.id.low)
        output.literal("\",\"object\":\"payment\",\"status\":\"")
        output.literal(payment.status.name)
        output.literal("\",\"amount\":")
        output.decimal(payment.amountMinor)
        output.literal(",\"currency\":\"")
        output.literal(payment.currency.code)
        output.literal(payment.capturesAutomatically ? "\",\"capture\":true" : "\",\"capture\":false")
        writeAmounts(payment, &output)
        DetailsObject.write(details, &output)
        OptionalMembers.write(details, &output)
        writeDecline(payment, &output)
        if !payment.endedAttempts.isEmpty { AttemptsObject.write(payment, connectors: connectors, &output) }
        if let action = payment.nextAction { NextActionObject.write(action, &output) }
        if payment.expiresAt != 0 {
            output.literal(",\"expires_at\":\"")
            output.timestamp(payment.expiresAt)
            output.literal("\"")
        }
        output.literal(",\"created_at\":\"")
        output.timestamp(payment.createdAt)
        output.literal("\",\"updated_at\":\"")
        output.timestamp(payment.updatedAt)
        output.literal("\"}")
    }

    private static func writeAmounts(_ payment: PaymentView, _ output: inout ByteCursor) {
        output.literal(",\"amount_authorized\":")
        output.decimal(payment.authorizedMinor)
        output.literal(",\"amount_capturable\":")
        output.decimal(payment.capturableMinor)
        output.literal(",\"amount_captured\":")
        output.decimal(payment.capturedMinor)
        output.literal(",\"amount_refunded\":")
        output.decimal(payment.refundedMinor)
        output.literal(",\"amount_refund_pending\":")
        output.decimal(payment.refundPendingMinor)
        if payment.disputedMinor != 0 {
            output.literal(",\"amount_disputed\":")
            output.decimal(payment.disputedMinor)
        }
        if payment.settledMinor != 0 {
            output.literal(",\"amount_settled\":")
            output.decimal(payment.settledMinor)
            output.literal(payment.settledMinor == payment.capturedMinor ? ",\"settled\":true" : ",\"settled\":false")
        }
    }

    private static func writeDecline(_ payment: PaymentView, _ output: inout ByteCursor) {
        if let decline = payment.decline {
            output.literal(",\"decline\":")
            DeclineObject.write(decline, &output)
        } else {
            output.literal(",\"decline\":null")
        }
        if let failure = payment.failure {
            output.literal(",\"failure\":{\"reason\":\"")
            output.literal(failure.name)
            output.literal("\"}")
        } else {
            output.literal(",\"failure\":null")
        }
    }
}

/// The members of a payment that come from its packed details.
enum DetailsObject {
    private struct Fields {
        var paymentMethod: Range<Int>?
        var description: Range<Int>?
        var reference: Range<Int>?
        var statementDescriptor: Range<Int>?
        var customer: Range<Int>?
    }

    static func write(_ details: Span<UInt8>, _ output: inout ByteCursor) {
        let fields = find(details)
        writeMember(",\"payment_method\":", range: fields.paymentMethod, details: details, into: &output)
        writeMember(",\"description\":", range: fields.description, details: details, into: &output)
        writeMember(",\"reference\":", range: fields.reference, details: details, into: &output)
        writeMember(",\"customer\":", range: fields.customer, details: details, into: &output)
        writeMember(",\"statement_descriptor\":", range: fields.statementDescriptor, details: details, into: &output)
        output.literal(",\"metadata\":{")
        writeMetadata(details, &output)
        output.literal("}")
        RiskObject.writeMember(details, &output)
    }

    private static func find(_ details: Span<UInt8>) -> Fields {
        var fields = Fields()
        PaymentDetails.forEachField(in: details) { field, range in
            switch field {
            case .paymentMethod: fields.paymentMethod = range
            case .description: fields.description = range
            case .reference: fields.reference = range
            case .statementDescriptor: fields.statementDescriptor = range
            case .customer: fields.customer = range
            case .metadataKey, .metadataValue, .risk, .wallet, .splitPlan, .split, .manual, .appliedEvents,
                .olderEvents, .endedAttempt, .returnData:
                break
            }
        }
        return fields
    }

    private static func writeMember(
        _ name: StaticString,
        range: Range<Int>?,
        details: Span<UInt8>,
        into output: inout ByteCursor
    ) {
        output.literal(name)
        if let range {
            output.quoted(details.extracting(range))
        } else {
            output.literal("null")
        }
    }

    private static func writeMetadata(_ details: Span<UInt8>, _ output: inout ByteCursor) {
        var isFirst = true
        var index = 0
        while let field = PaymentDetails.field(in: details, at: index) {
            switch field.field {
            case .metadataKey:
                if !isFirst { output.literal(",") }
                isFirst = false
                output.quoted(details.extracting(field.value))
            case .metadataValue:
                output.literal(":")
                output.quoted(details.extracting(field.value))
            case .paymentMethod, .description, .reference, .statementDescriptor, .customer, .risk, .wallet, .splitPlan,
                .split, .manual, .appliedEvents, .olderEvents, .endedAttempt, .returnData:
                break
            }
            index = field.value.upperBound
        }
    }
}

extension PaymentDetails {
    /// The field that begins at `index`; `nil` at the end.
    static func field(in packed: Span<UInt8>, at index: Int) -> (field: Field, value: Range<Int>)? {
        guard index + 3 <= packed.count, let field = Field(rawValue: packed[index]) else { return nil }
        let start = index + 3
        let length = Int(packed[index + 1]) | Int(packed[index + 2]) << 8
        guard start + length <= packed.count else { return nil }
        return (field, start..<start + length)
    }
}

/// The member `next_action` of a payment that waits for its shopper.
enum NextActionObject {
    static func maximumBytes(_ action: NextAction) -> Int {
        64 + action.url.utf8.count + ByteCursor.quotedOverhead(action.url.utf8.span)
    }

    static func write(_ action: NextAction, _ output: inout ByteCursor) {
        output.literal(",\"next_action\":{\"type\":\"")
        output.literal(action.kind.name)
        output.literal("\",\"url\":")
        output.quoted(action.url.utf8.span)
        output.literal("}")
    }
}

/// The JSON of a decline.
enum DeclineObject {
    static func maximumBytes(_ decline: Decline) -> Int {
        200 + decline.providerCode.utf8.count + ByteCursor.quotedOverhead(decline.providerCode.utf8.span)
    }

    static func write(_ decline: Decline, _ output: inout ByteCursor) {
        output.literal("{\"class\":\"")
        output.literal(decline.category.name)
        output.literal("\",\"standard_code\":\"")
        output.literal(decline.code.name)
        output.literal("\",\"psp_code\":")
        output.quoted(decline.providerCode.utf8.span)
        if decline.advice != .none {
            output.literal(",\"advice\":\"")
            output.literal(decline.advice.name)
            output.literal("\"")
        }
        output.literal("}")
    }
}

/// The JSON of a refund.
enum RefundObject {
    static func maximumBytes(_ refund: RefundView) -> Int {
        384 + (refund.decline.map(DeclineObject.maximumBytes) ?? 0)
    }

    static func write(_ refund: RefundView, _ output: inout ByteCursor) {
        output.literal("{\"id\":\"")
        output.identifier(RefundID.prefix, high: refund.id.high, low: refund.id.low)
        output.literal("\",\"object\":\"refund\",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: refund.payment.high, low: refund.payment.low)
        output.literal("\",\"status\":\"")
        output.literal(refund.status.name)
        output.literal("\",\"amount\":")
        output.decimal(refund.amountMinor)
        output.literal(",\"currency\":\"")
        output.literal(refund.currency.code)
        if let decline = refund.decline {
            output.literal("\",\"decline\":")
            DeclineObject.write(decline, &output)
        } else {
            output.literal("\",\"decline\":null")
        }
        output.literal(",\"created_at\":\"")
        output.timestamp(refund.createdAt)
        output.literal("\",\"updated_at\":\"")
        output.timestamp(refund.updatedAt)
        output.literal("\"}")
    }
}
