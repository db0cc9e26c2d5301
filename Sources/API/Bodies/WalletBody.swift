import Money
import ShardCore
import WireJSON

/// The body of `POST /v1/wallets`.
enum WalletBody {
    static let maximumReferenceCharacters = 80

    static func parse(_ input: Span<UInt8>, scratch: inout RequestScratch) throws(Rejection) -> CreateWallet {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var currency: Currency?
        var reference = ""
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("currency", in: input) {
                currency = try reader.currency("currency", in: input, scratch: &scratch)
            } else if name.equals("reference", in: input) {
                reference = try reader.token(
                    "reference",
                    lengths: 0...maximumReferenceCharacters,
                    in: input,
                    scratch: &scratch
                )
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let currency else { throw Rejection(.parameterMissing, .known("currency")) }
        return CreateWallet(currency: currency, reference: reference)
    }
}
