/// The first block of a witness file. Layout: docs/journal.md, "Witness ring".
struct WitnessHeader: Equatable, Sendable {
    static let byteCount = blockBytes
    static let magic: UInt64 = 0x5353_454E_5449_574D  // "MWITNESS"
    static let formatMajor: UInt16 = 1

    var journalID: UInt64
    var slotCount: UInt32
    var salt: Salt

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(Self.formatMajor, at: 12)
        block.store(slotCount, at: 16)
        block.store(UInt32(WitnessSlot.byteCount), at: 20)
        block.store(journalID, at: 24)
        block.storeBytes(of: salt.bytes, toByteOffset: 32, as: SIMD16<UInt8>.self)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12)), at: 8)
    }

    static func decode(_ block: UnsafeRawBufferPointer) -> WitnessHeader? {
        guard block.integer(0) == magic, block.integer(8) == crc32c(block.part(12, byteCount - 12)) else { return nil }
        guard block.integer(12) == formatMajor, block.integer(20) == UInt32(WitnessSlot.byteCount) else { return nil }
        let salt = Salt(bytes: block.loadUnaligned(fromByteOffset: 32, as: SIMD16<UInt8>.self))
        return WitnessHeader(journalID: block.integer(24), slotCount: block.integer(16), salt: salt)
    }
}

/// What one slot of the ring says: everything up to here was durable.
struct WitnessSlot: Equatable, Sendable {
    /// One disk sector: written whole or not at all on nearly every device, and checked anyway.
    static let byteCount = 512
    static let magic: UInt32 = 0x5357_524D  // "MRWS"

    enum Kind: UInt32, Sendable {
        case running = 0
        case opened = 1
        case segmentStarted = 2
        case closed = 3
    }

    var kind: Kind
    /// Counts the writes of the ring; slot `sequence % slotCount` holds it.
    var sequence: UInt64 = 0
    /// The last durable batch, 0 if none.
    var batch: UInt64
    var position: RecordPosition
    /// The segment in use, and the offset after its last durable batch.
    var segment: UInt64
    var offset: UInt64
    var epoch: UInt64
    var hash: ChainHash

    func encode(into slot: UnsafeMutableRawBufferPointer, saltSeed: UInt32, wallMilliseconds: Int64) {
        precondition(slot.count == Self.byteCount)
        slot.zero()
        slot.store(Self.magic, at: 4)
        slot.store(sequence, at: 8)
        slot.store(batch, at: 16)
        slot.store(position, at: 24)
        slot.store(segment, at: 32)
        slot.store(offset, at: 40)
        slot.store(epoch, at: 48)
        slot.store(wallMilliseconds, at: 56)
        slot.storeBytes(of: hash.bytes, toByteOffset: 64, as: SIMD32<UInt8>.self)
        slot.store(kind.rawValue, at: 96)
        slot.store(crc32c(UnsafeRawBufferPointer(slot).part(4, Self.byteCount - 4), seed: saltSeed), at: 0)
    }

    static func decode(_ slot: UnsafeRawBufferPointer, saltSeed: UInt32) -> WitnessSlot? {
        guard slot.integer(4) == magic else { return nil }
        guard slot.integer(0) == crc32c(slot.part(4, byteCount - 4), seed: saltSeed) else { return nil }
        guard let kind = Kind(rawValue: slot.integer(96)) else { return nil }
        return WitnessSlot(
            kind: kind,
            sequence: slot.integer(8),
            batch: slot.integer(16),
            position: slot.integer(24),
            segment: slot.integer(32),
            offset: slot.integer(40),
            epoch: slot.integer(48),
            hash: ChainHash(bytes: slot.loadUnaligned(fromByteOffset: 64, as: SIMD32<UInt8>.self))
        )
    }
}
