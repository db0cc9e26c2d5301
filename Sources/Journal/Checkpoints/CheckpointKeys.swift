import Crypto
// Keys and signatures come out of swift-crypto as `Data`.
import FoundationEssentials

/// What names a signing key: the first 8 bytes of the SHA-256 of its public key, as 16 hexadecimal
/// digits.
package struct CheckpointKeyID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(publicKey: [UInt8]) {
        description = String(publicKey.withUnsafeBytes { ChainHash(hashing: $0) }.hexadecimal.prefix(16))
    }

    init?(_ text: Substring) {
        let isDigit = { (digit: UInt8) in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= digit
        }
        guard text.utf8.count == 16, text.utf8.allSatisfy(isDigit) else { return nil }
        description = String(text)
    }
}

/// An Ed25519 key (RFC 8032) that signs checkpoints. As text: PEM of PKCS #8 (RFC 8410, as OpenSSL
/// writes it), or its 32 bytes in base64.
package struct CheckpointSigner: Sendable {
    static let signatureByteCount = 64
    /// PKCS #8 up to the 32 bytes of the key.
    private static let prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    private static let pemLabel = "PRIVATE KEY"

    package let publicKey: CheckpointPublicKey
    private let key: Curve25519.Signing.PrivateKey

    private init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = key
        publicKey = CheckpointPublicKey(key.publicKey)
    }

    /// A new key.
    package static func generate() -> CheckpointSigner { CheckpointSigner(Curve25519.Signing.PrivateKey()) }

    /// `source` is how errors call the text. No error repeats any of it.
    package init(text: [UInt8], source: String) throws(KeyTextError) {
        guard let bytes = KeyPEM.decode(text, label: Self.pemLabel, prefix: Self.prefix),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        else {
            throw KeyTextError(
                source: source,
                line: nil,
                detail: "is neither an Ed25519 private key as PEM (PKCS #8) nor its 32 bytes in base64"
            )
        }
        self.init(key)
    }

    package var pem: String { KeyPEM.encode(Array(key.rawRepresentation), label: Self.pemLabel, prefix: Self.prefix) }

    func sign(_ message: [UInt8]) -> [UInt8] {
        do {
            return Array(try key.signature(for: message))
        } catch {
            preconditionFailure("Ed25519 refused to sign: \(error)")
        }
    }
}

/// What checks the signatures. As text: PEM of SubjectPublicKeyInfo (RFC 8410), or its 32 bytes in
/// base64.
package struct CheckpointPublicKey: Sendable {
    /// SubjectPublicKeyInfo up to the 32 bytes of the key.
    private static let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
    private static let pemLabel = "PUBLIC KEY"

    package let id: CheckpointKeyID
    private let key: Curve25519.Signing.PublicKey

    fileprivate init(_ key: Curve25519.Signing.PublicKey) {
        self.key = key
        id = CheckpointKeyID(publicKey: Array(key.rawRepresentation))
    }

    package init(text: [UInt8], source: String) throws(KeyTextError) {
        guard let bytes = KeyPEM.decode(text, label: Self.pemLabel, prefix: Self.prefix),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        else {
            throw KeyTextError(
                source: source,
                line: nil,
                detail: "is neither an Ed25519 public key as PEM nor its 32 bytes in base64"
            )
        }
        self.init(key)
    }

    package var pem: String { KeyPEM.encode(Array(key.rawRepresentation), label: Self.pemLabel, prefix: Self.prefix) }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool { key.isValidSignature(signature, for: message) }
}

/// The one shape of PEM that Ed25519 keys have: a fixed DER prefix and 32 bytes.
private enum KeyPEM {
    static let keyByteCount = 32

    static func encode(_ key: [UInt8], label: String, prefix: [UInt8]) -> String {
        "-----BEGIN \(label)-----\n\(Base64.encode(prefix + key))\n-----END \(label)-----\n"
    }

    static func decode(_ text: [UInt8], label: String, prefix: [UInt8]) -> [UInt8]? {
        let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
        if lines.count == 1, let bytes = Base64.decode(lines[0]), bytes.count == keyByteCount { return bytes }
        guard lines.count >= 3, lines.first == "-----BEGIN \(label)-----", lines.last == "-----END \(label)-----",
            let der = Base64.decode(Substring(lines.dropFirst().dropLast().joined())), der.starts(with: prefix),
            der.count == prefix.count + keyByteCount
        else { return nil }
        return Array(der.dropFirst(prefix.count))
    }
}
