import Payments
import WireJSON

/// The body of `POST /v1/payouts/{id}/events`.
enum PayoutEventBody {
    static func parse(
        _ input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) -> (event: PayoutEvent, reason: String) {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var event: PayoutEvent?
        var reason = ""
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("event", in: input) {
                let value = try reader.string("event", input)
                event = PayoutEvent.allCases.first { value.equals($0.name, in: input) }
                guard event != nil else { throw Rejection(.parameterValueUnknown, .known("event")) }
            } else if name.equals("reason", in: input) {
                reason = try reader.text("reason", lengths: 0...Payout.maximumTextBytes, in: input, scratch: &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let event else { throw Rejection(.parameterMissing, .known("event")) }
        return (event, reason)
    }
}
