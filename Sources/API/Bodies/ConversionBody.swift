import Payments
import WireJSON

/// The body of `POST /v1/fx/conversions`.
enum ConversionBody {
    /// nil for an identifier that no quote can have.
    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> QuoteID? {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var quote: String?
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("quote", in: input) {
                quote = try reader.token("quote", lengths: 1...64, in: input, scratch: &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let quote else { throw Rejection(.parameterMissing, .known("quote")) }
        return QuoteID(quote)
    }
}
