/// A damaged batch that one flipped bit explains, and what proves it.
package struct JournalMendPlan: Sendable, Equatable {
    /// The segment's path.
    package let file: String
    /// Of the byte in the file.
    package let offset: UInt64
    /// 0 is the lowest bit of the byte.
    package let bit: Int
    package let batch: UInt64
    /// The batch's records.
    package let firstPosition: RecordPosition
    package let lastPosition: RecordPosition
    /// What holds the batch's SHA-256.
    package let proof: String
}

extension JournalRepair {
    /// Looks for the one bit whose flip damaged a journal. Changes nothing. Blocks.
    ///
    /// Throws `notFound` when the journal is sound, and when no single bit is proven: then a backup
    /// or a cut is the way out. Throws `fenced` when a process has the journal, and `format` or
    /// `io` as a start does.
    package static func mendPlan(
        directory: String,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> JournalMendPlan {
        let lock = try JournalRecovery.takeLock(fileSystem, JournalDirectory(directory))
        defer { withExtendedLifetime(lock) {} }
        return try JournalMender(fileSystem, at: directory).plan()
    }

    /// Turns the bit back that `mendPlan` finds. The batch is then as it was written, byte for
    /// byte: its SHA-256 says so. No record is lost or changed. The segment as it was is kept as
    /// `*.cut`. Blocks; throws as `mendPlan`. After a crash in between it can be called again.
    package static func mend(
        directory: String,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> JournalMendPlan {
        let lock = try JournalRecovery.takeLock(fileSystem, JournalDirectory(directory))
        defer { withExtendedLifetime(lock) {} }
        let mender = try JournalMender(fileSystem, at: directory)
        let plan = try mender.plan()
        do throws(JournalFileError) { try mender.mend(plan) } catch { throw JournalProblem(error) }
        return plan
    }
}

/// Finds the first batch that cannot be trusted, the bit that was flipped in it, and the proof: the
/// batch's SHA-256, as the batch, the segment or the witness behind it holds it.
private struct JournalMender {
    private let fileSystem: any JournalFileSystem
    private let directory: JournalDirectory
    private let witness: WitnessReader.Content?
    /// Behind the last batch that can be trusted.
    private var cursor = ScanCursor()
    private var segment: SegmentHeader?
    private var offset = UInt64(SegmentHeader.byteCount)

    init(_ fileSystem: any JournalFileSystem, at path: String) throws(JournalProblem) {
        self.fileSystem = fileSystem
        directory = JournalDirectory(path)
        if case .present(let content) = try WitnessReader.read(fileSystem, directory) {
            witness = content
        } else {
            witness = nil
        }
        var scanner = JournalScanner(
            fileSystem: fileSystem,
            directory: directory,
            journalID: nil,
            witness: nil,
            keys: .none,
            from: .oldest
        )
        var segment: SegmentHeader?
        var offset = self.offset
        scanner.onSegment = { header in
            segment = header
            offset = UInt64(SegmentHeader.byteCount)
        }
        do throws(JournalProblem) {
            _ = try scanner.scan { batch in offset = batch.header.offset + UInt64(batch.header.frameBytes) }
        } catch {
            guard error.code == .corrupt else { throw error }
        }
        cursor = scanner.cursor
        self.segment = segment
        self.offset = offset
    }

    func plan() throws(JournalProblem) -> JournalMendPlan {
        guard let segment else { throw refusal("no segment with a readable header is there") }
        let name = JournalDirectory.segmentName(segment.number)
        let count = Int(min(UInt64(segment.batchBytes), segment.segmentBytes - offset))
        guard count >= BatchHeader.byteCount else { throw refusal("no batch is damaged") }
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: count)
        defer { memory.deallocate() }
        do throws(JournalFileError) {
            guard try fileSystem.open(directory.file(name), .read).read(into: memory, at: offset) == count else {
                throw JournalFileError(code: 0, operation: "read", path: directory.file(name))
            }
        } catch {
            throw JournalProblem(error)
        }
        for candidate in FlippedBit.candidates(in: memory, saltSeed: segment.salt.seed) {
            candidate.flip(in: memory)
            defer { candidate.flip(in: memory) }
            let frame = UnsafeRawBufferPointer(memory)
            guard let header = BatchHeader.decode(frame, saltSeed: segment.salt.seed), continues(header, segment) else {
                continue
            }
            let hash = BatchHeader.hash(frame, length: Int(header.length))
            guard let proof = try proof(of: hash, header, in: segment) else { continue }
            return JournalMendPlan(
                file: directory.file(name),
                offset: offset + UInt64(candidate.byte),
                bit: candidate.bit,
                batch: header.batch,
                firstPosition: header.firstPosition,
                lastPosition: header.lastPosition,
                proof: proof
            )
        }
        throw refusal(
            "no single flipped bit is proven to be what damaged batch \(cursor.nextBatch), or nothing is damaged"
        )
    }

    /// Whether the batch is the next one of this history, in its place.
    private func continues(_ header: BatchHeader, _ segment: SegmentHeader) -> Bool {
        header.segment == segment.number && header.offset == offset && header.batch == cursor.nextBatch
            && header.firstPosition == cursor.nextPosition && header.previousHash == cursor.hash
            && header.epoch >= cursor.epoch && header.recordCount > 0 && header.keyID == segment.keyID
    }

    /// What holds this SHA-256; nil when nothing does.
    private func proof(
        of hash: ChainHash,
        _ header: BatchHeader,
        in segment: SegmentHeader
    ) throws(JournalProblem) -> String? {
        if let witness, witness.batch == header.batch { return witness.hash == hash ? "the witness" : nil }
        let window = SegmentReader.Window()
        var reader = try reader(of: segment.number, window)
        let next = header.offset + UInt64(header.frameBytes)
        if case .intact(let following, _) = try reader.frame(at: next, of: segment, saltSeed: segment.salt.seed) {
            guard following.batch == header.batch + 1, following.previousHash == hash else { return nil }
            return "batch \(following.batch)"
        }
        do throws(JournalFileError) {
            let name = JournalDirectory.segmentName(segment.number + 1)
            guard try fileSystem.list(directory: directory.path).contains(name) else { return nil }
        } catch {
            throw JournalProblem(error)
        }
        reader = try self.reader(of: segment.number + 1, window)
        guard case .header(let following) = try reader.header(), following.firstBatch == header.batch + 1,
            following.previousHash == hash
        else { return nil }
        return "segment \(following.number)"
    }

    private func reader(of number: UInt64, _ window: SegmentReader.Window) throws(JournalProblem) -> SegmentReader {
        let name = JournalDirectory.segmentName(number)
        let file: any JournalFile
        do { file = try fileSystem.open(directory.file(name), .read) } catch { throw JournalProblem(error) }
        return try SegmentReader(name: name, file: file, window: window)
    }

    private func refusal(_ detail: String) -> JournalProblem {
        JournalProblem(.notFound, file: directory.path, position: cursor.nextPosition, detail)
    }

    /// The new version of the segment is durable under a temporary name, and the old one is kept,
    /// before the new one takes the name.
    func mend(_ plan: JournalMendPlan) throws(JournalFileError) {
        let files = RepairFiles(fileSystem: fileSystem)
        let temporary = plan.file + JournalDirectory.temporarySuffix
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 20)
        defer { memory.deallocate() }
        let source = try fileSystem.open(plan.file, .read)
        let target = try fileSystem.open(temporary, .create)
        try files.copy(source, into: target, range: 0..<(try source.byteCount), through: memory)
        let byte = UnsafeMutableRawBufferPointer(rebasing: memory[..<1])
        guard try source.read(into: byte, at: plan.offset) == 1 else {
            throw JournalFileError(code: 0, operation: "read", path: plan.file)
        }
        FlippedBit(byte: 0, bit: plan.bit).flip(in: byte)
        try target.write(UnsafeRawBufferPointer(byte), at: plan.offset)
        try target.sync()
        try files.keepCopy(of: plan.file)
        try fileSystem.syncDirectory(directory.path)
        try fileSystem.rename(temporary, to: plan.file)
        try fileSystem.syncDirectory(directory.path)
    }
}
