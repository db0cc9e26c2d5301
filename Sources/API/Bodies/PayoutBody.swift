import Money
import Payments
import ShardCore
import WireJSON

/// The body of `POST /v1/payouts`.
enum PayoutBody {
    static func parse(
        _ input: Span<UInt8>,
        merchant: APIConfiguration.Merchant,
        rules: TreasuryRules,
        scratch: inout RequestScratch
    ) throws(Rejection) -> CreatePayout {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var amount: Int64?
        var currency: Currency?
        var destination: String?
        var seller: SellerName?
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("amount", in: input) {
                amount = try reader.minorUnits("amount", from: 1, input)
            } else if name.equals("currency", in: input) {
                currency = try reader.currency("currency", in: input, scratch: &scratch)
            } else if name.equals("destination", in: input) {
                destination = try reader.token(
                    "destination",
                    lengths: 1...Payout.maximumTextBytes,
                    in: input,
                    scratch: &scratch
                )
            } else if name.equals("seller", in: input) {
                seller = try reader.seller(input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let currency else { throw Rejection(.parameterMissing, .known("currency")) }
        guard let destination else { throw Rejection(.parameterMissing, .known("destination")) }
        return CreatePayout(
            amountMinor: amount,
            currency: currency,
            seller: seller,
            destination: destination,
            minimumMinor: rules.payoutMinimums[currency] ?? 1,
            isHeld: merchant.holdsPayouts
        )
    }
}
