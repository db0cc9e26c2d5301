import Money
package import NIOCore
package import Payments
package import Time

/// Something happened to a payment that no operation of the gateway asked for. It is a provider's
/// event, a settlement line, an operator's decision, or the end of a dispute. One record has the
/// transition, its postings and the answer.
package struct EventApplied: Sendable {
    package var payment: PaymentID
    /// What was reported.
    package var type: PaymentEventType
    /// What it did.
    package var fact: PaymentFact
    /// The dispute's ordinal on the payment; 0 for none. The next ordinal makes a new dispute.
    package var dispute: UInt16 = 0
    /// The refund's ordinal on the payment; 0 for none.
    package var refund: UInt16 = 0
    /// The operation that it ended, whose own record stands before this one.
    package var ended: ProviderOperation?
    /// The provider that reported it; empty where none did. `eventID` is its identifier of the
    /// event.
    package var provider = ""
    package var eventID = ""
    /// The provider's reference: of the dispute, or of what was executed.
    package var reference = ""
    /// In the provider's words.
    package var reason = ""
    /// What was sent in defence, as `Dispute.evidence`.
    package var evidence = ""
    /// nil for a change that time caused.
    package var key: RequestKey?
    package var transfers: Transfers
    /// 0 where no request is answered.
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Timestamp

    package init(
        payment: PaymentID,
        type: PaymentEventType,
        fact: PaymentFact,
        dispute: UInt16 = 0,
        refund: UInt16 = 0,
        ended: ProviderOperation? = nil,
        provider: String = "",
        eventID: String = "",
        reference: String = "",
        reason: String = "",
        evidence: String = "",
        key: RequestKey? = nil,
        transfers: Transfers,
        responseStatus: UInt16 = 0,
        response: ByteBuffer = ByteBuffer(),
        previous: UInt64 = 0,
        time: Timestamp
    ) {
        self.payment = payment
        self.type = type
        self.fact = fact
        self.dispute = dispute
        self.refund = refund
        self.ended = ended
        self.provider = provider
        self.eventID = eventID
        self.reference = reference
        self.reason = reason
        self.evidence = evidence
        self.key = key
        self.transfers = transfers
        self.responseStatus = responseStatus
        self.response = response
        self.previous = previous
        self.time = time
    }
}

extension EventApplied: RecordLayout {
    package static var kind: ShardRecord.Kind { .eventApplied }

    package static func fields<Codec: RecordCodec>(of record: Self?, _ codec: inout Codec) throws(Codec.Failure) -> Self
    {
        Self(
            payment: codec.header.payment,
            type: try codec.field("type", record?.type),
            fact: try PaymentFact.fields(of: record?.fact, &codec),
            dispute: try codec.field("dispute", record?.dispute),
            refund: try codec.field("refund", record?.refund),
            ended: try codec.optional("ended operation", record?.ended),
            provider: try codec.field("provider", record?.provider),
            eventID: try codec.field("event identifier", record?.eventID),
            reference: try codec.field("reference", record?.reference),
            reason: try codec.field("reason", record?.reason),
            evidence: try codec.field("evidence", record?.evidence),
            key: try codec.optional("key", record?.key),
            transfers: try codec.field("transfers", record?.transfers),
            responseStatus: try codec.field("HTTP status", record?.responseStatus),
            response: try codec.body("body", record?.response),
            previous: codec.header.previous,
            time: codec.header.time
        )
    }

    package var isConsistent: Bool { fact.effect.isDispute == (dispute != 0) || fact.effect == .none }
}

extension PaymentFact {
    fileprivate static func fields<Codec: RecordCodec>(
        of fact: PaymentFact?,
        _ codec: inout Codec
    ) throws(Codec.Failure) -> PaymentFact {
        var result = PaymentFact(
            try codec.field("effect", fact?.effect),
            amountMinor: try codec.field("amount", fact?.amountMinor),
            in: try codec.field("currency", fact?.currency)
        )
        result.feeMinor = try codec.field("fee", fact?.feeMinor)
        result.reservedMinor = try codec.field("reserved", fact?.reservedMinor)
        result.evidenceDueAt = try codec.field("evidence due", fact?.evidenceDueAt)
        result.deadline = try codec.field("deadline", fact?.deadline)
        result.isChargeRefundable = try codec.field("charge refundable", fact?.isChargeRefundable)
        result.isFeeReturned = try codec.field("fee returned", fact?.isFeeReturned)
        result.isFeeBounded = try codec.field("fee bounded", fact?.isFeeBounded)
        result.target = try codec.optional("target", fact?.target)
        result.earlierConnector = try codec.optional("earlier connector", fact?.earlierConnector)
        return result
    }
}
