/// An API key: `mk_` (a merchant's) or `ok_` (an operator's) and 43 characters of base64url over 32
/// random bytes. Only its hash is ever stored.
package struct APIKey: Sendable {
    /// The key itself, to be shown once.
    package let text: String
    package let hash: APIKeyHash

    /// The prefix of every merchant's key.
    package static let prefix: StaticString = "mk_"
    /// The prefix of every operator's key.
    package static let operatorPrefix: StaticString = "ok_"
    /// No header value longer than this is taken for a key, in bytes.
    package static let maximumLength = 255

    /// A new key from the system's random numbers.
    package static func generate(forOperator: Bool = false) -> APIKey {
        var system = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            let word = system.next()
            for shift in stride(from: 0, to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        let text = "\(forOperator ? operatorPrefix : prefix)" + String(decoding: Base64URL.encode(bytes), as: UTF8.self)
        return APIKey(text: text, hash: APIKeyHash(ofKey: text))
    }
}

/// What the configuration knows of a key: `sha256:` and 64 hexadecimal digits. The key has 256 bits
/// of randomness, so that a fast hash is enough.
package struct APIKeyHash: Sendable, Hashable, CustomStringConvertible {
    package let digest: Digest256

    package init(ofKey text: String) {
        self.digest = Digest.sha256(Array(text.utf8).span)
    }

    /// A hash as its 32 bytes.
    package init(bytes: [UInt8]) {
        precondition(bytes.count == 32, "SHA-256 has 32 bytes")
        func word(_ first: Int) -> UInt64 {
            bytes[first..<first + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.digest = Digest256(words: (word(0), word(8), word(16), word(24)))
    }

    /// Reads `sha256:HEX` (either case); `nil` for anything else.
    package init?(configured text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 71, bytes.span.matches("sha256:") else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for index in 0..<64 {
            guard let digit = Self.digit(bytes[7 + index]) else { return nil }
            words[index / 16] = words[index / 16] << 4 | UInt64(digit)
        }
        self.digest = Digest256(words: (words[0], words[1], words[2], words[3]))
    }

    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var characters = Array("sha256:".utf8)
        for word in [digest.words.0, digest.words.1, digest.words.2, digest.words.3] {
            for shift in stride(from: 60, through: 0, by: -4) {
                characters.append(digits[Int(word >> UInt64(shift) & 15)])
            }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    package static func == (left: APIKeyHash, right: APIKeyHash) -> Bool {
        left.digest.constantTimeEquals(right.digest)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(digest.words.0)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
