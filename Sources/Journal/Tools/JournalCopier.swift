/// Copies one journal's files; see `JournalBackup`.
struct JournalCopier {
    let source: JournalDirectory
    private(set) var result = JournalBackupResult()
    private let fileSystem: any JournalFileSystem
    let target: JournalDirectory
    private let pace: (Int) -> Void
    private let memory = CopyMemory()

    private var cursor: ScanCursor?
    private var lastSegment: SegmentHeader?
    private var offset: UInt64 = 0
    private var firstCopied: UInt64 = .max

    private final class CopyMemory {
        let bytes = UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 20)
        deinit { bytes.deallocate() }
    }

    init(
        _ fileSystem: any JournalFileSystem,
        from source: JournalDirectory,
        to target: JournalDirectory,
        pace: @escaping (Int) -> Void
    ) {
        self.fileSystem = fileSystem
        self.source = source
        self.target = target
        self.pace = pace
    }

    // MARK: Snapshots, checkpoints, and whatever else there is

    /// Files are copied as they are; one that goes away meanwhile was replaced by a newer one and
    /// is left out.
    mutating func copyOthers() throws(JournalFileError) {
        try fileSystem.makeDurableDirectory(target.path)
        // Backwards, so that snapshots come before the cold payments that they lead to.
        for name in try fileSystem.list(directory: source.path).sorted(by: >) where Self.isOther(name) {
            if let names = try? fileSystem.list(directory: source.file(name)), !names.isEmpty {
                try copyFolder(name)
            } else {
                _ = try copyOther(source.file(name), target.file(name)) { _ in true }
            }
        }
    }

    private static func isOther(_ name: String) -> Bool {
        let own =
            name == "lock" || name == "witness" || name == ArchiveDirectory.defaultName
            || name == CursorFile.fileName || name.hasPrefix(CursorRequests.prefix)
        let kept = name.hasSuffix(".torn") || name.contains(RepairFiles.suffix) || name.hasSuffix(".damaged")
        return !own && !kept && !name.hasSuffix(JournalDirectory.temporarySuffix)
            && JournalDirectory.segmentNumber(name) == nil
    }

    /// The files of the snapshot container; what else is there (the index of cold payments) is made
    /// from them at a start. When one goes away meanwhile, others may be of no use without it, so
    /// the folder is gone through again.
    private mutating func copyFolder(_ folder: String) throws(JournalFileError) {
        try fileSystem.makeDurableDirectory(target.file(folder))
        for _ in 0..<Self.folderAttempts {
            var isWhole = true
            for name in try fileSystem.list(directory: target.file(folder)) {
                try fileSystem.remove(target.file(folder) + "/" + name)
            }
            // A list of key runs comes first: every run that it names is there then, or has gone,
            // which is seen.
            for isList in [true, false] {
                let names = try fileSystem.list(directory: source.file(folder)).sorted()
                for name in names where isWhole && Self.isOther(name) {
                    let path = folder + "/" + name
                    isWhole = try copyOther(source.file(path), target.file(path)) {
                        Self.snapshotKind($0).map { ($0 == .keyCatalogue) == isList } ?? false
                    }
                }
            }
            if isWhole { return try fileSystem.syncDirectory(target.file(folder)) }
        }
        throw JournalFileError(
            code: 0,
            operation: "copy files that are replaced all the time",
            path: source.file(folder)
        )
    }

    private static let folderAttempts = 20

    /// What a file of the snapshot container holds; nil for any other file.
    private static func snapshotKind(_ beginning: UnsafeRawBufferPointer) -> SnapshotKind? {
        guard beginning.count >= SnapshotHeader.byteCount else { return nil }
        return try? SnapshotHeader(decoding: beginning.part(0, SnapshotHeader.byteCount)).kind
    }

    /// False if the file has gone.
    private mutating func copyOther(
        _ from: String,
        _ to: String,
        ifBeginning isWanted: (UnsafeRawBufferPointer) -> Bool
    ) throws(JournalFileError) -> Bool {
        let file: any JournalFile
        do {
            file = try fileSystem.open(from, .read)
        } catch {
            if error.isNotFound { return false }
            throw error
        }
        // An empty folder opens, too, and cannot be read.
        guard let bytes = try? file.read(into: memory.bytes, at: 0) else { return true }
        guard isWanted(UnsafeRawBufferPointer(memory.bytes).part(0, bytes)) else { return true }
        try copy(file, to: to, bytes)
        result.otherFiles += 1
        return true
    }

    /// `first` bytes are in memory already.
    private mutating func copy(_ file: any JournalFile, to path: String, _ first: Int) throws(JournalFileError) {
        let copy = try fileSystem.open(path, .create)
        var offset: UInt64 = 0
        var count = first
        while count > 0 {
            try copy.write(UnsafeRawBufferPointer(memory.bytes).part(0, count), at: offset)
            offset += UInt64(count)
            result.bytes += UInt64(count)
            pace(count)
            count = try file.read(into: memory.bytes, at: offset)
        }
        try copy.sync()
    }

    // MARK: Segments

    /// Copies from the oldest segment file on to the last whole batch of the last one. The journal
    /// may begin segments and archive them meanwhile. The oldest segments go first. So a segment
    /// that goes away while it is copied is copied from the archive, with all before it.
    mutating func copySegments() throws(JournalFileError) {
        guard var number = try oldestSegment() else { return }
        while true {
            switch try copySegment(number) {
            case .copied: number += 1
            case .notBegun: return
            case .gone:
                for copied in firstCopied..<max(firstCopied, number) where firstCopied != .max {
                    try fileSystem.remove(target.file(JournalDirectory.segmentName(copied)))
                }
                try? fileSystem.remove(target.file(JournalDirectory.segmentName(number)))
                firstCopied = .max
                cursor = nil
                guard let oldest = try oldestSegment(), oldest >= number else { return }
                number = oldest
            }
        }
    }

    /// What was durable before the copying began is in the copy. If it is not, the source is
    /// damaged behind the copy's end: a damaged batch looks like none.
    func checkReaches(_ witness: WitnessReader.State) throws(JournalProblem) {
        guard case .present(let promise) = witness else { return }
        let (batch, position) = cursor.map { ($0.nextBatch - 1, $0.nextPosition - 1) } ?? (0, 0)
        guard batch < promise.batch else { return }
        throw JournalProblem(
            .corrupt,
            file: lastSegment.map { source.file(JournalDirectory.segmentName($0.number)) } ?? source.path,
            position: position + 1,
            "the journal was durable up to record \(promise.position), and is readable up to record \(position) only"
        )
    }

    private func oldestSegment() throws(JournalFileError) -> UInt64? {
        try fileSystem.list(directory: source.path).compactMap(JournalDirectory.segmentNumber).min()
    }

    private enum Outcome {
        case copied
        case notBegun
        case gone
    }

    private mutating func copySegment(_ number: UInt64) throws(JournalFileError) -> Outcome {
        let name = JournalDirectory.segmentName(number)
        let file: any JournalFile
        do {
            file = try fileSystem.open(source.file(name), .read)
        } catch {
            guard error.isNotFound else { throw error }
            return try oldestSegment().map { $0 > number } ?? false ? .gone : .notBegun
        }
        guard let header = try self.header(file, number) else { return .notBegun }
        // What the segment before got after it was read, and before this one was begun.
        if let before = lastSegment, cursor != nil, before.number + 1 == number, !(try extend(before)) { return .gone }
        let expected = cursor ?? ScanCursor(at: header)
        guard header.firstBatch == expected.nextBatch, header.previousHash == expected.hash else {
            throw .damaged(source.file(name), "it does not continue the segment before")
        }
        cursor = expected
        lastSegment = header
        offset = UInt64(SegmentHeader.byteCount)
        try begin(header)
        guard try copyFrames(file, header) else { return .gone }
        firstCopied = min(firstCopied, number)
        result.segments += 1
        return .copied
    }

    /// nil: prepared, or free.
    private func header(_ file: any JournalFile, _ number: UInt64) throws(JournalFileError) -> SegmentHeader? {
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: SegmentHeader.byteCount)
        defer { block.deallocate() }
        guard try file.read(into: block, at: 0) == block.count,
            case .header(let header) = SegmentHeader.decode(UnsafeRawBufferPointer(block)), header.number == number
        else { return nil }
        return header
    }

    /// A file of the right size, with the header; what is not written reads as zeros.
    private func begin(_ header: SegmentHeader) throws(JournalFileError) {
        let copy = try fileSystem.open(target.file(JournalDirectory.segmentName(header.number)), .create)
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: SegmentHeader.byteCount)
        defer { block.deallocate() }
        try copy.write(UnsafeRawBufferPointer(block), at: header.segmentBytes - UInt64(blockBytes))
        header.encode(into: block)
        try copy.write(UnsafeRawBufferPointer(block), at: 0)
        try copy.sync()
    }

    private mutating func extend(_ header: SegmentHeader) throws(JournalFileError) -> Bool {
        do {
            let file = try fileSystem.open(source.file(JournalDirectory.segmentName(header.number)), .read)
            return try copyFrames(file, header)
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// Whole batches from the offset on; false if the file became another segment meanwhile.
    private mutating func copyFrames(_ file: any JournalFile, _ header: SegmentHeader) throws(JournalFileError) -> Bool
    {
        let name = JournalDirectory.segmentName(header.number)
        let copy = try fileSystem.open(target.file(name), .update)
        let saltSeed = header.salt.seed
        while offset + UInt64(blockBytes) <= header.segmentBytes, var at = cursor {
            let frame = memory.bytes
            guard try file.read(into: part(blockBytes), at: offset) == blockBytes,
                let batch = BatchHeader.decode(UnsafeRawBufferPointer(frame).part(0, blockBytes), saltSeed: saltSeed),
                batch.frameBytes <= frame.count, batch.batch == at.nextBatch, batch.previousHash == at.hash,
                try file.read(into: part(batch.frameBytes), at: offset) == batch.frameBytes,
                BatchHeader.payloadIsIntact(UnsafeRawBufferPointer(frame), length: Int(batch.length))
            else { break }
            try copy.write(UnsafeRawBufferPointer(frame).part(0, batch.frameBytes), at: offset)
            at.hash = BatchHeader.hash(UnsafeRawBufferPointer(frame), length: Int(batch.length))
            at.advance(past: batch)
            cursor = at
            offset += UInt64(batch.frameBytes)
            result.bytes += UInt64(batch.frameBytes)
            pace(batch.frameBytes)
        }
        try copy.sync()
        return try self.header(file, header.number)?.salt == header.salt
    }

    private func part(_ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<count])
    }

    // MARK: The archive, and the end

    mutating func copyArchive(_ archive: ArchiveDirectory) throws(JournalFileError) {
        let entries = try archive.entries(fileSystem)
        guard !entries.isEmpty else { return }
        let folder = target.file(ArchiveDirectory.defaultName)
        try fileSystem.makeDurableDirectory(folder)
        for entry in entries {
            let file: any JournalFile
            do {
                file = try fileSystem.open(archive.file(entry.name), .read)
            } catch {
                // Expired.
                if error.isNotFound { continue }
                throw error
            }
            try copy(file, to: folder + "/" + entry.name, try file.read(into: memory.bytes, at: 0))
            result.archived += 1
        }
        try fileSystem.syncDirectory(folder)
    }

    /// A witness that names the end of the copy: what is damaged later is told from what never was.
    mutating func finish() throws(JournalFileError) {
        defer { result.headHash = (cursor?.hash ?? .genesis).hexadecimal }
        guard let cursor, let header = lastSegment else { return try fileSystem.syncDirectory(target.path) }
        result.lastPosition = cursor.nextPosition - 1
        result.lastBatch = cursor.nextBatch - 1
        let end = DurablePoint(
            batch: cursor.nextBatch - 1,
            position: cursor.nextPosition - 1,
            segment: header.number,
            offset: offset,
            hash: cursor.hash
        )
        var witness = try WitnessRing.create(fileSystem, target, journalID: header.journalID)
        try witness.write(end.slot(.closed, epoch: max(cursor.epoch, header.epoch)))
        try fileSystem.syncDirectory(target.path)
    }
}

extension ScanCursor {
    init(at header: SegmentHeader) {
        self.init()
        begin(at: header)
    }
}
