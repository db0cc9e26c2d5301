/// What a sealed file is. A data key is bound to it: wrapped keys and chunks cannot be moved from
/// one file to another.
package struct SealedFileIdentity: Sendable, Equatable {
    package enum Kind: UInt32, Sendable {
        case segment = 1
        /// A shard's state.
        case snapshot = 2
        /// Payments that left memory.
        case payments = 3
        /// Completed idempotency keys, their filters and the list of both.
        case keyRuns = 4
        /// Pay-outs that left memory.
        case payouts = 5
        /// Wallets that left memory.
        case wallets = 6
    }

    package var kind: Kind
    package var journalID: UInt64
    /// The file's number within its kind.
    package var number: UInt64
    /// Random bytes of this file's header, or zeros: two files of one kind and number differ in it.
    package var salt: SIMD16<UInt8>

    package init(kind: Kind, journalID: UInt64, number: UInt64, salt: SIMD16<UInt8> = .zero) {
        self.kind = kind
        self.journalID = journalID
        self.number = number
        self.salt = salt
    }
}

/// A data key as a file's header keeps it: encrypted under the master key that the header names.
package struct WrappedDataKey: Sendable, Equatable {
    /// Bytes that a header reserves: nonce (12), encrypted key (32), tag (16), zeros (4).
    package static let byteCount = 64

    /// The master key; 0: the file is not encrypted.
    package var keyID: MasterKeyID
    package var bytes: SIMD64<UInt8>

    /// Of a file in clear.
    package static let none = WrappedDataKey(keyID: 0, bytes: .zero)

    package init(keyID: MasterKeyID, bytes: SIMD64<UInt8>) {
        self.keyID = keyID
        self.bytes = bytes
    }

    package var isNone: Bool { keyID == 0 }
}

/// The random key that one file is encrypted under.
struct DataKey: Sendable {
    let keyID: MasterKeyID
    let cipher: AuthenticatedCipher

    /// A new key, and its wrapped form; nil if the ring says that new files are in clear.
    static func make(
        for file: SealedFileIdentity,
        _ ring: MasterKeyRing
    ) -> (key: DataKey, wrapped: WrappedDataKey)? {
        guard let id = ring.activeKeyID, let master = ring.cipher(id) else { return nil }
        let bytes = JournalRandom.bytes(AuthenticatedCipher.keyByteCount)
        let random = JournalRandom.bytes(SealNonce.byteCount)
        var wrapped = SIMD64<UInt8>.zero
        withUnsafeMutableBytes(of: &wrapped) { room in
            room.copyBytes(from: random)
            let nonce = UnsafeRawBufferPointer(room).nonce(at: 0)
            let sealed = UnsafeMutableRawBufferPointer(rebasing: room[12..<44])
            let tag = bytes.withUnsafeBytes { plain in
                file.withContext(keyID: id) { master.seal(plain, nonce: nonce, authenticating: $0, into: sealed) }
            }
            room.storeBytes(of: tag.bytes, toByteOffset: 44, as: SIMD16<UInt8>.self)
        }
        return (DataKey(keyID: id, cipher: AuthenticatedCipher(key: bytes)), WrappedDataKey(keyID: id, bytes: wrapped))
    }

    /// Why a wrapped key could not be opened, in words that follow a file's name.
    struct Refusal: Error {
        var detail: String
    }

    /// The key of a file. `ring` nil: no keys were given at all.
    static func open(
        _ wrapped: WrappedDataKey,
        of file: SealedFileIdentity,
        _ ring: MasterKeyRing?
    ) throws(Refusal) -> DataKey {
        precondition(!wrapped.isNone)
        let id = wrapped.keyID
        guard let ring else { throw Refusal(detail: "is encrypted under key \(id), and no keys were given") }
        guard let master = ring.cipher(id) else {
            throw Refusal(detail: "is encrypted under key \(id), which \(ring.source) does not hold")
        }
        var key = [UInt8](repeating: 0, count: AuthenticatedCipher.keyByteCount)
        let isRight = withUnsafeBytes(of: wrapped.bytes) { room in
            key.withUnsafeMutableBytes { plain in
                file.withContext(keyID: id) { context in
                    master.open(
                        room.part(12, 32),
                        tag: SealTag(bytes: room.loadUnaligned(fromByteOffset: 44, as: SIMD16<UInt8>.self)),
                        nonce: room.nonce(at: 0),
                        authenticating: context,
                        into: plain
                    )
                }
            }
        }
        guard isRight else {
            throw Refusal(
                detail:
                    "is encrypted under key \(id), and key \(id) of \(ring.source) does not open it: it is another key"
            )
        }
        return DataKey(keyID: id, cipher: AuthenticatedCipher(key: key))
    }
}

extension SealedFileIdentity {
    private static let label: UInt64 = 0x312D_5945_4B2D_524D  // "MR-KEY-1"

    /// The 48 bytes that a wrapped key is authenticated with: label, version and kind, master key,
    /// journal, number, salt.
    fileprivate func withContext<Result>(keyID: MasterKeyID, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var context = InlineArray<48, UInt8>(repeating: 0)
        return withUnsafeMutableBytes(of: &context) { buffer in
            buffer.store(Self.label, at: 0)
            buffer.store(kind.rawValue, at: 8)
            buffer.store(keyID, at: 12)
            buffer.store(journalID, at: 16)
            buffer.store(number, at: 24)
            buffer.storeBytes(of: salt, toByteOffset: 32, as: SIMD16<UInt8>.self)
            return body(UnsafeRawBufferPointer(buffer))
        }
    }
}

extension UnsafeRawBufferPointer {
    func nonce(at offset: Int) -> SealNonce {
        SealNonce(first: integer(offset), second: integer(offset + 4), third: integer(offset + 8))
    }
}
