import NIOHPACK

/// The header fields that the edge reads, gathered in one pass.
struct HeaderFields {
    private(set) var authorization: String?
    private(set) var contentType: String?
    /// A content coding (RFC 9110 section 8.4) other than `identity`.
    private(set) var isEncoded = false
    /// `Prefer: respond-async` (RFC 7240, section 4.1): 202 as soon as the request is durable.
    private(set) var prefersAsync = false
    /// `Idempotency-Key` and its alias `X-Idempotency-Key`.
    private var key: String?
    private var keyAlias: String?

    /// Refuses two different values of a field that can have only one.
    init(_ headers: HPACKHeaders) throws(Rejection) {
        for (name, value, _) in headers {
            // The length tells apart nearly all fields before any text is compared.
            switch name.utf8.count {
            case 6 where name == "prefer": prefersAsync = prefersAsync || Self.namesRespondAsync(value.utf8.span)
            case 12 where name == "content-type": contentType = value
            case 16 where name == "content-encoding":
                isEncoded = isEncoded || !Self.isIdentity(value.utf8.span)
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

    /// Whether a list of preferences has `respond-async`, in any case and with any parameters.
    /// Others are ignored, as the RFC asks.
    static func namesRespondAsync(_ list: Span<UInt8>) -> Bool {
        let expected: StaticString = "respond-async"
        let length = expected.utf8CodeUnitCount
        var start = 0
        while start + length <= list.count {
            var end = start
            while end < list.count && list[end] != UInt8(ascii: ",") { end += 1 }
            while start < end && (list[start] == UInt8(ascii: " ") || list[start] == UInt8(ascii: "\t")) { start += 1 }
            if end - start >= length, matches(list.extracting(start..<start + length), expected),
                end - start == length || isDelimiter(list[start + length])
            {
                return true
            }
            start = end + 1
        }
        return false
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// ASCII letters in any case.
    private static func matches(_ text: Span<UInt8>, _ expected: StaticString) -> Bool {
        for index in text.indices {
            let letter = text[index]
            let lower = letter >= UInt8(ascii: "A") && letter <= UInt8(ascii: "Z") ? letter | 0x20 : letter
            guard lower == expected.utf8Start[index] else { return false }
        }
        return true
    }

    /// No content coding; in any case.
    private static func isIdentity(_ coding: Span<UInt8>) -> Bool {
        let expected: StaticString = "identity"
        return coding.isEmpty || coding.count == expected.utf8CodeUnitCount && matches(coding, expected)
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
