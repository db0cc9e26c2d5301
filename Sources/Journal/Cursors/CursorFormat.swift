/// The first block of the file of cursors. Layout: docs/journal.md, "Cursors".
struct CursorFileHeader: Equatable {
    static let byteCount = blockBytes
    static let magic: UInt64 = 0x5352_4F53_5255_434D  // "MCURSORS"
    static let formatMajor: UInt16 = 1

    var journalID: UInt64
    var salt: Salt

    /// Bytes of the whole file: each cursor has two slots.
    static var fileBytes: Int { byteCount + 2 * JournalLimits.cursors * CursorSlot.byteCount }

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(Self.formatMajor, at: 12)
        block.store(UInt32(JournalLimits.cursors), at: 16)
        block.store(UInt32(CursorSlot.byteCount), at: 20)
        block.store(journalID, at: 24)
        block.storeBytes(of: salt.bytes, toByteOffset: 32, as: SIMD16<UInt8>.self)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12)), at: 8)
    }

    enum Decoded: Equatable {
        case header(CursorFileHeader)
        case newerFormat(UInt16)
        case damaged
    }

    static func decode(_ block: UnsafeRawBufferPointer) -> Decoded {
        guard block.integer(0) == magic else { return .damaged }
        let major: UInt16 = block.integer(12)
        if major > formatMajor { return .newerFormat(major) }
        guard block.integer(8) == crc32c(block.part(12, byteCount - 12)), major == formatMajor,
            block.integer(16) == UInt32(JournalLimits.cursors), block.integer(20) == UInt32(CursorSlot.byteCount)
        else { return .damaged }
        let salt = Salt(bytes: block.loadUnaligned(fromByteOffset: 32, as: SIMD16<UInt8>.self))
        return .header(CursorFileHeader(journalID: block.integer(24), salt: salt))
    }
}

/// One of the two copies of a cursor. They are written in turn, so that a torn one costs the last
/// change and not the cursor.
struct CursorSlot: Equatable {
    /// One disk sector.
    static let byteCount = 512
    static let magic: UInt32 = 0x5543_524D  // "MRCU"

    /// Counts the writes of this cursor's place; the larger of two valid copies counts. Its last
    /// bit says which copy it is.
    var sequence: UInt64
    var position: RecordPosition
    /// nil: deleted.
    var name: JournalCursorName?

    func encode(into slot: UnsafeMutableRawBufferPointer, saltSeed: UInt32, wallMilliseconds: Int64) {
        precondition(slot.count == Self.byteCount)
        slot.zero()
        slot.store(Self.magic, at: 4)
        slot.store(sequence, at: 8)
        slot.store(position, at: 16)
        slot.store(wallMilliseconds, at: 24)
        let name = Array(self.name?.description.utf8 ?? "".utf8)
        slot.store(UInt32(name.count), at: 32)
        UnsafeMutableRawBufferPointer(rebasing: slot[40..<40 + name.count]).copyBytes(from: name)
        slot.store(crc32c(UnsafeRawBufferPointer(slot).part(4, Self.byteCount - 4), seed: saltSeed), at: 0)
    }

    static func decode(_ slot: UnsafeRawBufferPointer, saltSeed: UInt32) -> CursorSlot? {
        guard slot.integer(4) == magic, slot.integer(0) == crc32c(slot.part(4, byteCount - 4), seed: saltSeed) else {
            return nil
        }
        let length = Int(slot.integer(32, as: UInt32.self))
        guard length <= JournalCursorName.maximumBytes else { return nil }
        var name: JournalCursorName?
        if length > 0 {
            guard let found = JournalCursorName(String(decoding: slot.part(40, length), as: UTF8.self)) else {
                return nil
            }
            name = found
        }
        return CursorSlot(sequence: slot.integer(8), position: slot.integer(16), name: name)
    }
}
