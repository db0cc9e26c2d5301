import Ledger
import Money
package import NIOCore
package import Payments

/// Something happened to a payment that no operation of ours asked for: a provider's event, a settlement line, what an operator
/// decided, or what became of a dispute. One record with the transition, its postings and the answer.
package struct EventApplied: Sendable {
    package var payment: PaymentID
    /// What was reported.
    package var type: PaymentEventType
    /// What it did.
    package var fact: PaymentFact
    /// The dispute's ordinal on the payment; 0 for none. One more than there were: a new one.
    package var dispute: UInt16 = 0
    /// The refund's ordinal on the payment; 0 for none.
    package var refund: UInt16 = 0
    /// The operation that it ended, whose own record stands before this one.
    package var ended: ProviderOperation?
    /// Who reported it, and under which identifier; empty where nobody did.
    package var provider = ""
    package var eventID = ""
    /// The provider's reference: of the dispute, or of what was executed.
    package var reference = ""
    /// In the provider's words.
    package var reason = ""
    /// What was sent in defence, as `Dispute.evidence`.
    package var evidence = ""
    /// nil for what time did.
    package var key: RequestKey?
    package var transfers: Transfers
    /// 0 where nobody is answered.
    package var responseStatus: UInt16 = 0
    package var response = ByteBuffer()
    /// See `RecordFacts.previous`.
    package var previous: UInt64 = 0
    package var time: Int64

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
        time: Int64
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

extension EventApplied {
    /// What stands between the header and the first text.
    package static let fixedBytes = 1 + 1 + 8 + 2 + 4 * 8 + 1 + 1 + 2 + 2 + 2 + 1

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(type.rawValue)
        bytes.append(fact.effect.rawValue)
        bytes.appendInteger(fact.amountMinor)
        bytes.appendInteger(fact.currency.numericCode)
        bytes.appendInteger(fact.feeMinor)
        bytes.appendInteger(fact.reservedMinor)
        bytes.appendInteger(fact.evidenceDueAt)
        bytes.appendInteger(fact.deadline)
        bytes.append((fact.isChargeRefundable ? 1 : 0) | (fact.isFeeReturned ? 2 : 0) | (fact.isFeeBounded ? 4 : 0))
        bytes.append(fact.target?.rawValue ?? 0)
        bytes.appendInteger(fact.earlierConnector?.rawValue ?? 0)
        bytes.appendInteger(dispute)
        bytes.appendInteger(refund)
        bytes.append(ended?.rawValue ?? 0)
        for text in [provider, eventID, reference, reason, evidence] { bytes.appendText(text) }
        bytes.append(key)
        bytes.append(transfers)
        bytes.appendInteger(responseStatus)
        bytes.appendInteger(UInt32(response.readableBytes))
        response.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
    }
}

extension RecordReader {
    package mutating func eventApplied(
        _ bytes: Span<UInt8>,
        _ header: RecordHeader
    ) throws(RecordDecodingError) -> EventApplied {
        let payment = header.payment
        guard let type = PaymentEventType(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        let fact = try paymentFact(bytes)
        let dispute = try integer(UInt16.self, bytes)
        let refund = try integer(UInt16.self, bytes)
        let rawEnded = try integer(UInt8.self, bytes)
        let ended = ProviderOperation(rawValue: rawEnded)
        guard rawEnded == 0 || ended != nil, fact.effect.isDispute == (dispute != 0) || fact.effect == .none else {
            throw .invalidValue
        }
        var record = EventApplied(
            payment: payment,
            type: type,
            fact: fact,
            dispute: dispute,
            refund: refund,
            ended: ended,
            transfers: Transfers(),
            previous: header.previous,
            time: header.time
        )
        record.provider = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        record.eventID = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        record.reference = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        record.reason = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        record.evidence = try text(count: Int(try integer(UInt32.self, bytes)), bytes)
        record.key = try optionalKey(bytes)
        record.transfers = try transfers(bytes)
        record.responseStatus = try integer(UInt16.self, bytes)
        _ = try range(count: Int(try integer(UInt32.self, bytes)), bytes)
        return record
    }

    private mutating func paymentFact(_ bytes: Span<UInt8>) throws(RecordDecodingError) -> PaymentFact {
        guard let effect = PaymentEffect(rawValue: try integer(UInt8.self, bytes)) else { throw .invalidValue }
        let amount = try integer(Int64.self, bytes)
        guard let currency = Currency(numericCode: try integer(UInt16.self, bytes)) else { throw .invalidValue }
        var fact = PaymentFact(effect, amount, currency)
        fact.feeMinor = try integer(Int64.self, bytes)
        fact.reservedMinor = try integer(Int64.self, bytes)
        fact.evidenceDueAt = try integer(Int64.self, bytes)
        fact.deadline = try integer(Int64.self, bytes)
        let flags = try integer(UInt8.self, bytes)
        fact.isChargeRefundable = flags & 1 != 0
        fact.isFeeReturned = flags & 2 != 0
        fact.isFeeBounded = flags & 4 != 0
        let target = try integer(UInt8.self, bytes)
        fact.target = SuspenseTarget(rawValue: target)
        guard target == 0 || fact.target != nil else { throw .invalidValue }
        fact.earlierConnector = ConnectorID(rawValue: try integer(UInt16.self, bytes))
        return fact
    }
}
