/// Seals the chunks of a file that is written once, from the first chunk to the last: snapshots,
/// payments that left memory. Each file has a random data key; the nonce is the chunk's number,
/// which this type counts, so no nonce is used twice.
///
/// ```
/// var sealer = ChunkSealer(file, ring)      // nil: the ring says that new files are in clear
/// header.wrapped = sealer.wrappedKey                 // 4 bytes of key number, 64 bytes
/// let count = sealer.seal(plain, isLast: false, into: room)   // plain.count + overhead
/// ```
package struct ChunkSealer: ~Copyable, Sendable {
    /// Bytes by which a sealed chunk is longer: the tag, which follows the ciphertext.
    package static let overhead = SealTag.byteCount

    /// For the file's header.
    package let wrappedKey: WrappedDataKey
    /// The next chunk's number, from 0.
    package private(set) var nextChunk: UInt64 = 0
    private let key: DataKey
    private var isFinished = false

    /// nil if the ring encrypts nothing new: the file is then written in clear, with
    /// `WrappedDataKey.none` in its header.
    package init?(_ file: SealedFileIdentity, _ ring: MasterKeyRing) {
        guard let (key, wrapped) = DataKey.make(for: file, ring) else { return nil }
        self.key = key
        wrappedKey = wrapped
    }

    /// Seals the next chunk into `room` and returns how many bytes it takes. `room` has at least
    /// `plain.count + overhead` bytes; its beginning may be the same memory as `plain`. The last
    /// chunk is marked as the last, so a reader sees when a file was cut short. No chunk may follow
    /// it.
    package mutating func seal(
        _ plain: UnsafeRawBufferPointer,
        isLast: Bool,
        into room: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(!isFinished && room.count >= plain.count + Self.overhead)
        let context = ChunkContext(number: nextChunk, isLast: isLast)
        nextChunk += 1
        isFinished = isLast
        let sealed = UnsafeMutableRawBufferPointer(rebasing: room[0..<plain.count])
        let tag = context.withBytes { key.cipher.seal(plain, nonce: context.nonce, authenticating: $0, into: sealed) }
        room.storeBytes(of: tag.bytes, toByteOffset: plain.count, as: SIMD16<UInt8>.self)
        return plain.count + Self.overhead
    }
}

/// Opens chunks of such a file, in any order. Any thread.
package struct ChunkOpener: Sendable {
    private let key: DataKey
    private let path: String

    /// `wrapped` is from the file's header and not `none`. A `ring` of nil means that no keys were
    /// given. Throws `key` if the ring lacks the master key or has another one under its number.
    /// The error names the file and the number.
    package init(
        _ wrapped: WrappedDataKey,
        of file: SealedFileIdentity,
        path: String,
        _ ring: MasterKeyRing?
    ) throws(JournalError) {
        do {
            key = try DataKey.open(wrapped, of: file, ring)
        } catch {
            throw JournalError(.key, "\(path) \(error.detail)")
        }
        self.path = path
    }

    /// Opens a chunk (`ChunkSealer.overhead` bytes longer than its content) into `plain`, of at
    /// least the content's size; returns that size. Throws `corrupt` if it is not the chunk that
    /// was sealed with this number and `isLast`.
    package func open(
        _ sealed: UnsafeRawBufferPointer,
        number: UInt64,
        isLast: Bool,
        into plain: UnsafeMutableRawBufferPointer
    ) throws(JournalError) -> Int {
        let count = sealed.count - ChunkSealer.overhead
        let context = ChunkContext(number: number, isLast: isLast)
        guard count >= 0, plain.count >= count, opens(sealed, count: count, in: context, into: plain) else {
            throw JournalError(.corrupt, "\(path): chunk \(number) is not as it was written")
        }
        return count
    }

    private func opens(
        _ sealed: UnsafeRawBufferPointer,
        count: Int,
        in context: ChunkContext,
        into plain: UnsafeMutableRawBufferPointer
    ) -> Bool {
        context.withBytes { bytes in
            key.cipher.open(
                sealed.part(0, count),
                tag: SealTag(bytes: sealed.loadUnaligned(fromByteOffset: count, as: SIMD16<UInt8>.self)),
                nonce: context.nonce,
                authenticating: bytes,
                into: UnsafeMutableRawBufferPointer(rebasing: plain[0..<count])
            )
        }
    }
}

/// Where a chunk belongs: its number and whether it is the last. The file itself is in the wrapped
/// key's context.
private struct ChunkContext {
    let number: UInt64
    let isLast: Bool

    var nonce: SealNonce {
        SealNonce(
            first: UInt32(truncatingIfNeeded: number),
            second: UInt32(truncatingIfNeeded: number >> 32),
            third: isLast ? 1 : 0
        )
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var bytes = InlineArray<12, UInt8>(repeating: 0)
        return withUnsafeMutableBytes(of: &bytes) { buffer in
            nonce.store(buffer)
            return body(UnsafeRawBufferPointer(buffer))
        }
    }
}
