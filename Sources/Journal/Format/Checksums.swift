import CMillrace
import Crypto

/// CRC-32C of some bytes, continuing from `seed`.
func crc32c(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    millrace_crc32c(seed, bytes.baseAddress, bytes.count)
}

/// Random bytes of one segment (or of a witness file) that every checksum in it starts with. So
/// bytes from an earlier use of the same disk blocks are not valid. And a merchant's bytes cannot
/// imitate a header.
struct Salt: Equatable, Sendable {
    static let byteCount = 16
    var bytes: SIMD16<UInt8>

    static func random() -> Salt {
        var bytes = SIMD16<UInt8>()
        let result = withUnsafeMutableBytes(of: &bytes) { millrace_random($0.baseAddress, $0.count) }
        precondition(result == 0, "the kernel gives no random bytes")
        return Salt(bytes: bytes)
    }

    /// The checksum that a header's own checksum continues from.
    var seed: UInt32 { withUnsafeBytes(of: bytes) { crc32c($0) } }
}

/// A link of the chain over all batches: SHA-256 of a batch frame without its two checksums. The
/// frame holds the link before.
struct ChainHash: Equatable, Sendable {
    static let byteCount = 32
    /// What the first batch of a journal names as its predecessor.
    static let genesis = ChainHash(bytes: SIMD32(repeating: 0))

    var bytes: SIMD32<UInt8>

    init(bytes: SIMD32<UInt8>) { self.bytes = bytes }

    init(hashing frame: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: frame)
        bytes = hash.finalize().withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) }
    }

    init(digest: SHA256.Digest) {
        bytes = digest.withUnsafeBytes { $0.loadUnaligned(as: SIMD32<UInt8>.self) }
    }

    var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        var text = ""
        for index in 0..<Self.byteCount {
            text.append(digits[Int(bytes[index] >> 4)])
            text.append(digits[Int(bytes[index] & 15)])
        }
        return text
    }
}
