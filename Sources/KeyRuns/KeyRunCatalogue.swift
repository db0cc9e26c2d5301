import Journal

/// The list of the runs, in a file of its own that a rename replaces as a whole. A run exists when
/// the catalogue names it.
struct KeyRunCatalogue: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        static let byteCount = KeyRunSummary.byteCount + KeyRunFileDigests.byteCount

        var summary: KeyRunSummary
        var digests: KeyRunFileDigests
    }

    private static let headBytes = 32

    /// Every key completed by a record up to this one is in a run, or is forgotten.
    var covered: RecordPosition = 0
    /// The number of the next run. All files with a higher number were never finished.
    var nextNumber: UInt64 = 1
    /// Counts the catalogues of a directory.
    var generation: UInt64 = 0
    /// The oldest first.
    var entries: [Entry] = []

    /// Makes this the directory's catalogue. Blocks; durable when it returns.
    func write(_ files: KeyRunFiles) throws(JournalError) {
        var writer = try SnapshotWriter(
            files.fileSystem,
            directory: files.directory,
            name: KeyRunFormat.catalogueName,
            header: files.header(.keyCatalogue, number: generation, position: covered),
            ring: files.ring
        )
        var bytes = [UInt8](repeating: 0, count: Self.headBytes + entries.count * Entry.byteCount)
        bytes.withUnsafeMutableBytes { room in
            room.store(covered, at: 0)
            room.store(nextNumber, at: 8)
            room.store(UInt64(entries.count), at: 16)
            room.store(generation, at: 24)
            var offset = Self.headBytes
            for entry in entries {
                entry.summary.store(into: room.from(offset))
                let digests = offset + KeyRunSummary.byteCount
                room.storeBytes(of: entry.digests.keys, toByteOffset: digests, as: SIMD32<UInt8>.self)
                room.storeBytes(of: entry.digests.filter, toByteOffset: digests + 32, as: SIMD32<UInt8>.self)
                offset += Entry.byteCount
            }
        }
        var failure: JournalError?
        bytes.withUnsafeBytes { raw in
            do throws(JournalError) {
                try writer.write(section: KeyRunSection.catalogue.rawValue, raw)
            } catch { failure = error }
        }
        if let failure { throw failure }
        _ = try writer.finish()
    }

    /// The directory's catalogue; nil if there is none. Throws `corrupt` with its name if it is
    /// damaged.
    static func read(_ files: KeyRunFiles, names: [String]) throws(JournalError) -> KeyRunCatalogue? {
        guard names.contains(KeyRunFormat.catalogueName) else { return nil }
        let path = files.path(KeyRunFormat.catalogueName)
        var found: KeyRunCatalogue?
        let (header, _) = try SnapshotReader.readAll(files.fileSystem, path: path, ring: files.ring) {
            section,
            bytes throws(JournalError) in
            guard found == nil, section == KeyRunSection.catalogue.rawValue, let decoded = KeyRunCatalogue(bytes) else {
                throw files.damaged(path, "cannot be understood")
            }
            found = decoded
        }
        guard let found else { throw files.damaged(path, "is empty") }
        try files.check(header, kind: .keyCatalogue, number: found.generation, path: path)
        return found
    }

    /// Whose runs the catalogue names; nil if there is none.
    static func journalID(_ files: KeyRunFiles, names: [String]) throws(JournalError) -> UInt64? {
        guard names.contains(KeyRunFormat.catalogueName) else { return nil }
        let path = files.path(KeyRunFormat.catalogueName)
        return try SnapshotReader.readAll(files.fileSystem, path: path, ring: files.ring) { _, _ in }.header.journalID
    }

    init() {}

    /// nil for what no writer writes.
    private init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.headBytes, (bytes.count - Self.headBytes) % Entry.byteCount == 0 else { return nil }
        covered = bytes.integer(at: 0)
        nextNumber = bytes.integer(at: 8)
        generation = bytes.integer(at: 24)
        let count: UInt64 = bytes.integer(at: 16)
        guard count == UInt64((bytes.count - Self.headBytes) / Entry.byteCount) else { return nil }
        var numbers = Set<UInt64>()
        for offset in stride(from: Self.headBytes, to: bytes.count, by: Entry.byteCount) {
            let entry = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Entry.byteCount])
            guard let summary = KeyRunSummary(entry), summary.number < nextNumber, summary.lastRecord <= covered,
                numbers.insert(summary.number).inserted
            else { return nil }
            let digests = KeyRunSummary.byteCount
            entries.append(
                Entry(
                    summary: summary,
                    digests: KeyRunFileDigests(
                        keys: entry.loadUnaligned(fromByteOffset: digests, as: SIMD32<UInt8>.self),
                        filter: entry.loadUnaligned(fromByteOffset: digests + 32, as: SIMD32<UInt8>.self)
                    )
                )
            )
        }
    }
}
