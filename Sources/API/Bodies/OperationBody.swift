import Payments
import ShardCore
import WireJSON

/// The bodies of the operations of a payment: nearly all members optional, and an empty body means
/// the same as `{}`.
struct OperationBody {
    /// Which operation.
    enum Kind {
        case capture
        case cancel
        case refund
        case increment
        case confirm
        /// One that takes nothing: approve, reject, accept a dispute.
        case plain

        var hasAmount: Bool { self == .capture || self == .refund || self == .increment }
        var hasReason: Bool { self == .cancel || self == .refund }
    }

    /// `nil`: all that there is.
    private(set) var amountMinor: Int64?
    /// Of a capture: whether it is the last one.
    private(set) var isFinal = true
    /// Of a capture: sellers, and how it was made by hand.
    private(set) var instructions: CaptureInstructions?

    /// Of a confirmation: what the shopper brought back; empty for nothing.
    private(set) var returnData = ""

    /// Reads an admitted body; an `idempotency_key` in it goes to `scratch.bodyKey`.
    static func parse(
        _ kind: Kind,
        _ input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> OperationBody {
        var body = OperationBody()
        guard !input.isEmpty else { return body }
        var reader = BodyReader()
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else if kind.hasAmount, name.equals("amount", in: input) {
                body.amountMinor = try reader.amount(input)
            } else if kind == .capture, name.equals("final", in: input) {
                body.isFinal = try reader.flag("final", input)
            } else if kind == .capture, name.equals("splits", in: input) {
                let splits = try reader.splits(input, &scratch)
                if !splits.isEmpty { body.instructions = body.instructions ?? CaptureInstructions() }
                body.instructions?.splits = splits
            } else if kind == .capture, name.equals("manual", in: input) {
                body.instructions = body.instructions ?? CaptureInstructions()
                body.instructions?.manual = try reader.manual(input, &scratch)
            } else if kind == .confirm, name.equals("return_data", in: input) {
                let lengths = 1...PaymentDetails.maximumReturnDataBytes
                body.returnData = try reader.text("return_data", lengths: lengths, in: input, scratch: &scratch)
            } else if kind.hasReason, name.equals("reason", in: input) {
                try checkReason(kind, value: try reader.string("reason", input), in: input)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        return body
    }

    /// The reason is checked and is part of the fingerprint; nothing is decided by it.
    private static func checkReason(_ kind: Kind, value: JSONString, in input: Span<UInt8>) throws(Rejection) {
        let isKnown =
            value.equals("duplicate", in: input) || value.equals("fraudulent", in: input)
            || value.equals("requested_by_customer", in: input)
            || kind == .cancel && value.equals("abandoned", in: input)
        guard isKnown else { throw Rejection(.parameterValueUnknown, .known("reason")) }
    }
}
