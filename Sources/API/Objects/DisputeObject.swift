import Money
import Payments
import ShardCore
import Time

/// The JSON of a dispute.
enum DisputeObject {
    static func maximumBytes(_ dispute: DisputeView) -> Int {
        let texts = [dispute.providerReference, dispute.reason, dispute.evidenceReference ?? "", dispute.evidenceText]
        return texts.reduce(768) { $0 + $1.utf8.count + ByteCursor.quotedOverhead($1.utf8.span) }
    }

    static func write(_ dispute: DisputeView, _ output: inout ByteCursor) {
        output.literal("{\"id\":\"")
        output.identifier(DisputeID.prefix, high: dispute.id.high, low: dispute.id.low)
        output.literal("\",\"object\":\"dispute\",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: dispute.payment.high, low: dispute.payment.low)
        output.literal("\",\"status\":\"")
        output.literal(dispute.status.name)
        output.literal("\",\"amount\":")
        output.decimal(dispute.amountMinor)
        output.literal(",\"currency\":\"")
        output.literal(dispute.currency.code)
        output.literal("\",\"fee\":")
        output.decimal(dispute.feeMinor)
        output.literal(",\"amount_reserved\":")
        output.decimal(dispute.reservedMinor)
        output.literal(",\"chargebacks\":")
        output.decimal(Int64(dispute.chargebacks))
        output.literal(",\"is_charge_refundable\":")
        output.flag(dispute.isChargeRefundable)
        output.literal(",\"psp_reference\":")
        output.quoted(dispute.providerReference.utf8.span)
        output.literal(",\"reason\":")
        writeText(dispute.reason, &output)
        writeEvidence(dispute, &output)
        output.literal(",\"created_at\":\"")
        output.timestamp(dispute.createdAt)
        output.literal("\",\"updated_at\":\"")
        output.timestamp(dispute.updatedAt)
        output.literal("\"}")
    }

    private static func writeEvidence(_ dispute: DisputeView, _ output: inout ByteCursor) {
        output.literal(",\"evidence_due_at\":")
        if dispute.evidenceDueAt == 0 {
            output.literal("null")
        } else {
            output.literal("\"")
            output.timestamp(dispute.evidenceDueAt)
            output.literal("\"")
        }
        guard let reference = dispute.evidenceReference else { return output.literal(",\"evidence\":null") }
        output.literal(",\"evidence\":{\"upload\":")
        writeText(reference, &output)
        output.literal(",\"text\":")
        writeText(dispute.evidenceText, &output)
        output.literal("}")
    }

    private static func writeText(_ text: String, _ output: inout ByteCursor) {
        if text.isEmpty { output.literal("null") } else { output.quoted(text.utf8.span) }
    }
}

/// The JSON of the effect of a provider's event.
enum EventObject {
    static func maximumBytes(_ event: EventView) -> Int {
        let texts = [event.id, event.provider]
        return texts.reduce(640) { $0 + $1.utf8.count + ByteCursor.quotedOverhead($1.utf8.span) }
    }

    static func write(_ event: EventView, _ output: inout ByteCursor) {
        output.literal("{\"id\":")
        output.quoted(event.id.utf8.span)
        output.literal(",\"object\":\"provider_event\",\"provider\":")
        output.quoted(event.provider.utf8.span)
        output.literal(",\"type\":\"")
        output.literal(event.type.name)
        output.literal("\",\"payment_id\":\"")
        output.identifier(PaymentID.prefix, high: event.payment.high, low: event.payment.low)
        output.literal("\",\"payment_status\":\"")
        output.literal(event.status.name)
        output.literal("\",\"effect\":\"")
        output.literal(event.effect.name)
        output.literal("\",\"amount\":")
        output.decimal(event.amountMinor)
        output.literal(",\"currency\":\"")
        output.literal(event.currency.code)
        output.literal("\",\"dispute_id\":")
        if let dispute = event.dispute {
            output.literal("\"")
            output.identifier(DisputeID.prefix, high: dispute.high, low: dispute.low)
            output.literal("\"")
        } else {
            output.literal("null")
        }
        output.literal(",\"ended_operation\":")
        if let ended = event.ended {
            output.literal("\"")
            output.literal(ended.name)
            output.literal("\"")
        } else {
            output.literal("null")
        }
        output.literal(",\"available_negative\":")
        output.flag(event.merchantOwes)
        output.literal(",\"applied_at\":\"")
        output.timestamp(event.appliedAt)
        output.literal("\"}")
    }

    /// All types with their quotes and commas.
    static let maximumAllowedBytes = 24 + PaymentEventType.allCases.reduce(0) { $0 + $1.name.utf8CodeUnitCount + 3 }

    /// The member `allowed_events` of a refusal.
    static func writeAllowed(_ types: UInt32, _ output: inout ByteCursor) {
        output.literal(",\"allowed_events\":[")
        var isFirst = true
        for type in PaymentEventType.allCases where types & 1 << UInt32(type.rawValue) != 0 {
            output.literal(isFirst ? "\"" : ",\"")
            isFirst = false
            output.literal(type.name)
            output.literal("\"")
        }
        output.literal("]")
    }
}
