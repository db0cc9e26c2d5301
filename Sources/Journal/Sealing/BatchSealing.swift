/// Encryption of a batch: AES-256-GCM over the payload, authenticated with the header from byte 8
/// on (the checksums come after it), in which the tag's place counts as zeros.
extension BatchHeader {
    private static let tagOffset = 96

    /// Encrypts the payload behind an encoded header with a zero tag, and stores the tag.
    func encrypt(_ frame: UnsafeMutableRawBufferPointer, _ key: DataKey) {
        let payload = UnsafeMutableRawBufferPointer(rebasing: frame[Self.byteCount..<Self.byteCount + Int(length)])
        let context = UnsafeRawBufferPointer(frame).part(Self.hashedFrom, Self.byteCount - Self.hashedFrom)
        let tag = key.cipher.seal(UnsafeRawBufferPointer(payload), nonce: nonce, authenticating: context, into: payload)
        frame.storeBytes(of: tag.bytes, toByteOffset: Self.tagOffset, as: SIMD16<UInt8>.self)
    }

    /// Decrypts the payload of an intact frame into `plain`, of its length. False if header or
    /// payload are not as they were sealed under this key.
    func decrypt(
        _ frame: UnsafeRawBufferPointer,
        _ key: DataKey,
        into plain: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var context = InlineArray<248, UInt8>(repeating: 0)
        return withUnsafeMutableBytes(of: &context) { context in
            context.copyMemory(from: frame.part(Self.hashedFrom, Self.byteCount - Self.hashedFrom))
            context.storeBytes(of: .zero, toByteOffset: Self.tagOffset - Self.hashedFrom, as: SIMD16<UInt8>.self)
            return key.cipher.open(
                frame.part(Self.byteCount, Int(length)),
                tag: tag,
                nonce: nonce,
                authenticating: UnsafeRawBufferPointer(context),
                into: plain
            )
        }
    }
}

/// The nonces of one writer. A key must not see a nonce twice, and a batch's number alone is not
/// enough. Recovery cuts the batch that a crash tore and keeps its bytes. The next owner then
/// writes another batch under the same number and key. So a nonce has three parts: the batch's
/// number within the segment, the owner's epoch, and 32 random bits of this start. The epoch is
/// larger at every start; the nonce has its low 32 bits. The random bits protect a start that lost
/// the witness file, and with it the last epoch.
struct NonceSource {
    private let epoch: UInt64
    private let random: UInt32

    init(epoch: UInt64) {
        self.epoch = epoch
        random = JournalRandom.bytes(4).withUnsafeBytes { $0.integer(0) }
    }

    func nonce(batch: UInt64, firstBatch: UInt64) -> SealNonce {
        precondition(batch >= firstBatch && batch - firstBatch <= UInt64(UInt32.max))
        return SealNonce(
            first: UInt32(batch - firstBatch),
            second: UInt32(truncatingIfNeeded: epoch),
            third: random
        )
    }
}
