import Ledger
import Payments
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
    /// Those that not every type takes.
    private var present: EventMembers = []
    private var reader = BodyReader()

    /// Reads an admitted body.
    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> ProviderEvent {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var body = ProviderEventBody()
        try body.reader.begin(input)
        while let name = try body.reader.next(input) { try body.readMember(name, in: input, scratch: &scratch) }
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
        if let extra = present.subtracting(type.members).first {
            throw Rejection(.parameterUnknown, .known(extra.name))
        }
        if let missing = type.needed.subtracting(present).first {
            throw Rejection(.parameterMissing, .known(missing.name))
        }
        if type.needsReference, event.reference.isEmpty { throw Rejection(.parameterMissing, .known("psp_reference")) }
        if type.needsReason, event.reason.isEmpty { throw Rejection(.parameterMissing, .known("reason")) }
        // A refund is named by its identifier, or as the provider names it.
        if type.isRefund, event.refund == nil, event.reference.isEmpty {
            throw Rejection(.parameterMissing, .known("refund_id"))
        }
        return event
    }

    private mutating func readMember(
        _ name: JSONString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        let lengths = 1...ProviderEvent.maximumTextBytes
        switch name.hasEscapes ? name.unescapedCount(input) : name.range.count {
        case 2 where name.equals("id", in: input):
            id = try reader.token("id", lengths: lengths, in: input, scratch: &scratch)
        case 4 where name.equals("type", in: input): type = try eventType(input)
        case 6 where name.equals("reason", in: input):
            event.reason = try reader.anyText(
                "reason",
                atMost: ProviderEvent.maximumReasonBytes,
                in: input,
                scratch: &scratch
            )
        case 8 where name.equals("provider", in: input):
            provider = try reader.token("provider", lengths: lengths, in: input, scratch: &scratch)
        case 10 where name.equals("payment_id", in: input):
            let numbers = try reader.identifier("payment_id", prefix: PaymentID.prefix, in: input, scratch: &scratch)
            payment = PaymentID(high: numbers.high, low: numbers.low)
        case 13 where name.equals("psp_reference", in: input):
            event.reference = try reader.token("psp_reference", lengths: lengths, in: input, scratch: &scratch)
        default:
            guard let member = EventMember.allCases.first(where: { name.equals($0.name, in: input) }) else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
            try read(member, in: input, scratch: &scratch)
            present.insert(member)
        }
    }

    private mutating func read(
        _ member: EventMember,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        let name = member.name
        switch member {
        case .amount: event.amountMinor = try reader.minorUnits(name, from: 1, input)
        case .currency: event.currency = try reader.currency(name, in: input, scratch: &scratch)
        case .fee: event.feeMinor = try reader.minorUnits(name, from: 0, input)
        case .refund:
            let numbers = try reader.identifier(name, prefix: RefundID.prefix, in: input, scratch: &scratch)
            event.refund = RefundID(high: numbers.high, low: numbers.low)
        case .target: event.target = try target(input)
        case .taken: event.isTaken = try reader.flag(name, input)
        case .evidenceDueAt: event.evidenceDueAt = try reader.moment(name, in: input, scratch: &scratch)
        case .chargeRefundable: event.isChargeRefundable = try reader.flag(name, input)
        case .feeReturned: event.isFeeReturned = try reader.flag(name, input)
        case .includesRefunded: event.includesRefunded = try reader.flag(name, input)
        case .capture: event.capture = UInt16(clamping: try reader.minorUnits(name, from: 1, input))
        }
    }

    private mutating func eventType(_ input: Span<UInt8>) throws(Rejection) -> PaymentEventType {
        let value = try reader.string("type", input)
        for type in PaymentEventType.allCases where type.isPosted && value.equals(type.name, in: input) { return type }
        throw Rejection(.parameterValueUnknown, .known("type"))
    }

    private mutating func target(_ input: Span<UInt8>) throws(Rejection) -> SuspenseTarget {
        let value = try reader.string("to", input)
        for target in SuspenseTarget.allCases where value.equals(target.name, in: input) { return target }
        throw Rejection(.parameterValueUnknown, .known("to"))
    }
}
