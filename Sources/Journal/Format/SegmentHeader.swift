/// The first block of a segment file. Layout: docs/journal.md, "Segment header".
struct SegmentHeader: Equatable, Sendable {
    static let byteCount = blockBytes
    static let magic: UInt64 = 0x4543_4152_4C4C_494D  // "MILLRACE"
    static let formatMajor: UInt16 = 1
    static let formatMinor: UInt16 = 0
    /// The file was used before under another salt: bytes after the last batch are leftovers and
    /// not damage.
    static let flagRecycled: UInt32 = 1
    /// Not begun: the file was used before and waits to be used again, under the number in this
    /// header.
    static let flagFree: UInt32 = 2

    var flags: UInt32 = 0
    /// The data key of the batches, wrapped under the master key whose number stands at 20.
    var wrappedKey = WrappedDataKey.none
    var journalID: UInt64
    var number: UInt64
    var segmentBytes: UInt64
    var batchBytes: UInt32
    var firstBatch: UInt64
    var firstPosition: RecordPosition
    var epoch: UInt64
    var createdMilliseconds: Int64
    var salt: Salt
    var previousHash: ChainHash
    /// In a log of streams: how far each stream was when the segment began, by number.
    var streams: [StreamMark] = []

    var isRecycled: Bool { flags & Self.flagRecycled != 0 }

    /// The header of a file that is going to be used again. The segment's own header later replaces
    /// it. The two differ in the first sector only, so nearly every device writes the new one whole
    /// or not at all.
    static func free(journalID: UInt64, number: UInt64, bytes: UInt64) -> SegmentHeader {
        SegmentHeader(
            flags: flagRecycled | flagFree,
            journalID: journalID,
            number: number,
            segmentBytes: bytes,
            batchBytes: 0,
            firstBatch: 0,
            firstPosition: 0,
            epoch: 0,
            createdMilliseconds: wallMilliseconds(),
            salt: .random(),
            previousHash: .genesis
        )
    }
    /// The master key; 0: not encrypted.
    var keyID: MasterKeyID { wrappedKey.keyID }
    /// What the data key is bound to.
    var sealedIdentity: SealedFileIdentity {
        SealedFileIdentity(kind: .segment, journalID: journalID, number: number, salt: salt.bytes)
    }

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(Self.formatMajor, at: 12)
        block.store(Self.formatMinor, at: 14)
        block.store(flags, at: 16)
        block.store(keyID, at: 20)
        block.store(journalID, at: 24)
        block.store(number, at: 32)
        block.store(segmentBytes, at: 40)
        block.store(firstBatch, at: 48)
        block.store(firstPosition, at: 56)
        block.store(epoch, at: 64)
        block.store(createdMilliseconds, at: 72)
        block.storeBytes(of: salt.bytes, toByteOffset: 80, as: SIMD16<UInt8>.self)
        block.storeBytes(of: previousHash.bytes, toByteOffset: 96, as: SIMD32<UInt8>.self)
        block.store(batchBytes, at: 128)
        block.storeBytes(of: wrappedKey.bytes, toByteOffset: 136, as: SIMD64<UInt8>.self)
        StreamMark.encode(streams, into: block)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12)), at: 8)
    }

    /// What a block at the start of a segment file is.
    enum Decoded: Equatable {
        case header(SegmentHeader)
        /// All zeros: prepared and never used.
        case unused
        /// Used before under another number, and not begun again.
        case free(SegmentHeader)
        /// Written by a newer program.
        case newerFormat(major: UInt16)
        case invalid(String)
    }

    /// The version is looked at before the checksum, because a newer format may keep its checksum
    /// elsewhere.
    static func decode(_ block: UnsafeRawBufferPointer) -> Decoded {
        precondition(block.count == byteCount)
        if block.isZero { return .unused }
        guard block.integer(0) == magic else { return .invalid("the segment header has no magic number") }
        let major: UInt16 = block.integer(12)
        guard major <= formatMajor else { return .newerFormat(major: major) }
        guard block.integer(8) == crc32c(block.part(12, byteCount - 12)) else {
            return .invalid("the segment header's checksum is wrong")
        }
        guard major == formatMajor else { return .invalid("format \(major) is not known") }
        guard StreamMark.count(in: block) <= StreamLimits.streams else {
            return .invalid("the segment header has marks of \(StreamMark.count(in: block)) streams")
        }
        let header = SegmentHeader(checked: block)
        return header.flags & flagFree != 0 ? .free(header) : .header(header)
    }
}

extension SegmentHeader {
    private init(checked block: UnsafeRawBufferPointer) {
        flags = block.integer(16)
        journalID = block.integer(24)
        number = block.integer(32)
        segmentBytes = block.integer(40)
        firstBatch = block.integer(48)
        firstPosition = block.integer(56)
        epoch = block.integer(64)
        createdMilliseconds = block.integer(72)
        salt = Salt(bytes: block.loadUnaligned(fromByteOffset: 80, as: SIMD16<UInt8>.self))
        previousHash = ChainHash(bytes: block.loadUnaligned(fromByteOffset: 96, as: SIMD32<UInt8>.self))
        batchBytes = block.integer(128)
        wrappedKey = WrappedDataKey(
            keyID: block.integer(20),
            bytes: block.loadUnaligned(fromByteOffset: 136, as: SIMD64<UInt8>.self)
        )
        streams = StreamMark.decode(from: block)
    }
}
