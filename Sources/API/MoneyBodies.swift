import Money
import Payments
import Shard
import WireJSON

/// The body of `POST /v1/payouts`.
enum PayoutBody {
    static func parse(
        _ input: Span<UInt8>,
        _ merchant: APIConfiguration.Merchant,
        _ rules: MoneyRules,
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
                amount = try reader.amount(input)
            } else if name.equals("currency", in: input) {
                currency = try reader.currency("currency", input, &scratch)
            } else if name.equals("destination", in: input) {
                destination = try reader.token("destination", 1...Payout.maximumTextBytes, input, &scratch)
            } else if name.equals("seller", in: input) {
                seller = try reader.seller(input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
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
                currency = try reader.currency("currency", input, &scratch)
            } else if name.equals("reference", in: input) {
                reference = try reader.token("reference", 0...maximumReferenceCharacters, input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
            }
        }
        guard let currency else { throw Rejection(.parameterMissing, .known("currency")) }
        return CreateWallet(currency: currency, reference: reference)
    }
}

/// The body of `POST /v1/fx/quotes`.
enum QuoteBody {
    static func parse(
        _ input: Span<UInt8>,
        _ rules: MoneyRules,
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
                amount = try reader.amount("sell_amount", input)
            } else if name.equals("sell_currency", in: input) {
                sold = try reader.currency("sell_currency", input, &scratch)
            } else if name.equals("buy_currency", in: input) {
                bought = try reader.currency("buy_currency", input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
            }
        }
        guard let amount else { throw Rejection(.parameterMissing, .known("sell_amount")) }
        guard let sold else { throw Rejection(.parameterMissing, .known("sell_currency")) }
        guard let bought else { throw Rejection(.parameterMissing, .known("buy_currency")) }
        guard let rate = rules.rates[MoneyRules.Pair(sold: sold, bought: bought)] else {
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
                quote = try reader.token("quote", 1...64, input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
            }
        }
        guard let quote else { throw Rejection(.parameterMissing, .known("quote")) }
        return QuoteID(quote)
    }
}

extension BodyReader {
    mutating func currency(
        _ name: StaticString,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> Currency {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { code throws(Rejection) in
            guard let known = Currency(code: code) else { throw Rejection(.currencyUnknown, .known(name)) }
            return known
        }
    }

    /// Visible ASCII characters without spaces.
    mutating func token(
        _ name: StaticString,
        _ lengths: ClosedRange<Int>,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count >= lengths.lowerBound else { throw Rejection(.parameterTooShort, .known(name)) }
            guard text.count <= lengths.upperBound else { throw Rejection(.parameterTooLong, .known(name)) }
            guard VisibleASCII.isAll(text) else { throw Rejection(.parameterCharactersInvalid, .known(name)) }
            return String(copying: text)
        }
    }

    mutating func seller(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) -> SellerName {
        let text = try token("seller", 1...SellerName.maximumBytes, input, &scratch)
        guard let name = SellerName(text) else { throw Rejection(.parameterCharactersInvalid, .known("seller")) }
        return name
    }
}

extension BodyReader {
    /// `splits`: at most four sellers, each once, each with `amount` or `basis_points`.
    mutating func splits(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> [SplitRequest] {
        var splits: [SplitRequest] = []
        try beginArray("splits", input)
        while try nextElement(input) {
            let split = try split(input, &scratch)
            guard !splits.contains(where: { $0.seller == split.seller }) else {
                throw Rejection(.parameterValueUnknown, .known("splits"))
            }
            splits.append(split)
            guard splits.count <= SplitAllocation.maximumSellers else {
                throw Rejection(.tooManySellers, .known("splits"))
            }
        }
        return splits
    }

    private mutating func split(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> SplitRequest {
        var seller: SellerName?
        var share: SplitRequest.Share?
        try beginObject("splits", input)
        while let name = try next(input) {
            if name.equals("seller", in: input) {
                seller = try self.seller(input, &scratch)
            } else if name.equals("amount", in: input), share == nil {
                share = .amount(try amount("amount", input))
            } else if name.equals("basis_points", in: input), share == nil {
                let points = try amount("basis_points", input)
                guard points <= 10_000 else { throw Rejection(.amountTooLarge, .known("basis_points")) }
                share = .basisPoints(UInt16(points))
            } else {
                throw unknown(name, input, &scratch)
            }
        }
        guard let seller else { throw Rejection(.parameterMissing, .known("seller")) }
        guard let share else { throw Rejection(.parameterMissing, .known("amount")) }
        return SplitRequest(seller: seller, share: share)
    }

    /// `manual`: how a capture was made by hand, and why.
    mutating func manual(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> (method: ManualMethod, reason: String) {
        var method: ManualMethod?
        var reason: String?
        try beginObject("manual", input)
        while let name = try next(input) {
            if name.equals("method", in: input) {
                let value = try string("method", input)
                method = ManualMethod.allCases.first { value.equals($0.name, in: input) }
                guard method != nil else { throw Rejection(.parameterValueUnknown, .known("method")) }
            } else if name.equals("reason", in: input) {
                reason = try text("reason", 1...Payout.maximumTextBytes, input, &scratch)
            } else {
                throw unknown(name, input, &scratch)
            }
        }
        guard let method else { throw Rejection(.parameterMissing, .known("method")) }
        guard let reason else { throw Rejection(.parameterMissing, .known("reason")) }
        return (method, reason)
    }

    /// Text for people, lengths in bytes; control characters are refused.
    mutating func text(
        _ name: StaticString,
        _ lengths: ClosedRange<Int>,
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) -> String {
        let value = try string(name, input)
        return try value.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            guard text.count >= lengths.lowerBound else { throw Rejection(.parameterTooShort, .known(name)) }
            guard text.count <= lengths.upperBound else { throw Rejection(.parameterTooLong, .known(name)) }
            for index in text.indices where text[index] < 0x20 || text[index] == 0x7F {
                throw Rejection(.parameterCharactersInvalid, .known(name))
            }
            return String(copying: text)
        }
    }
}

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
                reason = try reader.text("reason", 0...Payout.maximumTextBytes, input, &scratch)
            } else if name.equals("idempotency_key", in: input) {
                try reader.idempotencyKey(input, &scratch)
            } else {
                throw reader.unknown(name, input, &scratch)
            }
        }
        guard let event else { throw Rejection(.parameterMissing, .known("event")) }
        return (event, reason)
    }
}
