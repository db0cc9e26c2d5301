import Money
import Payments
import ShardCore
import WireJSON

/// The body of `POST /v1/payments`.
struct CreatePaymentBody {
    static let maximumPaymentMethodBytes = 128
    static let maximumDescriptionCharacters = 1_000
    static let maximumReferenceCharacters = 80
    static let maximumCustomerCharacters = 255
    static let statementDescriptorCharacters = 5...22
    static let maximumMetadataPairs = 50
    static let metadataKeyCharacters = 1...40
    static let maximumMetadataValueCharacters = 500

    private var amountMinor: Int64?
    private var currency: Currency?
    private var paymentMethod: String?
    private var capturesAutomatically = true
    private var acceptsPartialAuthorization = false
    private var details = PaymentDetails()
    private var funding = PaymentFunding.provider
    private var hasSplits = false
    private var reader = BodyReader()

    /// What the configuration says of the merchant's payments.
    struct Terms {
        var feeBasisPoints: UInt16
        var route: RoutePlan
    }

    /// Reads an admitted body; an `idempotency_key` in it goes to `scratch.bodyKey`.
    static func parse(
        _ input: Span<UInt8>,
        _ terms: Terms,
        toppingUp wallet: WalletID? = nil,
        scratch: inout RequestScratch
    ) throws(Rejection) -> CreatePayment {
        guard !input.isEmpty else { throw Rejection(.bodyMissing) }
        var body = CreatePaymentBody()
        try body.reader.begin(input)
        while let name = try body.reader.next(input) { try body.readMember(name, in: input, scratch: &scratch) }
        guard let amountMinor = body.amountMinor else { throw Rejection(.parameterMissing, .known("amount")) }
        guard let currency = body.currency else { throw Rejection(.parameterMissing, .known("currency")) }
        guard let paymentMethod = body.paymentMethod else {
            throw Rejection(.parameterMissing, .known("payment_method"))
        }
        if let wallet { try body.topUp(wallet) }
        if body.hasSplits { try body.checkSplits() }
        var payment = CreatePayment(
            amountMinor: amountMinor,
            currency: currency,
            capturesAutomatically: body.capturesAutomatically,
            acceptsPartialAuthorization: body.acceptsPartialAuthorization,
            feeBasisPoints: terms.feeBasisPoints,
            route: terms.route,
            paymentMethod: paymentMethod,
            details: body.details
        )
        payment.funding = body.funding
        payment.hasSplits = body.hasSplits
        return payment
    }

    /// The payment fills a wallet: by a provider, at once, all of it.
    private mutating func topUp(_ wallet: WalletID) throws(Rejection) {
        guard capturesAutomatically else { throw Rejection(.parameterValueUnknown, .known("capture")) }
        guard funding == .provider else { throw Rejection(.parameterValueUnknown, .known("payment_method")) }
        guard !hasSplits else { throw Rejection(.splitsNotPossible, .known("splits")) }
        details.append(.wallet, wallet.description)
        funding = .topUp(wallet)
    }

    private func checkSplits() throws(Rejection) {
        guard capturesAutomatically, funding == .provider else { throw Rejection(.splitsNotPossible, .known("splits")) }
    }

    private mutating func readMember(
        _ name: JSONString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        // The length tells nearly all names apart before any is compared.
        switch name.hasEscapes ? name.unescapedCount(input) : name.range.count {
        case 6 where name.equals("amount", in: input):
            amountMinor = try reader.amount(input)
        case 6 where name.equals("splits", in: input):
            let splits = try reader.splits(input, &scratch)
            hasSplits = !splits.isEmpty
            if hasSplits { details.append(plan: splits) }
        case 7 where name.equals("capture", in: input):
            capturesAutomatically = try reader.flag("capture", input)
        case 8 where name.equals("currency", in: input):
            currency = try reader.currency("currency", in: input, scratch: &scratch)
        case 8 where name.equals("customer", in: input):
            try readText(
                "customer",
                field: .customer,
                lengths: 1...Self.maximumCustomerCharacters,
                in: input,
                scratch: &scratch
            )
        case 8 where name.equals("metadata", in: input):
            try readMetadata(input, &scratch)
        case 9 where name.equals("reference", in: input):
            try readText(
                "reference",
                field: .reference,
                lengths: 0...Self.maximumReferenceCharacters,
                in: input,
                scratch: &scratch
            )
        case 11 where name.equals("description", in: input):
            try readText(
                "description",
                field: .description,
                lengths: 0...Self.maximumDescriptionCharacters,
                in: input,
                scratch: &scratch
            )
        case 14 where name.equals("payment_method", in: input):
            try readPaymentMethod("payment_method", in: input, scratch: &scratch)
        case 15 where name.equals("idempotency_key", in: input):
            try reader.idempotencyKey(input, &scratch)
        case 17 where name.equals("payment_method_id", in: input):
            // The name in the design documents; the same parameter.
            try readPaymentMethod("payment_method_id", in: input, scratch: &scratch)
        case 20 where name.equals("statement_descriptor", in: input):
            try readStatementDescriptor(input, &scratch)
        case 21 where name.equals("partial_authorization", in: input):
            acceptsPartialAuthorization = try reader.flag("partial_authorization", input)
        default:
            throw reader.unknown(name, in: input, scratch: &scratch)
        }
    }

    private mutating func readPaymentMethod(
        _ name: StaticString,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        guard paymentMethod == nil else { throw Rejection(.parameterRepeated, .known(name)) }
        let value = try reader.string(name, input)
        try value.withValue(in: input, scratch: &scratch.text) { token throws(Rejection) in
            guard !token.isEmpty else { throw Rejection(.parameterTooShort, .known(name)) }
            guard token.count <= Self.maximumPaymentMethodBytes else {
                throw Rejection(.parameterTooLong, .known(name))
            }
            guard VisibleASCII.isAll(token) else { throw Rejection(.parameterCharactersInvalid, .known(name)) }
            details.append(.paymentMethod, token)
            paymentMethod = String(copying: token)
            guard token.matches(WalletID.prefix) else { return }
            guard let numbers = Identifier.parse(WalletID.prefix, token) else {
                throw Rejection(.walletUnknown, .known(name))
            }
            funding = .wallet(WalletID(high: numbers.high, low: numbers.low))
        }
    }

    private mutating func readText(
        _ name: StaticString,
        field: PaymentDetails.Field,
        lengths: ClosedRange<Int>,
        in input: Span<UInt8>,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        try append(
            try reader.string(name, input),
            name: name,
            field: field,
            lengths: lengths,
            in: input,
            scratch: &scratch
        )
    }

    /// Stripe's rule: 5 to 22 Latin characters, at least one of them a letter, none of `<>\'"*`.
    private mutating func readStatementDescriptor(
        _ input: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Rejection) {
        let name: StaticString = "statement_descriptor"
        let value = try reader.string(name, input)
        let field: PaymentDetails.Field = .statementDescriptor
        try append(
            value,
            name: name,
            field: field,
            lengths: Self.statementDescriptorCharacters,
            in: input,
            scratch: &scratch
        ) { text in
            var hasLetter = false
            for index in text.indices {
                let character = text[index]
                guard character >= 0x20, character < 0x7F, !Self.isForbiddenInDescriptor(character) else {
                    return false
                }
                if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character | 0x20) { hasLetter = true }
            }
            return hasLetter
        }
    }

    private static func isForbiddenInDescriptor(_ character: UInt8) -> Bool {
        character == UInt8(ascii: "<") || character == UInt8(ascii: ">") || character == UInt8(ascii: "\\")
            || character == UInt8(ascii: "'") || character == UInt8(ascii: "\"") || character == UInt8(ascii: "*")
    }

    private mutating func readMetadata(_ input: Span<UInt8>, _ scratch: inout RequestScratch) throws(Rejection) {
        try reader.beginObject("metadata", input)
        var pairs = 0
        while let key = try reader.next(input) {
            pairs += 1
            guard pairs <= Self.maximumMetadataPairs else {
                throw Rejection(.metadataTooManyPairs, .known("metadata"))
            }
            try append(
                key,
                name: "metadata",
                field: .metadataKey,
                lengths: Self.metadataKeyCharacters,
                in: input,
                scratch: &scratch
            )
            let value = try reader.string("metadata", input)
            try append(
                value,
                name: "metadata",
                field: .metadataValue,
                lengths: 0...Self.maximumMetadataValueCharacters,
                in: input,
                scratch: &scratch
            )
        }
    }

    /// Packs a string's value, after checking its length in characters (Unicode scalars) and what
    /// `accepts` says.
    private mutating func append(
        _ string: JSONString,
        name: StaticString,
        field: PaymentDetails.Field,
        lengths: ClosedRange<Int>,
        in input: Span<UInt8>,
        scratch: inout RequestScratch,
        accepts: (Span<UInt8>) -> Bool = { _ in true }
    ) throws(Rejection) {
        try string.withValue(in: input, scratch: &scratch.text) { text throws(Rejection) in
            try Self.check(text, name: name, lengths: lengths)
            guard accepts(text) else { throw Rejection(.parameterCharactersInvalid, .known(name)) }
            details.append(field, text)
        }
    }

    private static func check(
        _ text: Span<UInt8>,
        name: StaticString,
        lengths: ClosedRange<Int>
    ) throws(Rejection) {
        // A character takes one to four bytes, so that most texts need not be counted.
        if text.count <= lengths.upperBound, text.count >= lengths.lowerBound * 4 { return }
        let length = characterCount(text)
        guard length >= lengths.lowerBound else { throw Rejection(.parameterTooShort, .known(name)) }
        guard length <= lengths.upperBound else { throw Rejection(.parameterTooLong, .known(name)) }
    }

    /// The number of Unicode scalars of well-formed UTF-8: the bytes that do not continue a
    /// sequence.
    private static func characterCount(_ text: Span<UInt8>) -> Int {
        var count = 0
        for index in text.indices where text[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
