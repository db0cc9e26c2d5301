import Crypto
package import Payments
import ShardRecords

/// The digests of the edge. Each costs one allocation (swift-crypto's context). The caller gathers
/// the bytes to be hashed in a buffer that it reuses, so that there is one `update`.
enum Digest {
    /// SHA-256 as four big-endian words.
    static func sha256(_ bytes: Span<UInt8>) -> Digest256 {
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return hasher.finalize().withUnsafeBytes { digest in
            Digest256(
                words: (
                    word(digest, 0), word(digest, 8), word(digest, 16), word(digest, 24)
                )
            )
        }
    }

    private static func word(_ digest: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The idempotency table's key: the first 128 bits of SHA-256 over seed ‖ merchant (8 bytes,
    /// big endian) ‖ key. The seed is a secret of the data directory, so that a merchant cannot
    /// construct keys that collide with another's.
    static func key(
        seed: [UInt8],
        merchant: MerchantID,
        key: [UInt8],
        scratch: inout [UInt8]
    ) -> KeyDigest {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: seed)
        for shift in stride(from: 56, through: 0, by: -8) {
            scratch.append(UInt8(truncatingIfNeeded: merchant.rawValue >> UInt64(shift)))
        }
        scratch.append(contentsOf: key)
        let words = sha256(scratch.span).words
        return KeyDigest(high: words.0, low: words.1)
    }
}

/// A whole SHA-256 digest.
package struct Digest256: Sendable {
    package let words: (UInt64, UInt64, UInt64, UInt64)

    /// Whether two digests are equal, in a time that does not depend on where they differ.
    package func constantTimeEquals(_ other: Digest256) -> Bool {
        (words.0 ^ other.words.0) | (words.1 ^ other.words.1) | (words.2 ^ other.words.2) | (words.3 ^ other.words.3)
            == 0
    }
}

extension MerchantID {
    /// The merchant that a configured text identifier stands for: the first eight bytes of its
    /// SHA-256.
    package init(configured text: String) {
        self.init(rawValue: Digest.sha256(Array(text.utf8).span).words.0)
    }
}
