/// Tells which merchant or operator sent a request, by `Authorization: Bearer mk_...` (or `ok_...`;
/// RFC 6750 section 2.1). Bound to one loop.
///
/// A small cache of keys that were found valid saves the digest on most requests. It compares the
/// whole text in a time that depends on its length only. Wrong keys never enter it.
struct Authenticator {
    private struct Entry {
        var header: String
        var principal: Principal
        var credential: UInt64
    }

    /// The number of cached keys. A new key takes the place of the entry it collides with.
    static let cacheCapacity = 256

    private let directory: MerchantDirectory
    private var cache: [Entry?]
    /// The first 8 bytes of the SHA-256 of the key that was found valid last.
    private(set) var credential: UInt64 = 0

    init(_ directory: MerchantDirectory) {
        self.directory = directory
        self.cache = Array(repeating: nil, count: Self.cacheCapacity)
    }

    /// The merchant or operator whose key the header holds.
    mutating func principal(authorization header: String) throws(Rejection) -> Principal {
        let bytes = header.utf8.span
        let slot = Self.slot(bytes)
        if let entry = cache[slot], Self.equalsInConstantTime(entry.header.utf8.span, bytes) {
            credential = entry.credential
            return entry.principal
        }
        guard let start = Self.tokenStart(bytes) else { throw Rejection(.apiKeyInvalid) }
        let token = bytes.extracting(start..<bytes.count)
        guard token.count <= APIKey.maximumLength,
            token.matches(APIKey.prefix) || token.matches(APIKey.operatorPrefix), VisibleASCII.isAll(token)
        else { throw Rejection(.apiKeyInvalid) }
        let digest = Digest.sha256(token)
        guard let principal = directory.principal(of: digest) else { throw Rejection(.apiKeyInvalid) }
        credential = digest.words.0
        cache[slot] = Entry(header: header, principal: principal, credential: credential)
        return principal
    }

    /// Where the token begins: after `Bearer` (any case) and spaces.
    private static func tokenStart(_ header: Span<UInt8>) -> Int? {
        let scheme: StaticString = "bearer "
        guard header.count > 7 else { return nil }
        for index in 0..<7 where header[index] | 0x20 != scheme.utf8Start[index] { return nil }
        var start = 7
        while start < header.count && header[start] == UInt8(ascii: " ") { start += 1 }
        return start
    }

    /// The last characters of a key are random, so that they spread well.
    private static func slot(_ header: Span<UInt8>) -> Int {
        guard header.count >= 8 else { return 0 }
        var mixed: UInt64 = 0
        for index in header.count - 8..<header.count { mixed = mixed << 8 | UInt64(header[index]) }
        return Int(truncatingIfNeeded: (mixed &* 0x9E37_79B9_7F4A_7C15) >> 32) % cacheCapacity
    }

    private static func equalsInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
