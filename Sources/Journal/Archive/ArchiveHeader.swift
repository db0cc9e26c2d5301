/// The first block of an archived segment. Layout: docs/journal.md, "Archived segment".
struct ArchiveHeader: Equatable, Sendable {
    static let byteCount = blockBytes
    static let magic: UInt64 = 0x5648_4352_414C_494D  // "MILARCHV"
    static let formatMajor: UInt16 = 1
    static let formatMinor: UInt16 = 0

    /// How the chunks are stored.
    enum Method: UInt32, Sendable {
        case plain = 0
        case zstd = 1
    }

    var method: Method
    var journalID: UInt64
    var number: UInt64
    /// Size of the segment file. Behind `usedBytes` it is taken for zeros.
    var segmentBytes: UInt64
    /// The segment's bytes up to the end of its last batch.
    var usedBytes: UInt64
    var firstBatch: UInt64
    /// `firstBatch - 1` when the segment holds none.
    var lastBatch: UInt64
    var firstPosition: RecordPosition
    var lastPosition: RecordPosition
    /// Wall clock of the last batch in ms since 1970; retention goes by it.
    var lastMilliseconds: Int64
    /// The segment's salt: tells whether a segment file is the one that was archived.
    var salt: Salt
    /// Hash of the last batch before the segment, and of its own last.
    var previousHash: ChainHash
    var lastHash: ChainHash
    /// SHA-256 of the used bytes.
    var digest: ChainHash
    var chunkBytes: UInt32
    var chunkCount: UInt32
    /// Where the table of chunks begins, and its CRC-32C.
    var tableOffset: UInt64
    var tableChecksum: UInt32
    /// Size of the archive file.
    var fileBytes: UInt64

    func encode(into block: UnsafeMutableRawBufferPointer) {
        precondition(block.count == Self.byteCount)
        block.zero()
        block.store(Self.magic, at: 0)
        block.store(Self.formatMajor, at: 12)
        block.store(Self.formatMinor, at: 14)
        block.store(method.rawValue, at: 16)
        block.store(journalID, at: 24)
        block.store(number, at: 32)
        block.store(segmentBytes, at: 40)
        block.store(usedBytes, at: 48)
        block.store(firstBatch, at: 56)
        block.store(lastBatch, at: 64)
        block.store(firstPosition, at: 72)
        block.store(lastPosition, at: 80)
        block.store(lastMilliseconds, at: 88)
        block.storeBytes(of: salt.bytes, toByteOffset: 96, as: SIMD16<UInt8>.self)
        block.storeBytes(of: previousHash.bytes, toByteOffset: 112, as: SIMD32<UInt8>.self)
        block.storeBytes(of: lastHash.bytes, toByteOffset: 144, as: SIMD32<UInt8>.self)
        block.storeBytes(of: digest.bytes, toByteOffset: 176, as: SIMD32<UInt8>.self)
        block.store(chunkBytes, at: 208)
        block.store(chunkCount, at: 212)
        block.store(tableOffset, at: 216)
        block.store(tableChecksum, at: 224)
        block.store(fileBytes, at: 232)
        block.store(crc32c(UnsafeRawBufferPointer(block).part(12, Self.byteCount - 12)), at: 8)
    }

    /// The header, or what is wrong with it. It reports a newer major version before it checks
    /// anything else.
    static func decode(_ block: UnsafeRawBufferPointer) throws(ArchiveDamage) -> ArchiveHeader {
        precondition(block.count == byteCount)
        guard block.integer(0) == magic else { throw ArchiveDamage("it is not an archived segment") }
        let major: UInt16 = block.integer(12)
        guard major <= formatMajor else {
            throw ArchiveDamage("archive format \(major) is newer than this program's \(formatMajor)")
        }
        guard block.integer(8) == crc32c(block.part(12, byteCount - 12)), major == formatMajor else {
            throw ArchiveDamage("the archive header's checksum is wrong")
        }
        guard let method = Method(rawValue: block.integer(16)) else { throw ArchiveDamage("unknown compression") }
        return ArchiveHeader(checked: block, method)
    }

    /// One entry of the table.
    struct Chunk: Equatable, Sendable {
        static let byteCount = 32
        var offset: UInt64
        var length: UInt32
        var storedChecksum: UInt32
        /// Of the expanded bytes.
        var checksum: UInt32
        /// The first batch that begins in this chunk: its place in units of 4 KiB, and its first
        /// record; 0 when none does.
        var firstFrame: UInt32
        var firstPosition: RecordPosition

        func encode(into bytes: UnsafeMutableRawBufferPointer, at start: Int) {
            bytes.store(offset, at: start)
            bytes.store(length, at: start + 8)
            bytes.store(storedChecksum, at: start + 12)
            bytes.store(checksum, at: start + 16)
            bytes.store(firstFrame, at: start + 20)
            bytes.store(firstPosition, at: start + 24)
        }

        init(
            offset: UInt64,
            length: UInt32,
            storedChecksum: UInt32,
            checksum: UInt32,
            firstFrame: UInt32,
            firstPosition: RecordPosition
        ) {
            self.offset = offset
            self.length = length
            self.storedChecksum = storedChecksum
            self.checksum = checksum
            self.firstFrame = firstFrame
            self.firstPosition = firstPosition
        }

        init(_ bytes: UnsafeRawBufferPointer, at start: Int) {
            offset = bytes.integer(start)
            length = bytes.integer(start + 8)
            storedChecksum = bytes.integer(start + 12)
            checksum = bytes.integer(start + 16)
            firstFrame = bytes.integer(start + 20)
            firstPosition = bytes.integer(start + 24)
        }
    }
}

extension ArchiveHeader {
    private init(checked block: UnsafeRawBufferPointer, _ method: Method) {
        func hash(_ offset: Int) -> ChainHash {
            ChainHash(bytes: block.loadUnaligned(fromByteOffset: offset, as: SIMD32<UInt8>.self))
        }
        self.method = method
        journalID = block.integer(24)
        number = block.integer(32)
        segmentBytes = block.integer(40)
        usedBytes = block.integer(48)
        firstBatch = block.integer(56)
        lastBatch = block.integer(64)
        firstPosition = block.integer(72)
        lastPosition = block.integer(80)
        lastMilliseconds = block.integer(88)
        salt = Salt(bytes: block.loadUnaligned(fromByteOffset: 96, as: SIMD16<UInt8>.self))
        previousHash = hash(112)
        lastHash = hash(144)
        digest = hash(176)
        chunkBytes = block.integer(208)
        chunkCount = block.integer(212)
        tableOffset = block.integer(216)
        tableChecksum = block.integer(224)
        fileBytes = block.integer(232)
    }
}

/// What is wrong with an archived segment, in words.
struct ArchiveDamage: Error, Equatable {
    let detail: String
    init(_ detail: String) { self.detail = detail }
}
