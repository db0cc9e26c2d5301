/// The forms of an idempotency key in a header. One is the bare text, as Stripe's and Adyen's
/// clients send it. The other is a structured-field string
/// (draft-ietf-httpapi-idempotency-key-header, RFC 9651 section 3.3.3). Both mean the text without
/// quotes.
enum IdempotencyKey {
    static let maximumLength = 255

    /// Replaces `output` by the key's text.
    static func parse(header: Span<UInt8>, into output: inout [UInt8]) throws(Rejection) {
        output.removeAll(keepingCapacity: true)
        if header.count > 0 && header[0] == UInt8(ascii: "\"") {
            try unquote(header, into: &output)
        } else {
            // A longer text cannot be a key, so it is not copied.
            guard header.count <= maximumLength else { throw Rejection(.idempotencyKeyInvalid) }
            header.withUnsafeBufferPointer { output.append(contentsOf: $0) }
        }
        try check(output.span)
    }

    /// 1 to 255 characters of visible ASCII.
    static func check(_ key: Span<UInt8>) throws(Rejection) {
        guard (1...maximumLength).contains(key.count), VisibleASCII.isAll(key) else {
            throw Rejection(.idempotencyKeyInvalid)
        }
    }

    private static func unquote(_ header: Span<UInt8>, into output: inout [UInt8]) throws(Rejection) {
        var index = 1
        while index < header.count && output.count <= maximumLength {
            let character = header[index]
            if character == UInt8(ascii: "\"") {
                // Parameters after the string are not part of this field.
                guard index == header.count - 1 else { throw Rejection(.idempotencyKeyInvalid) }
                return
            }
            if character == UInt8(ascii: "\\") {
                index += 1
                guard index < header.count, header[index] == UInt8(ascii: "\"") || header[index] == UInt8(ascii: "\\")
                else { throw Rejection(.idempotencyKeyInvalid) }
            }
            output.append(header[index])
            index += 1
        }
        throw Rejection(.idempotencyKeyInvalid)
    }
}
