import NIOHPACK

/// What HTTP allows in names and values of fields, and HTTP/2 in particular (RFC 9113 section 8.2).
///
/// `NIOHTTP2Handler` can check the same. It compares text by text, in about five times the
/// instructions (docs/performance.md).
enum HeaderFieldRules {
    /// Whether a block that follows a body keeps the rules: it has no pseudo-fields.
    static func isTrailers(_ headers: HPACKHeaders) -> Bool {
        headers.allSatisfy { name, value, _ in isRegular(name, value) }
    }

    /// Whether the block of an answer can be sent: a status, then regular fields.
    static func isAnswer(_ headers: HPACKHeaders) -> Bool {
        var isFirst = true
        for (name, value, _) in headers {
            guard isFirst ? name == ":status" && isPseudoValue(value) : isRegular(name, value) else { return false }
            isFirst = false
        }
        return !isFirst
    }

    /// Whether a field is one of a message and not of an HTTP/1.1 connection, by its name and
    /// value.
    static func isRegular(_ name: String, _ value: String) -> Bool {
        // The length tells apart nearly all names before any text is compared.
        switch name.utf8.count {
        case 0: return false
        case 2 where name == "te": guard value == "trailers" else { return false }
        case 7 where name == "upgrade", 10 where name == "connection" || name == "keep-alive",
            16 where name == "proxy-connection", 17 where name == "transfer-encoding":
            return false
        default: break
        }
        let nameBytes = name.utf8.span
        for index in nameBytes.indices where !isToken(nameBytes[index]) { return false }
        let bytes = value.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            // NUL, line feed and carriage return.
            if byte <= 0x0D, byte == 0 || byte == 0x0A || byte == 0x0D { return false }
        }
        guard let last = bytes.indices.last else { return true }
        return !isBlank(bytes[0]) && !isBlank(bytes[last])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The size of a list of fields as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 section
    /// 6.5.2), in bytes.
    static func byteCount(_ headers: HPACKHeaders) -> Int {
        headers.reduce(0) { $0 + byteCount(name: $1.name, value: $1.value) }
    }

    static func byteCount(name: String, value: String) -> Int { name.utf8.count + value.utf8.count + 32 }

    /// Whether a text is a method: a token (RFC 9110 section 9.1).
    static func isMethod(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices where !isToken(small(bytes[index])) { return false }
        return !bytes.isEmpty
    }

    /// The small letter of a capital one; other bytes as they are.
    private static func small(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// Whether a text is the value of `content-length`: digits (RFC 9110 section 8.6), few enough
    /// for an integer.
    static func isLength(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices where !(0x30...0x39).contains(bytes[index]) { return false }
        return !bytes.isEmpty && bytes.count <= 18
    }

    /// No pseudo-field's grammar has a blank or a control character.
    static func isPseudoValue(_ value: String) -> Bool {
        let bytes = value.utf8.span
        for index in bytes.indices where bytes[index] <= 0x20 || bytes[index] == 0x7F { return false }
        return true
    }

    /// A byte of a token (RFC 9110 section 5.6.2) that is no capital letter.
    private static func isToken(_ byte: UInt8) -> Bool {
        byte < 0x80 && (byte < 0x40 ? tokensBelow64 : tokensFrom64) >> UInt64(byte & 0x3F) & 1 == 1
    }

    /// One bit a byte: `!`, `#` to `'`, `*`, `+`, `-`, `.`, digits.
    private static let tokensBelow64: UInt64 = 0x03FF_6CFA_0000_0000
    /// `^` to `z`, `|`, `~`.
    private static let tokensFrom64: UInt64 = 0x57FF_FFFF_C000_0000
}
