/// The head of a batch frame, the unit of writing, of checksums and of the chain. Layout:
/// docs/journal.md, "Batch frame".
struct BatchHeader: Equatable, Sendable {
    static let byteCount = 256
    static let magic: UInt32 = 0x4642_524D  // "MRBF"
    static let version: UInt16 = 1
    /// Where the hashed part of a frame begins: after the two checksums.
    static let hashedFrom = 8

    var flags: UInt16 = 0
    var batch: UInt64
    var firstPosition: RecordPosition
    var recordCount: UInt32
    /// Bytes of the records with their lengths, without header and padding.
    var length: UInt32
    /// The last position known durable when this frame was built: a claim that recovery holds the
    /// journal to.
    var durablePosition: RecordPosition
    var epoch: UInt64
    /// Wall clock of the writer, for readers only.
    var wallMilliseconds: Int64
    /// Where the frame belongs; a frame found elsewhere was misdirected.
    var segment: UInt64
    var offset: UInt64
    /// The master key of the segment's data key; 0: not encrypted, and then nonce and tag are zero.
    var keyID: MasterKeyID = 0
    var nonce = SealNonce.zero
    /// Set by `seal`; what it proves includes the header.
    var tag = SealTag.zero
    var previousHash: ChainHash

    var lastPosition: RecordPosition { firstPosition + UInt64(recordCount) - 1 }
    var frameBytes: Int { paddedToBlock(Self.byteCount + Int(length)) }

    /// Writes the header in front of a payload that is already in `frame`. Encrypts the payload in
    /// place if there is a key, then writes both checksums. The checksums and the frame's hash are
    /// over the bytes that go to the disk. Returns that hash.
    func seal(_ frame: UnsafeMutableRawBufferPointer, saltSeed: UInt32, key: DataKey? = nil) -> ChainHash {
        precondition(recordCount > 0 && frame.count == frameBytes && offset % UInt64(blockBytes) == 0)
        precondition(keyID == key?.keyID ?? 0)
        let header = UnsafeMutableRawBufferPointer(rebasing: frame[0..<Self.byteCount])
        header.zero()
        header.store(Self.magic, at: 8)
        header.store(Self.version, at: 12)
        header.store(flags, at: 14)
        header.store(batch, at: 16)
        header.store(firstPosition, at: 24)
        header.store(recordCount, at: 32)
        header.store(length, at: 36)
        header.store(durablePosition, at: 40)
        header.store(epoch, at: 48)
        header.store(wallMilliseconds, at: 56)
        header.store(segment, at: 64)
        header.store(offset, at: 72)
        header.store(keyID, at: 80)
        nonce.store(UnsafeMutableRawBufferPointer(rebasing: header[84..<96]))
        header.storeBytes(of: previousHash.bytes, toByteOffset: 112, as: SIMD32<UInt8>.self)
        if let key { encrypt(frame, key) }
        let bytes = UnsafeRawBufferPointer(frame)
        header.store(crc32c(bytes.part(Self.byteCount, Int(length))), at: 4)
        header.store(crc32c(bytes.part(4, Self.byteCount - 4), seed: saltSeed), at: 0)
        return Self.hash(bytes, length: Int(length))
    }

    static func hash(_ frame: UnsafeRawBufferPointer, length: Int) -> ChainHash {
        ChainHash(hashing: frame.part(hashedFrom, byteCount - hashedFrom + length))
    }

    /// The header at the start of `block` if its checksum, begun with the segment's salt, is right.
    static func decode(_ block: UnsafeRawBufferPointer, saltSeed: UInt32) -> BatchHeader? {
        guard block.integer(8) == magic else { return nil }
        guard block.integer(0) == crc32c(block.part(4, byteCount - 4), seed: saltSeed) else { return nil }
        return BatchHeader(checked: block)
    }

    /// The frame's version, which is right only if `decode` accepted the header.
    static func version(of block: UnsafeRawBufferPointer) -> UInt16 { block.integer(12) }

    /// Whether the payload behind a decoded header has the checksum that the header names.
    static func payloadIsIntact(_ frame: UnsafeRawBufferPointer, length: Int) -> Bool {
        frame.integer(4) == crc32c(frame.part(byteCount, length))
    }
}

extension BatchHeader {
    private init(checked block: UnsafeRawBufferPointer) {
        flags = block.integer(14)
        batch = block.integer(16)
        firstPosition = block.integer(24)
        recordCount = block.integer(32)
        length = block.integer(36)
        durablePosition = block.integer(40)
        epoch = block.integer(48)
        wallMilliseconds = block.integer(56)
        segment = block.integer(64)
        offset = block.integer(72)
        keyID = block.integer(80)
        nonce = block.nonce(at: 84)
        tag = SealTag(bytes: block.loadUnaligned(fromByteOffset: 96, as: SIMD16<UInt8>.self))
        previousHash = ChainHash(bytes: block.loadUnaligned(fromByteOffset: 112, as: SIMD32<UInt8>.self))
    }
}
