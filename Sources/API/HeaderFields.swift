import NIOHPACK

/// The header fields that the edge reads, gathered in one pass.
struct HeaderFields {
    private(set) var authorization: String?
    private(set) var contentType: String?
    /// `Idempotency-Key` and its alias `X-Idempotency-Key`.
    private var key: String?
    private var keyAlias: String?

    /// Refuses two different values of a field that can have only one.
    init(_ headers: HPACKHeaders) throws(Rejection) {
        for (name, value, _) in headers {
            // The length tells apart nearly all fields before any text is compared.
            switch name.utf8.count {
            case 12 where name == "content-type": contentType = value
            case 13 where name == "authorization":
                guard authorization == nil || authorization == value else { throw Rejection(.apiKeyInvalid) }
                authorization = value
            case 15 where name == "idempotency-key":
                guard key == nil || key == value else { throw Rejection(.idempotencyKeyConflict) }
                key = value
            case 17 where name == "x-idempotency-key":
                guard keyAlias == nil || keyAlias == value else { throw Rejection(.idempotencyKeyConflict) }
                keyAlias = value
            default: break
            }
        }
    }

    /// Replaces `output` by the text of the headers' key; leaves it empty when there is none.
    func idempotencyKey(into output: inout [UInt8], other: inout [UInt8]) throws(Rejection) {
        output.removeAll(keepingCapacity: true)
        if let key { try IdempotencyKey.parse(header: key.utf8.span, into: &output) }
        guard let keyAlias else { return }
        try IdempotencyKey.parse(header: keyAlias.utf8.span, into: &other)
        if key == nil {
            swap(&output, &other)
        } else if output != other {
            throw Rejection(.idempotencyKeyConflict)
        }
    }

    /// `application/json`, with or without parameters (RFC 9110 section 8.3).
    static func isJSON(_ type: Span<UInt8>) -> Bool {
        let expected: StaticString = "application/json"
        let length = expected.utf8CodeUnitCount
        guard type.count >= length else { return false }
        for index in 0..<length where (type[index] | 0x20) != (expected.utf8Start[index] | 0x20) { return false }
        guard type.count > length else { return true }
        return type[length] == UInt8(ascii: ";") || type[length] == UInt8(ascii: " ")
    }
}
