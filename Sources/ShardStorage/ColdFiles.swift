import Journal
import Payments
import ShardState

/// The files of what left memory, of one kind: each written once, by one snapshot, in the order of
/// the numbers. An entry in them is the location of the entry of the same number before it (`u64`,
/// 0 for none), and what the kind holds.
struct ColdFiles {
    /// A load reads a chunk.
    static let chunkBytes = 16 << 10
    /// The most entries that one file takes; the rest waits for the next snapshot.
    static let maximumEntries = 1 << 21

    let kind: ColdKind
    let fileSystem: any JournalFileSystem
    let directory: String
    let journalID: UInt64
    let keys: JournalKeys?

    /// - Parameter shard: the directory of the shard's journal.
    init(
        _ kind: ColdKind,
        fileSystem: any JournalFileSystem,
        shard: String,
        journalID: UInt64,
        keys: JournalKeys?
    ) {
        self.kind = kind
        self.fileSystem = fileSystem
        directory = shard + "/" + kind.directory
        self.journalID = journalID
        self.keys = keys
    }

    /// Below the shard's own directory.
    var directoryName: String { kind.directory }

    var index: ColdIndex {
        ColdIndex(fileSystem: fileSystem, path: directory + "/" + ColdIndex.name, journalID: journalID)
    }

    func name(_ number: UInt64) -> String {
        let decimal = String(number)
        return String(repeating: "0", count: max(0, 8 - decimal.utf8.count)) + decimal + kind.suffix
    }

    func path(_ number: UInt64) -> String { directory + "/" + name(number) }

    /// The numbers of the complete files, ascending.
    func numbers() throws(JournalError) -> [UInt64] {
        do throws(JournalFileError) {
            return try fileSystem.list(directory: directory).compactMap { name in
                name.hasSuffix(kind.suffix) ? UInt64(name.dropLast(kind.suffix.count)) : nil
            }.sorted()
        } catch {
            throw error.asJournalError
        }
    }

    /// Makes the index agree with the files, reading those that it may not have all of. Returns the
    /// last file's number. Throws `corrupt` when a file is missing.
    func open() throws(JournalError) -> UInt64 {
        // A file that is entered into the index must not vanish again, so its name is made durable
        // first.
        do throws(JournalFileError) { try fileSystem.syncDirectory(directory) } catch { throw error.asJournalError }
        let numbers = try numbers()
        let last = numbers.last ?? 0
        let clean = try hasIndex() ? index.cleanUpTo() : nil
        try checkPresent(numbers, upTo: clean ?? 0)
        guard let clean, clean <= last else {
            try rebuildIndex()
            return last
        }
        for number in numbers where number > clean { try enter(number, into: index) }
        return last
    }

    func hasIndex() throws(JournalError) -> Bool {
        do throws(JournalFileError) {
            return try fileSystem.list(directory: directory).contains(ColdIndex.name)
        } catch {
            throw error.asJournalError
        }
    }

    /// Files are numbered without gaps from 1, and only a repair takes some away, the last ones.
    /// Any other file that is not there was lost.
    /// - Parameter known: the last file that is known to have been there.
    func checkPresent(_ numbers: [UInt64], upTo known: UInt64) throws(JournalError) {
        let present = Set(numbers)
        let missing = (1..<max(known, numbers.last ?? 0) + 1).lazy.filter { !present.contains($0) }
        guard let first = missing.first else { return }
        let names: [String]
        do throws(JournalFileError) { names = try fileSystem.list(directory: directory) } catch {
            throw error.asJournalError
        }
        let wereCut = missing.allSatisfy { number in names.contains { $0.hasPrefix(name(number) + ".cut") } }
        guard !wereCut || first < numbers.last ?? 0 else { return }
        throw JournalError(
            .corrupt,
            "\(path(first)): is missing, and what is beside it shows that it was there. The \(kind.name)s in it are in no "
                + "other file; put it back from a backup"
        )
    }

    /// Makes the index anew from the files, beside the old one, which is used until then.
    func rebuildIndex() throws(JournalError) {
        let fresh = ColdIndex(fileSystem: fileSystem, path: index.path + ".tmp", journalID: journalID)
        try fresh.create()
        for number in try numbers() { try enter(number, into: fresh) }
        do throws(JournalFileError) {
            try fileSystem.rename(fresh.path, to: index.path)
            try fileSystem.syncDirectory(directory)
        } catch {
            throw error.asJournalError
        }
    }

    /// Enters all entries of a file into an index.
    private func enter(_ number: UInt64, into index: ColdIndex) throws(JournalError) {
        var updater = try index.updating()
        try forEachChunk(of: number) { location, bytes throws(JournalError) in
            try forEachEntry(bytes, in: number) { head, _ throws(JournalError) in
                try updater.set(Int(head.sequence) - 1, location)
            }
        }
        try updater.finish(clean: number)
    }

    /// Reads a whole file, checking every checksum, and that it is the file that its name says.
    /// - Returns: its size in bytes.
    @discardableResult
    func forEachChunk(
        of number: UInt64,
        pace: @escaping SnapshotWriter.Pace = { _ in true },
        _ body: (ColdLocation, UnsafeRawBufferPointer) throws(JournalError) -> Void
    ) throws(JournalError) -> UInt64 {
        let path = path(number)
        let header = try SnapshotReader.header(fileSystem, path: path)
        guard header.journalID == journalID, header.kind == kind.fileKind, header.number == number else {
            throw JournalError(.corrupt, "\(path): is not the file that its name says")
        }
        let overhead = header.isSealed ? ChunkSealer.overhead : 0
        var offset = UInt64(SnapshotReader.firstChunkOffset)
        let found = try SnapshotReader.readAll(fileSystem, path: path, ring: keys?.ring, pace: pace) {
            _,
            bytes throws(JournalError) in
            let location = ColdLocation(file: number, offset: offset)
            offset += UInt64(SnapshotReader.chunkHeaderBytes + bytes.count + overhead)
            try body(location, bytes)
        }
        return found.summary.bytes
    }

    /// Reads the newest entry of a number that is older than `position`.
    func load(_ sequence: UInt64, before position: RecordPosition) throws(JournalError) -> [UInt8] {
        var location = try index.reading().location(index: Int(sequence) - 1)
        while location != .none {
            let chunk = try chunk(at: location)
            var found: [UInt8]?
            var previous = ColdLocation.none
            try chunk.withRawBytes { bytes throws(JournalError) in
                try forEachEntry(bytes, in: location.file) { head, entry throws(JournalError) in
                    guard head.sequence == sequence else { return }
                    previous = head.previous
                    if head.lastRecord < position { found = Array(entry) }
                }
            }
            if let found { return found }
            // The entry is of a later state than asked for. It is from a snapshot that was not
            // completed, or that is newer than the one started from.
            guard previous.rawValue < location.rawValue else { break }
            location = previous
        }
        throw JournalError(.corrupt, "\(directory): \(kind.name) \(sequence) is not in memory and in no cold file")
    }

    private func chunk(at location: ColdLocation) throws(JournalError) -> [UInt8] {
        do throws(JournalError) {
            let path = path(location.file)
            return try SnapshotReader.chunk(fileSystem, path: path, at: location.offset, ring: keys?.ring)
        } catch {
            guard error.code == .io, try !numbers().contains(location.file) else { throw error }
            throw JournalError(.corrupt, "\(path(location.file)): is not there, and the index leads to it")
        }
    }

    struct EntryHead {
        var sequence: UInt64
        var lastRecord: RecordPosition
        var previous: ColdLocation
    }

    func forEachEntry(
        _ bytes: UnsafeRawBufferPointer,
        in number: UInt64,
        _ body: (EntryHead, UnsafeRawBufferPointer) throws(JournalError) -> Void
    ) throws(JournalError) {
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset > 8 else { throw malformed(number) }
            let previous = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let rest = UnsafeRawBufferPointer(rebasing: bytes[(offset + 8)...])
            let head: ColdHead
            do throws(PaymentLayoutError) { head = try kind.head(rest) } catch { throw malformed(number) }
            let entry = UnsafeRawBufferPointer(rebasing: rest[..<head.byteCount])
            guard head.sequence >= 1, head.sequence < 1 << 48 else { throw malformed(number) }
            let found = EntryHead(
                sequence: head.sequence,
                lastRecord: head.lastRecord,
                previous: ColdLocation(rawValue: previous)
            )
            try body(found, entry)
            offset += 8 + head.byteCount
        }
    }

    private func malformed(_ number: UInt64) -> JournalError {
        JournalError(.format, "\(path(number)): the \(kind.name)s in it cannot be understood")
    }
}

extension ColdKind {
    /// Below the directory of the shard's journal.
    fileprivate var directory: String {
        switch self {
        case .payment: "cold"
        case .payout: "cold-payouts"
        case .wallet: "cold-wallets"
        }
    }

    fileprivate var suffix: String {
        switch self {
        case .payment: ".payments"
        case .payout: ".payouts"
        case .wallet: ".wallets"
        }
    }

    fileprivate var section: SnapshotSection {
        switch self {
        case .payment: .coldPayments
        case .payout: .coldPayouts
        case .wallet: .coldWallets
        }
    }

    var fileKind: SnapshotKind {
        switch self {
        case .payment: .coldPayments
        case .payout: .coldPayouts
        case .wallet: .coldWallets
        }
    }
}

/// Writes one cold file, and then enters it into the index.
struct ColdFileWriter: ~Copyable {
    private let files: ColdFiles
    private let number: UInt64
    private var writer: SnapshotWriter
    private var chunk: ChunkBuffer
    private var entered: [(index: Int, location: ColdLocation)] = []

    init(
        _ files: ColdFiles,
        number: UInt64,
        header: SnapshotHeader,
        pace: @escaping SnapshotWriter.Pace
    ) throws(JournalError) {
        self.files = files
        self.number = number
        chunk = ChunkBuffer(section: files.kind.section, targetBytes: ColdFiles.chunkBytes)
        writer = try SnapshotWriter(
            files.fileSystem,
            directory: files.directory,
            name: files.name(number),
            header: header,
            ring: files.keys?.ring,
            pace: pace
        )
    }

    var count: Int { entered.count }

    /// - Parameter store: writes the entry, of `size` bytes.
    mutating func write(
        _ index: Int,
        size: Int,
        previous: ColdLocation,
        store: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(JournalError) {
        if !chunk.hasRoom(8 + size) { try flush() }
        entered.append((index, ColdLocation(file: number, offset: writer.offset)))
        chunk.append(8 + size) { bytes in
            bytes.storeBytes(of: previous.rawValue.littleEndian, toByteOffset: 0, as: UInt64.self)
            store(bytes.from(8))
        }
    }

    private mutating func flush() throws(JournalError) {
        try chunk.flush(to: &writer)
    }

    consuming func finish(
        confirm: () throws(JournalError) -> Void
    ) throws(JournalError) -> SnapshotFileSummary {
        try flush()
        let entered = self.entered
        let index = files.index
        let number = self.number
        let summary = try writer.finish(confirm: confirm)
        var updater = try index.updating()
        for (place, location) in entered { try updater.set(place, location) }
        try updater.finish(clean: number)
        return summary
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withRawBytes(_ body: (UnsafeRawBufferPointer) throws(JournalError) -> Void) throws(JournalError) {
        var failure: JournalError?
        withUnsafeBytes { raw in
            do throws(JournalError) { try body(raw) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// Gathers entries into chunks.
struct ChunkBuffer: ~Copyable {
    private let bytes: UnsafeMutableRawBufferPointer
    private let section: SnapshotSection
    private let targetBytes: Int
    private var count = 0

    init(section: SnapshotSection, targetBytes: Int = SnapshotWriter.maximumChunkBytes) {
        precondition(SnapshotWriter.maximumChunkBytes >= PaymentEntry.maximumBytes + 8)
        self.section = section
        self.targetBytes = targetBytes
        bytes = .allocate(byteCount: SnapshotWriter.maximumChunkBytes, alignment: 8)
    }

    deinit { bytes.deallocate() }

    /// Whether an entry of this size still belongs into the chunk; an empty one takes any.
    func hasRoom(_ size: Int) -> Bool { count == 0 || count + size <= targetBytes }

    mutating func append(_ size: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        precondition(count + size <= bytes.count, "an entry is larger than a chunk")
        body(UnsafeMutableRawBufferPointer(rebasing: bytes[count..<count + size]))
        count += size
    }

    mutating func flush(to writer: inout SnapshotWriter) throws(JournalError) {
        guard count > 0 else { return }
        let chunk = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count])
        count = 0
        try writer.write(section: section.rawValue, chunk)
    }
}
