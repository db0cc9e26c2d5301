// The layouts of docs/journal.md, "Snapshot files". Little-endian, fixed offsets; every byte of a
// file is under a checksum.

/// What a file in the snapshot container holds; the raw value is written.
package enum SnapshotKind: UInt16, Sendable {
    /// A shard's state at a position.
    case snapshot = 1
    /// Payments that left memory.
    case coldPayments = 3
    /// Completed idempotency keys, sorted.
    case keyRun = 4
    /// The filter and the index of such a run.
    case keyFilter = 5
    /// The list of such runs.
    case keyCatalogue = 6
    /// Pay-outs that left memory.
    case coldPayouts = 7
    /// Wallets that left memory.
    case coldWallets = 8
}

/// The first block of a file in the snapshot container.
package struct SnapshotHeader: Sendable, Equatable {
    static let byteCount = 4096
    static let magic: UInt64 = 0x5041_4e53_4c4c_494d  // "MILLSNAP"
    static let major: UInt16 = 1
    static let minor: UInt16 = 0

    package var kind: SnapshotKind
    /// The journal (shard) whose state it is.
    package var journalID: UInt64
    /// The last record that the content includes. It was durable before the file got its name.
    package var position: RecordPosition
    /// Of the owner that wrote it.
    package var epoch: UInt64
    /// Milliseconds since 1970; for readers.
    package var wallMilliseconds: Int64
    /// The version of the content's layout, which the shard's code defines.
    package var contentVersion: UInt32
    /// A number of the content's own, such as a cold file's.
    package var number: UInt64
    var salt = Salt.random()
    /// The file's data key, `none` for a file in clear.
    var wrappedKey = WrappedDataKey.none

    /// Whether the content is encrypted; then each chunk is longer by `ChunkSealer.overhead` than
    /// its content.
    package var isSealed: Bool { !wrappedKey.isNone }

    /// What the data key is bound to.
    var sealedIdentity: SealedFileIdentity {
        let kind: SealedFileIdentity.Kind =
            switch self.kind {
            case .snapshot: .snapshot
            case .coldPayments: .payments
            case .coldPayouts: .payouts
            case .coldWallets: .wallets
            case .keyRun, .keyFilter, .keyCatalogue: .keyRuns
            }
        return SealedFileIdentity(
            kind: kind,
            journalID: journalID,
            number: number == 0 ? position : number,
            salt: salt.bytes
        )
    }

    package init(
        kind: SnapshotKind,
        journalID: UInt64,
        position: RecordPosition,
        epoch: UInt64,
        wallMilliseconds: Int64,
        contentVersion: UInt32,
        number: UInt64 = 0
    ) {
        self.kind = kind
        self.journalID = journalID
        self.position = position
        self.epoch = epoch
        self.wallMilliseconds = wallMilliseconds
        self.contentVersion = contentVersion
        self.number = number
    }

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(Self.major, at: 12)
        block.store(Self.minor, at: 14)
        block.store(kind.rawValue, at: 16)
        block.store(wrappedKey.keyID, at: 20)
        block.store(journalID, at: 24)
        block.store(position, at: 32)
        block.store(epoch, at: 40)
        block.store(wallMilliseconds, at: 48)
        block.store(number, at: 56)
        block.storeBytes(of: salt.bytes, toByteOffset: 64, as: SIMD16<UInt8>.self)
        block.store(contentVersion, at: 80)
        block.storeBytes(of: wrappedKey.bytes, toByteOffset: 96, as: SIMD64<UInt8>.self)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12)), at: 8)
    }

    /// Why a block is no header.
    enum Refusal: Error {
        case damaged
        case newer(UInt16)
        case unknownKind(UInt16)
    }

    init(decoding block: UnsafeRawBufferPointer) throws(Refusal) {
        guard block.count == Self.byteCount, block.integer(0, as: UInt64.self) == Self.magic else { throw .damaged }
        let major: UInt16 = block.integer(12)
        guard major <= Self.major else { throw .newer(major) }
        guard major == Self.major, block.integer(8, as: UInt32.self) == crc32c(block.part(12, Self.byteCount - 12))
        else { throw .damaged }
        let rawKind: UInt16 = block.integer(16)
        guard let kind = SnapshotKind(rawValue: rawKind) else { throw .unknownKind(rawKind) }
        self.kind = kind
        journalID = block.integer(24)
        position = block.integer(32)
        epoch = block.integer(40)
        wallMilliseconds = block.integer(48)
        number = block.integer(56)
        contentVersion = block.integer(80)
        salt = Salt(bytes: block.loadUnaligned(fromByteOffset: 64, as: SIMD16<UInt8>.self))
        wrappedKey = WrappedDataKey(
            keyID: block.integer(20),
            bytes: block.loadUnaligned(fromByteOffset: 96, as: SIMD64<UInt8>.self)
        )
    }
}

/// What stands before each chunk's bytes.
struct SnapshotChunkHeader: Equatable {
    static let byteCount = 32
    static let magic: UInt32 = 0x4353_524d  // "MRSC"
    /// Bytes of the largest chunk without its header.
    static let maximumBytes = (1 << 20) - byteCount
    private static let sealedFlag: UInt16 = 1
    private static let lastFlag: UInt16 = 2

    var section: UInt16
    /// The bytes are encrypted.
    var isSealed: Bool
    /// Marks the end of an encrypted file. Otherwise somebody who can compute checksums could cut
    /// the file short.
    var isLast: Bool
    /// Where this header stands: a misdirected write is found.
    var offset: UInt64
    /// Bytes that follow.
    var length: UInt32
    /// From 0; what a sealed chunk's nonce is made of.
    var number: UInt32
    var payloadChecksum: UInt32

    func encode(into bytes: UnsafeMutableRawBufferPointer, saltSeed: UInt32) {
        bytes.store(payloadChecksum, at: 4)
        bytes.store(Self.magic, at: 8)
        bytes.store(section, at: 12)
        bytes.store((isSealed ? Self.sealedFlag : 0) | (isLast ? Self.lastFlag : 0), at: 14)
        bytes.store(offset, at: 16)
        bytes.store(length, at: 24)
        bytes.store(number, at: 28)
        bytes.store(crc32c(UnsafeRawBufferPointer(bytes).part(4, Self.byteCount - 4), seed: saltSeed), at: 0)
    }

    /// nil for anything but the header that belongs at `offset`.
    init?(decoding bytes: UnsafeRawBufferPointer, at offset: UInt64, saltSeed: UInt32) {
        guard bytes.count >= Self.byteCount, bytes.integer(8, as: UInt32.self) == Self.magic,
            bytes.integer(0, as: UInt32.self) == crc32c(bytes.part(4, Self.byteCount - 4), seed: saltSeed),
            bytes.integer(16, as: UInt64.self) == offset
        else { return nil }
        let flags: UInt16 = bytes.integer(14)
        guard flags & ~(Self.sealedFlag | Self.lastFlag) == 0 else { return nil }
        isSealed = flags & Self.sealedFlag != 0
        isLast = flags & Self.lastFlag != 0
        section = bytes.integer(12)
        number = bytes.integer(28)
        self.offset = offset
        length = bytes.integer(24)
        payloadChecksum = bytes.integer(4)
        guard length <= Self.maximumBytes else { return nil }
    }

    init(
        section: UInt16,
        offset: UInt64,
        number: UInt32,
        isSealed: Bool,
        isLast: Bool,
        payload: UnsafeRawBufferPointer
    ) {
        self.section = section
        self.offset = offset
        self.number = number
        self.isSealed = isSealed
        self.isLast = isLast
        length = UInt32(payload.count)
        payloadChecksum = crc32c(payload)
    }
}

/// The last block of a file: how much there must be before it, and the digest of all of that.
struct SnapshotTrailer: Equatable {
    static let byteCount = 4096
    static let magic: UInt64 = 0x444e_4553_4c4c_494d  // "MILLSEND"

    /// The offset behind the last chunk; zeros follow up to the trailer.
    var end: UInt64
    var chunks: UInt64
    /// Bytes of all chunks without their headers.
    var contentBytes: UInt64
    /// SHA-256 of everything before the trailer.
    var digest: ChainHash

    func encode(into block: UnsafeMutableRawBufferPointer, saltSeed: UInt32) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(end, at: 16)
        block.store(chunks, at: 24)
        block.store(contentBytes, at: 32)
        block.storeBytes(of: digest.bytes, toByteOffset: 64, as: SIMD32<UInt8>.self)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12), seed: saltSeed), at: 8)
    }

    init(end: UInt64, chunks: UInt64, contentBytes: UInt64, digest: ChainHash) {
        self.end = end
        self.chunks = chunks
        self.contentBytes = contentBytes
        self.digest = digest
    }

    init?(decoding block: UnsafeRawBufferPointer, saltSeed: UInt32) {
        guard block.count == Self.byteCount, block.integer(0, as: UInt64.self) == Self.magic,
            block.integer(8, as: UInt32.self) == crc32c(block.part(12, Self.byteCount - 12), seed: saltSeed)
        else { return nil }
        end = block.integer(16)
        chunks = block.integer(24)
        contentBytes = block.integer(32)
        digest = ChainHash(bytes: block.loadUnaligned(fromByteOffset: 64, as: SIMD32<UInt8>.self))
    }
}
