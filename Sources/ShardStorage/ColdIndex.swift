import Journal
import ShardRecords

/// The place of the newest cold entry of an object. It has 24 bits of file number and 40 bits of
/// the chunk's offset. Zero stands for no place.
struct ColdLocation: Equatable, Sendable {
    static let none = ColdLocation(rawValue: 0)

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(file: UInt64, offset: UInt64) {
        precondition(file > 0 && file < 1 << 24 && offset < 1 << 40, "a cold file or its number has grown too large")
        rawValue = file << 40 | offset
    }

    var file: UInt64 { rawValue >> 40 }
    var offset: UInt64 { rawValue & (1 << 40 - 1) }
}

/// The file that leads from a sequence number to its cold entry: 8 bytes each, addressed by the
/// number, in place.
///
/// It is derived from the cold files and can be thrown away. A reader checks each location against
/// the entry that it leads to. Each word lies within one sector, so after a crash it is old or new,
/// never half. The header says up to which cold file all words are durable. A start enters later
/// files again.
struct ColdIndex {
    static let name = "index"
    static let blockBytes = 4_096
    static let wordsPerBlock = 512
    private static let magic: UInt64 = 0x5844_4e49_4c4c_494d  // "MILLINDX"

    let fileSystem: any JournalFileSystem
    let path: String
    let journalID: UInt64

    /// The number of the last cold file whose entries all are durable here; nil when this is no
    /// index that can be used.
    func cleanUpTo() throws(JournalError) -> UInt64? {
        let file: any JournalFile
        do { file = try fileSystem.open(path, .read) } catch { throw error.asJournalError }
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        guard try Self.read(file, into: &block, at: 0) == block.count else { return nil }
        var reader = RecordReader()
        do throws(RecordDecodingError) {
            let magic = try reader.integer(UInt64.self, block.span)
            let id = try reader.integer(UInt64.self, block.span)
            let clean = try reader.integer(UInt64.self, block.span)
            let check = try reader.integer(UInt64.self, block.span)
            return magic == Self.magic && id == journalID && check == ~clean ? clean : nil
        } catch {
            return nil
        }
    }

    /// Makes an empty index.
    func create() throws(JournalError) {
        do throws(JournalFileError) {
            let file = try fileSystem.open(path + ".tmp", .create)
            try write(header(0), to: file, at: 0)
            try file.sync()
            try fileSystem.rename(path + ".tmp", to: path)
        } catch {
            throw error.asJournalError
        }
    }

    func reading() throws(JournalError) -> Reader {
        do throws(JournalFileError) { return Reader(file: try fileSystem.open(path, .read)) } catch {
            throw error.asJournalError
        }
    }

    func updating() throws(JournalError) -> Updater {
        do throws(JournalFileError) {
            return Updater(file: try fileSystem.open(path, .update), index: self)
        } catch {
            throw error.asJournalError
        }
    }

    fileprivate func header(_ clean: UInt64) -> [UInt8] {
        var block: [UInt8] = []
        for word in [Self.magic, journalID, clean, ~clean] { block.appendInteger(word) }
        block.append(contentsOf: [UInt8](repeating: 0, count: Self.blockBytes - block.count))
        return block
    }

    fileprivate func write(
        _ block: [UInt8],
        to file: any JournalFile,
        at offset: UInt64
    ) throws(JournalFileError) {
        var failure: JournalFileError?
        block.withUnsafeBytes { bytes in
            do throws(JournalFileError) { try file.write(bytes, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    fileprivate static func read(
        _ file: any JournalFile,
        into block: inout [UInt8],
        at offset: UInt64
    ) throws(JournalError) -> Int {
        var failure: JournalFileError?
        var count = 0
        block.withUnsafeMutableBytes { bytes in
            do throws(JournalFileError) { count = try file.read(into: bytes, at: offset) } catch { failure = error }
        }
        if let failure { throw failure.asJournalError }
        return count
    }

    /// The words of 512 consecutive numbers; those behind the file's end are zero.
    struct Block {
        var number: Int
        var bytes: [UInt8]

        subscript(index: Int) -> ColdLocation {
            get {
                let place = (index % ColdIndex.wordsPerBlock) * 8
                return bytes.withUnsafeBytes {
                    ColdLocation(
                        rawValue: UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                    )
                }
            }
            set {
                let place = (index % ColdIndex.wordsPerBlock) * 8
                bytes.withUnsafeMutableBytes {
                    $0.storeBytes(of: newValue.rawValue.littleEndian, toByteOffset: place, as: UInt64.self)
                }
            }
        }
    }

    struct Reader {
        let file: any JournalFile

        /// - Parameter number: the index of its first number divided by 512.
        func block(_ number: Int) throws(JournalError) -> Block {
            var bytes = [UInt8](repeating: 0, count: ColdIndex.blockBytes)
            _ = try ColdIndex.read(file, into: &bytes, at: UInt64((number + 1) * ColdIndex.blockBytes))
            return Block(number: number, bytes: bytes)
        }

        /// How many blocks of words it has.
        func blockCount() throws(JournalError) -> Int {
            do throws(JournalFileError) {
                let bytes = Int(try file.byteCount)
                return max(0, bytes - 1) / ColdIndex.blockBytes
            } catch {
                throw error.asJournalError
            }
        }

        func location(index: Int) throws(JournalError) -> ColdLocation {
            var word = [UInt8](repeating: 0, count: 8)
            _ = try ColdIndex.read(file, into: &word, at: UInt64(ColdIndex.blockBytes + index * 8))
            return ColdLocation(
                rawValue: word.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
            )
        }
    }

    /// Enters locations; they come in blocks, so that a block is written once for all of them.
    struct Updater {
        let file: any JournalFile
        let index: ColdIndex
        private var block: Block?

        init(file: any JournalFile, index: ColdIndex) {
            self.file = file
            self.index = index
        }

        mutating func set(_ place: Int, _ location: ColdLocation) throws(JournalError) {
            let number = place / ColdIndex.wordsPerBlock
            if block?.number != number {
                try flush()
                block = try Reader(file: file).block(number)
            }
            block?[place] = location
        }

        private mutating func flush() throws(JournalError) {
            guard let full = block else { return }
            block = nil
            let offset = UInt64((full.number + 1) * ColdIndex.blockBytes)
            do throws(JournalFileError) { try index.write(full.bytes, to: file, at: offset) } catch {
                throw error.asJournalError
            }
        }

        /// Everything set is durable, and with it all of the cold files up to `clean`.
        mutating func finish(clean: UInt64) throws(JournalError) {
            try flush()
            do throws(JournalFileError) {
                try file.sync()
                try index.write(index.header(clean), to: file, at: 0)
                try file.sync()
            } catch {
                throw error.asJournalError
            }
        }
    }
}
