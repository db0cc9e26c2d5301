import Payments
import ShardCore
import WireJSON

/// The body of `POST /v1/payments/{id}/manual_capture`.
enum ManualCaptureBody {
    /// Reads an admitted body. Without `amount` the capture takes all that is capturable.
    static func parse(
        _ input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> PaymentOperation {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var amount: Int64?
        var method: ManualMethod?
        var reason: String?
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("amount", in: input) {
                amount = try reader.amount(input)
            } else if name.equals("method", in: input) {
                method = try reader.manualMethod(input)
            } else if name.equals("reason", in: input) {
                reason = try reader.manualReason(input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let method else { throw Rejection(.parameterMissing, .known("method")) }
        guard let reason else { throw Rejection(.parameterMissing, .known("reason")) }
        var instructions = CaptureInstructions()
        instructions.manual = (method, reason)
        return .capture(amountMinor: amount, isFinal: true, instructions: instructions)
    }
}
