import Ledger
import Money
import Payments
import Shard
import WireJSON

/// The body of `POST /v1/provider_events`.
struct ProviderEventBody {
    private var type: PaymentEventType?
    private var payment: PaymentID?
    private var id: String?
    private var provider: String?
    /// What the other members say; its own type, payment, id and provider are put in at the end.
    private var event = ProviderEvent(
        type: .settlementMatched,
        payment: PaymentID(high: 0, low: 0),
        id: "",
        provider: ""
    )
    private var reader = BodyReader()

    /// Reads an admitted body.
    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> ProviderEvent {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var body = ProviderEventBody()
        try body.reader.begin(input)
        while let name = try body.reader.next(input) { try body.readMember(name, input, &scratch) }
        return try body.checked()
    }

    private func checked() throws(Rejection) -> ProviderEvent {
        guard let id else { throw Rejection(.parameterMissing, .known("id")) }
        guard let provider else { throw Rejection(.parameterMissing, .known("provider")) }
        guard let type else { throw Rejection(.parameterMissing, .known("type")) }
        guard let payment else { throw Rejection(.parameterMissing, .known("payment_id")) }
        var event = event
        event.id = id
        event.provider = provider
        event.type = type
        event.payment = payment
        if type.needsAmount, event.amountMinor == nil { throw Rejection(.parameterMissing, .known("amount")) }
        if type.isRefund, event.refund == nil { throw Rejection(.parameterMissing, .known("refund_id")) }
        if type.needsReference, event.reference.isEmpty { throw Rejection(.parameterMissing, .known("psp_reference")) }
        if type == .moneyReclassified, event.target == nil { throw Rejection(.parameterMissing, .known("to")) }
        return event
    }

    private mutating func readMember(
        _ name: JSONString,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) {
        switch name.hasEscapes ? name.unescapedCount(input) : name.range.count {
        case 2 where name.equals("id", in: input): id = try token("id", input, &scratch)
        case 2 where name.equals("to", in: input): event.target = try target(input, &scratch)
        case 3 where name.equals("fee", in: input): event.feeMinor = try reader.minorUnits("fee", from: 0, input)
        case 4 where name.equals("type", in: input): type = try eventType(input, &scratch)
        case 5 where name.equals("taken", in: input): event.isTaken = try reader.flag("taken", input)
        case 6 where name.equals("amount", in: input):
            event.amountMinor = try reader.minorUnits("amount", from: 1, input)
        case 6 where name.equals("reason", in: input): event.reason = try reason(input, &scratch)
        case 8 where name.equals("currency", in: input): event.currency = try currency(input, &scratch)
        case 8 where name.equals("provider", in: input): provider = try token("provider", input, &scratch)
        case 9 where name.equals("refund_id", in: input):
            let numbers = try identifier("refund_id", RefundID.prefix, input, &scratch)
            event.refund = RefundID(high: numbers.high, low: numbers.low)
        case 10 where name.equals("payment_id", in: input):
            let numbers = try identifier("payment_id", PaymentID.prefix, input, &scratch)
            payment = PaymentID(high: numbers.high, low: numbers.low)
        case 12 where name.equals("fee_returned", in: input):
            event.isFeeReturned = try reader.flag("fee_returned", input)
        case 13 where name.equals("psp_reference", in: input):
            event.reference = try token("psp_reference", input, &scratch)
        case 15 where name.equals("evidence_due_at", in: input): event.evidenceDueAt = try moment(input, &scratch)
        case 17 where name.equals("includes_refunded", in: input):
            event.includesRefunded = try reader.flag("includes_refunded", input)
        case 20 where name.equals("is_charge_refundable", in: input):
            event.isChargeRefundable = try reader.flag("is_charge_refundable", input)
        default: throw reader.unknown(name, input, &scratch)
        }
    }

    /// 1 to 128 visible ASCII characters.
    private mutating func token(
        _ name: StaticString,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try reader.string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard !text.isEmpty else { throw Rejection(.parameterTooShort, .known(name)) }
            guard text.count <= ProviderEvent.maximumTextBytes else { throw Rejection(.parameterTooLong, .known(name)) }
            guard VisibleASCII.isAll(text) else { throw Rejection(.parameterCharactersInvalid, .known(name)) }
            return String(copying: text)
        }
    }

    private mutating func eventType(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> PaymentEventType {
        let value = try reader.string("type", input)
        for type in PaymentEventType.allCases where type.isPosted && value.equals(type.name, in: input) { return type }
        throw Rejection(.parameterValueUnknown, .known("type"))
    }

    private mutating func target(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> SuspenseTarget {
        let value = try reader.string("to", input)
        for target in SuspenseTarget.allCases where value.equals(target.name, in: input) { return target }
        throw Rejection(.parameterValueUnknown, .known("to"))
    }

    private mutating func currency(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> Currency {
        let value = try reader.string("currency", input)
        return try value.withValue(in: input, scratch: &scratch.text) { code throws(Rejection) in
            guard let known = Currency(code: code) else { throw Rejection(.currencyUnknown, .known("currency")) }
            return known
        }
    }

    private mutating func reason(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) -> String {
        let value = try reader.string("reason", input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count <= ProviderEvent.maximumReasonBytes else {
                throw Rejection(.parameterTooLong, .known("reason"))
            }
            return String(copying: text)
        }
    }

    /// One that cannot be ours is one that is not there.
    private mutating func identifier(
        _ name: StaticString,
        _ prefix: StaticString,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> (high: UInt64, low: UInt64) {
        let value = try reader.string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard let numbers = Identifier.parse(prefix, text) else { throw Rejection(.resourceNotFound) }
            return numbers
        }
    }

    private mutating func moment(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) -> Int64 {
        let value = try reader.string("evidence_due_at", input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard let time = Timestamp.milliseconds(text), time > 0 else {
                throw Rejection(.parameterTypeInvalid, .known("evidence_due_at"))
            }
            return time
        }
    }
}

extension PaymentEventType {
    /// Whether it must name what it is about as the provider does: disputes are found by it, and without its charge's reference a
    /// success could never be refunded or voided at the provider.
    fileprivate var needsReference: Bool { isDispute || self == .authorizationSucceeded || self == .captureSucceeded }
}

/// The body of `POST /v1/disputes/{id}/evidence`.
struct EvidenceBody {
    private static let maximumUploadBytes = 128
    private static let maximumTextBytes = 2_000

    /// - Returns: as `Dispute.evidence`.
    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> String {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var upload = ""
        var text = ""
        var reader = BodyReader()
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else if name.equals("upload", in: input) {
                upload = try value("upload", maximumUploadBytes, reader.string("upload", input), input, &scratch)
                guard VisibleASCII.isAll(upload.utf8.span) else {
                    throw Rejection(.parameterCharactersInvalid, .known("upload"))
                }
            } else if name.equals("text", in: input) {
                text = try value("text", maximumTextBytes, reader.string("text", input), input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
            }
        }
        guard !upload.isEmpty || !text.isEmpty else { throw Rejection(.parameterMissing, .known("upload")) }
        return upload + "\n" + text
    }

    private static func value(
        _ name: StaticString,
        _ maximum: Int,
        _ value: JSONString,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count <= maximum else { throw Rejection(.parameterTooLong, .known(name)) }
            return String(copying: text)
        }
    }
}
