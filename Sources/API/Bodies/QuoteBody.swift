import Money
import ShardCore
import WireJSON

/// The body of `POST /v1/fx/quotes`.
enum QuoteBody {
    static func parse(
        _ input: Span<UInt8>,
        _ rules: TreasuryRules,
        scratch: inout RequestScratch
    ) throws(Rejection) -> QuoteRequest {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var reader = BodyReader()
        var amount: Int64?
        var sold: Currency?
        var bought: Currency?
        try reader.begin(input)
        while let name = try reader.next(input) {
            if name.equals("sell_amount", in: input) {
                amount = try reader.minorUnits("sell_amount", from: 1, input)
            } else if name.equals("sell_currency", in: input) {
                sold = try reader.currency("sell_currency", in: input, scratch: &scratch)
            } else if name.equals("buy_currency", in: input) {
                bought = try reader.currency("buy_currency", in: input, scratch: &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, in: input, scratch: &scratch)
            }
        }
        guard let amount else { throw Rejection(.parameterMissing, .known("sell_amount")) }
        guard let sold else { throw Rejection(.parameterMissing, .known("sell_currency")) }
        guard let bought else { throw Rejection(.parameterMissing, .known("buy_currency")) }
        guard let rate = rules.rates[TreasuryRules.Pair(sold: sold, bought: bought)] else {
            throw Rejection(.exchangePairUnavailable, .known("buy_currency"))
        }
        return QuoteRequest(
            sold: sold,
            soldMinor: amount,
            bought: bought,
            rate: rate,
            spreadBasisPoints: rules.spreadBasisPoints,
            validMilliseconds: rules.quoteMilliseconds
        )
    }
}
