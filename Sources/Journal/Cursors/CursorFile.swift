/// The file of a journal's cursors. Belongs to one thread at a time.
struct CursorFile {
    static let fileName = "cursors"

    private let file: any JournalFile
    private let saltSeed: UInt32
    /// The last sequence of each place, 0 for one that was never written.
    private var sequences: [UInt64]

    /// What a start found.
    struct Found {
        /// nil: there is no file.
        var file: CursorFile?
        var table = CursorTable()
        /// Cursors both of whose copies are damaged. Their consumers find no cursor.
        var damaged = 0
        /// The whole file was beyond use and was set aside.
        var isSetAside = false
    }

    // MARK: Reading

    /// Reads the file of the journal that is being opened. What it finds is durable when it
    /// returns: a process that was killed may have left it in a cache. A file that is damaged
    /// beyond use is set aside as `cursors-N.damaged`.
    /// - Throws: `format` for a newer program's file or another journal's.
    static func open(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        journalID: UInt64
    ) throws(JournalProblem) -> Found {
        let found: Found
        do throws(JournalProblem) {
            found = try read(fileSystem, directory, journalID: journalID)
        } catch {
            guard error.code == .corrupt else { throw error }
            do { try setAside(fileSystem, directory) } catch { throw JournalProblem(error) }
            return Found(isSetAside: true)
        }
        guard let file = found.file else { return found }
        do throws(JournalFileError) {
            try file.file.sync()
            try fileSystem.syncDirectory(directory.path)
        } catch {
            throw JournalProblem(error)
        }
        return found
    }

    /// Reads the file and changes nothing.
    /// - Throws: `corrupt` when it is damaged beyond use; `format` for a newer program's file or
    ///   another journal's.
    static func read(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        journalID: UInt64? = nil
    ) throws(JournalProblem) -> Found {
        let path = directory.file(fileName)
        do throws(JournalFileError) {
            guard try fileSystem.list(directory: directory.path).contains(fileName) else { return Found() }
        } catch {
            throw JournalProblem(error)
        }
        let read = try contents(fileSystem, path)
        switch read.header {
        case .header(let header):
            guard header.journalID == journalID ?? header.journalID else {
                throw JournalProblem(.format, file: path, "belongs to journal \(header.journalID)")
            }
            return found(read.bytes, read.file, saltSeed: header.salt.seed)
        case .newerFormat(let major):
            let detail = "format \(major) is newer than this program's \(CursorFileHeader.formatMajor)"
            throw JournalProblem(.format, file: path, detail)
        case .damaged: throw JournalProblem(.corrupt, file: path, "the file of cursors is damaged")
        }
    }

    private static func contents(
        _ fileSystem: any JournalFileSystem,
        _ path: String
    ) throws(JournalProblem) -> (file: any JournalFile, bytes: [UInt8], header: CursorFileHeader.Decoded) {
        do throws(JournalFileError) {
            let file = try fileSystem.open(path, .update)
            let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: CursorFileHeader.fileBytes)
            defer { memory.deallocate() }
            let isWhole = try file.read(into: memory, at: 0) == memory.count
            let bytes = UnsafeRawBufferPointer(memory)
            let header = isWhole ? CursorFileHeader.decode(bytes.part(0, CursorFileHeader.byteCount)) : .damaged
            return (file, Array(bytes), header)
        } catch {
            throw JournalProblem(error)
        }
    }

    private static func found(_ bytes: [UInt8], _ file: any JournalFile, saltSeed: UInt32) -> Found {
        var found = Found()
        var sequences = [UInt64](repeating: 0, count: JournalLimits.cursors)
        bytes.withUnsafeBytes { bytes in
            for place in 0..<JournalLimits.cursors {
                let copies = (0..<2).map { copy in bytes.part(offset(place, copy), CursorSlot.byteCount) }
                let valid = copies.compactMap { CursorSlot.decode($0, saltSeed: saltSeed) }
                guard let newest = valid.max(by: { $0.sequence < $1.sequence }) else {
                    // A new cursor is written twice: one copy that was never written shows that it
                    // was not made.
                    if !copies.contains(where: \.isZero) { found.damaged += 1 }
                    continue
                }
                sequences[place] = newest.sequence
                // Two of one name are left by no crash; the later one would be beyond anybody's
                // reach.
                guard let name = newest.name, found.table.cursor(name) == nil else { continue }
                found.table.insert(.init(name: name, position: newest.position, slot: place))
            }
        }
        found.file = CursorFile(file: file, saltSeed: saltSeed, sequences: sequences)
        return found
    }

    private static func offset(_ place: Int, _ copy: Int) -> Int {
        CursorFileHeader.byteCount + (2 * place + copy) * CursorSlot.byteCount
    }

    private static func setAside(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory
    ) throws(JournalFileError) {
        let names = Set(try fileSystem.list(directory: directory.path))
        for copy in 1..<1_000 {
            let name = "\(fileName)-\(copy).damaged"
            guard !names.contains(name) else { continue }
            try fileSystem.rename(directory.file(fileName), to: directory.file(name))
            return try fileSystem.syncDirectory(directory.path)
        }
        throw JournalFileError(code: 0, operation: "name a .damaged file", path: directory.path)
    }

    // MARK: Writing

    /// Makes an empty file, under a temporary name first, so that it is there whole or not at all.
    static func create(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        journalID: UInt64
    ) throws(JournalFileError) -> CursorFile {
        let header = CursorFileHeader(journalID: journalID, salt: .random())
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: CursorFileHeader.fileBytes)
        defer { memory.deallocate() }
        header.encode(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<CursorFileHeader.byteCount]))
        let path = directory.file(fileName)
        let temporary = path + JournalDirectory.temporarySuffix
        let file = try fileSystem.open(temporary, .create)
        try file.write(UnsafeRawBufferPointer(memory), at: 0)
        try file.sync()
        try fileSystem.rename(temporary, to: path)
        try fileSystem.syncDirectory(directory.path)
        return CursorFile(
            file: try fileSystem.open(path, .update),
            saltSeed: header.salt.seed,
            sequences: [UInt64](repeating: 0, count: JournalLimits.cursors)
        )
    }

    /// Writes a cursor that was not there, both copies, and syncs.
    mutating func create(
        _ name: JournalCursorName,
        _ position: RecordPosition,
        at place: Int
    ) throws(JournalFileError) {
        try writeCopy(name, position, at: place, sequence: sequences[place] + 1)
        try writeCopy(name, position, at: place, sequence: sequences[place] + 2)
        try file.sync()
        sequences[place] += 2
    }

    /// Writes a change over the older copy, and syncs. After an error the next call writes the same
    /// copy. So the other copy stays until a newer one is durable.
    /// - Parameter name: nil deletes the cursor.
    mutating func write(
        _ name: JournalCursorName?,
        _ position: RecordPosition,
        at place: Int
    ) throws(JournalFileError) {
        try writeCopy(name, position, at: place, sequence: sequences[place] + 1)
        try file.sync()
        sequences[place] += 1
    }

    private func writeCopy(
        _ name: JournalCursorName?,
        _ position: RecordPosition,
        at place: Int,
        sequence: UInt64
    ) throws(JournalFileError) {
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: CursorSlot.byteCount)
        defer { memory.deallocate() }
        let slot = CursorSlot(sequence: sequence, position: position, name: name)
        slot.encode(into: memory, saltSeed: saltSeed, wallMilliseconds: wallMilliseconds())
        try file.write(UnsafeRawBufferPointer(memory), at: UInt64(Self.offset(place, Int(sequence & 1))))
    }
}

extension CursorFile.Found {
    /// A repair may have cut records that a consumer had taken. Its cursor goes back, durably:
    /// others take their positions.
    /// - Returns: the cursors that went back.
    mutating func moveBack(to last: RecordPosition) throws(JournalProblem) -> [JournalCursorName] {
        var moved: [JournalCursorName] = []
        for cursor in table.cursors where cursor.position > last {
            do throws(JournalFileError) {
                try file?.write(cursor.name, last, at: cursor.slot)
            } catch {
                throw JournalProblem(error)
            }
            table.moveBack(cursor.name, to: last)
            moved.append(cursor.name)
        }
        return moved
    }
}
