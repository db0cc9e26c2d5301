import Crypto
// SealedBox speaks `Data`; nothing else of Foundation is used, and only per batch or chunk.
import FoundationEssentials

/// A nonce of AES-GCM: 12 bytes that a key must never see twice.
struct SealNonce: Equatable, Sendable {
    static let byteCount = 12
    static let zero = SealNonce(first: 0, second: 0, third: 0)

    var first: UInt32
    var second: UInt32
    var third: UInt32

    /// Little-endian, one after another.
    func store(_ buffer: UnsafeMutableRawBufferPointer) {
        buffer.store(first, at: 0)
        buffer.store(second, at: 4)
        buffer.store(third, at: 8)
    }
}

/// What proves that sealed bytes, and what was authenticated with them, are as they were made.
struct SealTag: Equatable, Sendable {
    static let byteCount = 16
    static let zero = SealTag(bytes: .zero)

    var bytes: SIMD16<UInt8>
}

/// AES-256-GCM (NIST SP 800-38D) through swift-crypto, whose interface has no way to seal in place.
/// Each call allocates a few times and copies twice. So callers seal per batch or chunk and never
/// per record.
struct AuthenticatedCipher: Sendable {
    static let keyByteCount = 32

    private let key: SymmetricKey

    init(key: [UInt8]) {
        precondition(key.count == Self.keyByteCount)
        self.key = SymmetricKey(data: key)
    }

    /// Seals `plain` into `sealed`, which has its size and may be the same memory.
    func seal(
        _ plain: UnsafeRawBufferPointer,
        nonce: SealNonce,
        authenticating context: UnsafeRawBufferPointer,
        into sealed: UnsafeMutableRawBufferPointer
    ) -> SealTag {
        precondition(plain.count == sealed.count)
        do {
            let box = try AES.GCM.seal(plain, using: key, nonce: nonce.native(), authenticating: context)
            box.ciphertext.withUnsafeBytes { sealed.copyMemory(from: $0) }
            return SealTag(bytes: box.tag.withUnsafeBytes { $0.loadUnaligned(as: SIMD16<UInt8>.self) })
        } catch {
            preconditionFailure("AES-GCM refused a key, nonce or length that are fixed: \(error)")
        }
    }

    /// Opens `sealed` into `plain`, which has its size and may be the same memory. False, and
    /// nothing written, if the key is another or any byte was changed.
    func open(
        _ sealed: UnsafeRawBufferPointer,
        tag: SealTag,
        nonce: SealNonce,
        authenticating context: UnsafeRawBufferPointer,
        into plain: UnsafeMutableRawBufferPointer
    ) -> Bool {
        precondition(plain.count == sealed.count)
        do {
            let box = try withUnsafeBytes(of: tag.bytes) { tag in
                try AES.GCM.SealedBox(nonce: nonce.native(), ciphertext: sealed, tag: tag)
            }
            try AES.GCM.open(box, using: key, authenticating: context).withUnsafeBytes { plain.copyMemory(from: $0) }
            return true
        } catch {
            return false
        }
    }
}

extension SealNonce {
    fileprivate func native() throws -> AES.GCM.Nonce {
        var bytes = InlineArray<12, UInt8>(repeating: 0)
        return try withUnsafeMutableBytes(of: &bytes) { buffer in
            store(buffer)
            return try AES.GCM.Nonce(data: UnsafeRawBufferPointer(buffer))
        }
    }
}
