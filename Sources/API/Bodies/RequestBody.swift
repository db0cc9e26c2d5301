import Money
import Payments
import WireJSON

/// Buffers of one loop that every request reuses.
struct RequestScratch {
    /// Method, route and canonical body: what the fingerprint is taken over.
    var canonical: [UInt8] = []
    /// The value of a string with escapes. The card-number scan also unescapes into it.
    var text: [UInt8] = []
    /// The idempotency key of the headers, then of the body.
    var key: [UInt8] = []
    var bodyKey: [UInt8] = []
    /// What the key's digest is taken over.
    var hashed: [UInt8] = []
    var canonicalizer = CanonicalJSON(maximumDepth: RequestBody.maximumDepth)

    init() {
        canonical.reserveCapacity(4_096)
        text.reserveCapacity(1_024)
        key.reserveCapacity(256)
        bodyKey.reserveCapacity(256)
        hashed.reserveCapacity(320)
    }
}

/// The rules that the bodies of all requests share.
enum RequestBody {
    /// The most objects and arrays inside one another.
    static let maximumDepth = 8
    /// Amounts run from 1 to this many minor units (Stripe's eight digits).
    static let maximumAmountMinor: Int64 = 99_999_999
    /// What providers report may be more than one payment.
    static let maximumSumMinor: Int64 = 1_000_000_000_000

    /// Appends the canonical form (RFC 8785) of a body to `scratch.canonical`. First it checks that
    /// the body is one JSON object without duplicate members, not too deep and without a card
    /// number. An empty body is written as `{}`.
    /// - Parameter isProviderEvent: the provider's own identifiers (`id`, `psp_reference`) are not
    ///   searched for card numbers. Many have 16 digits, and some of these look like a card number.
    static func admit(
        _ body: Span<UInt8>,
        isProviderEvent: Bool = false,
        scratch: inout RequestScratch
    ) throws(Rejection) {
        if body.isEmpty {
            scratch.canonical.append(UInt8(ascii: "{"))
            scratch.canonical.append(UInt8(ascii: "}"))
            return
        }
        do throws(JSONError) {
            try scratch.canonicalizer.canonicalize(
                body,
                excludingTopLevelKey: "idempotency_key",
                into: &scratch.canonical
            )
        } catch {
            throw rejection(of: error)
        }
        guard CardNumberScan.documentContainsCardNumber(body, scratch: &scratch.text) else { return }
        guard isProviderEvent else { throw Rejection(.cardNumberInRequest) }
        let rest = try withoutIdentifiers(body)
        if CardNumberScan.documentContainsCardNumber(rest.span, scratch: &scratch.text) {
            throw Rejection(.cardNumberInRequest)
        }
    }

    /// A provider's event with letters for its identifiers.
    private static func withoutIdentifiers(_ body: Span<UInt8>) throws(Rejection) -> [UInt8] {
        var rest = body.withUnsafeBufferPointer { Array($0) }
        do throws(JSONError) {
            var cursor = JSONCursor(maximumDepth: maximumDepth)
            guard try cursor.peekKind(body) == .object else { return rest }
            try cursor.beginObject(body)
            while let name = try cursor.nextMember(body) {
                let isIdentifier = name.equals("id", in: body) || name.equals("psp_reference", in: body)
                guard isIdentifier, try cursor.peekKind(body) == .string else {
                    try cursor.skipValue(body)
                    continue
                }
                for index in try cursor.readString(body).range { rest[index] = UInt8(ascii: "x") }
            }
        } catch {
            throw rejection(of: error)
        }
        return rest
    }

    static func rejection(of error: JSONError) -> Rejection {
        switch error.code {
        case .tooDeep: Rejection(.jsonTooDeep)
        case .duplicateKey: Rejection(.jsonDuplicateMember)
        case .tooManyMembers: Rejection(.jsonTooManyMembers)
        case .numberOutOfRange: Rejection(.jsonNumberOutOfRange)
        case .unexpectedEnd, .unexpectedByte, .trailingBytes, .controlCharacterInString, .invalidEscape,
            .loneSurrogate, .invalidUTF8, .invalidNumber, .notAnInteger, .wrongType, .tooLong:
            Rejection(.jsonInvalid)
        }
    }
}
