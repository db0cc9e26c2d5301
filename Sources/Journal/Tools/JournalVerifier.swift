/// What an offline check of a journal found.
package struct JournalVerification: Sendable {
    /// Whose journal it is; nil where no segment is left to say it.
    package internal(set) var journalID: UInt64?
    package internal(set) var segments = 0
    /// Those of them that are in the archive only.
    package internal(set) var archivedSegments = 0
    /// The first record that is here or in the archive; 1 unless the archive was kept for a limited
    /// time.
    package internal(set) var firstPosition: RecordPosition = 1
    package internal(set) var batches: UInt64 = 0
    package internal(set) var records: UInt64 = 0
    /// Bytes of records, each with its 4-byte length.
    package internal(set) var bytes: UInt64 = 0
    package internal(set) var lastPosition: RecordPosition = 0
    package internal(set) var lastEpoch: UInt64 = 0
    /// Of a log of streams: how far each is, by number. Those of encrypted batches need the keys.
    package internal(set) var streams: [StreamMark] = []
    /// The chain's head, SHA-256 as hexadecimal digits: the same head means the same journal.
    package internal(set) var headHash = ""
    package internal(set) var witness = RecoveryReport.WitnessState.absent
    /// Batches whose records were not looked into, because they are encrypted and no keys were
    /// given.
    package internal(set) var sealedBatches: UInt64 = 0
    /// Bytes of an unfinished write behind the last batch; recovery would cut them.
    package internal(set) var tornBytes: UInt64 = 0
    /// The first thing that is wrong; recovery would refuse to start. The counts above are what
    /// lies before it.
    package internal(set) var problem: JournalProblem?

    /// What signed checkpoints show; nil if no keys to check them were given.
    package internal(set) var checkpoints: CheckpointAudit?

    /// Whether recovery would start, and no checkpoint proves anything wrong.
    package var isSound: Bool { problem == nil && checkpoints?.findings.isEmpty ?? true }
}

/// Checks a journal that no process writes to. It checks every batch's checksums, place, sequence
/// and link of the chain, and the framing of every record. It also checks the journal's end and the
/// witness. Changes nothing and takes no lock. Blocks.
package enum JournalVerifier {
    /// Checks the chain from the oldest segment in `archive` or in `directory` on. By default
    /// `archive` is the folder of that name in the directory. A `journalID` of nil accepts any
    /// shard's journal. Without `keys` encrypted batches are checked but not opened. With `keys`, a
    /// master key that is missing or wrong is a problem: `key`. With `evidence`, the journal is
    /// also compared with signed checkpoints: those of its own log and those that were kept
    /// elsewhere. With `isLog` it is a log of streams, whose runs must follow each other.
    package static func verify(
        directory: String,
        journalID: UInt64? = nil,
        keys: MasterKeyRing? = nil,
        evidence: CheckpointEvidence? = nil,
        archive: String? = nil,
        isLog: Bool = false,
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) -> JournalVerification {
        var verification = JournalVerification()
        let place = JournalDirectory(directory)
        do throws(JournalProblem) {
            let found = try WitnessReader.read(fileSystem, place)
            var content: WitnessReader.Content?
            if case .present(let present) = found { content = present }
            verification.witness = found.description
            verification.journalID = journalID
            if journalID == nil { verification.journalID = try self.journalID(place, fileSystem) }
            var scanner = JournalScanner(
                fileSystem: fileSystem,
                directory: place,
                journalID: journalID,
                witness: content,
                keys: keys.map { .required($0) } ?? .none,
                from: .oldest,
                archive: place.archive(archive)
            )
            var auditor = try auditor(evidence, of: journalID, in: place, on: fileSystem)
            defer { verification.checkpoints = auditor?.audit }
            try scan(&scanner, isLog: isLog, auditor: &auditor, into: &verification)
        } catch {
            verification.problem = error
        }
        return verification
    }

    private static func scan(
        _ scanner: inout JournalScanner,
        isLog: Bool,
        auditor: inout CheckpointAuditor?,
        into verification: inout JournalVerification
    ) throws(JournalProblem) {
        var isWhole = false
        let streams = Monitor((census: StreamCensus(), isWhole: true))
        defer {
            verification.fill(scanner)
            verification.streams = streams.withLock { $0.census.marks.values.sorted { $0.number < $1.number } }
            auditor?.finish(isWhole: isWhole)
        }
        if isLog {
            scanner.onSegment = { header throws(JournalProblem) in
                // Without keys it is not known what a segment adds.
                try streams.withLock { streams throws(JournalProblem) in
                    if streams.isWhole { try streams.census.began(header) }
                }
            }
        }
        let end = try scanner.scan { batch throws(JournalProblem) in
            auditor?.see(batch)
            if batch.payload == nil { verification.sealedBatches += 1 }
            guard isLog else { return try BatchRecords.forEach(in: batch) { _, _ in } }
            try streams.withLock { streams throws(JournalProblem) in try check(batch, &streams) }
        }
        isWhole = true
        verification.tornBytes = UInt64(end.torn)
    }

    /// The runs of a batch follow those before.
    private static func check(
        _ batch: JournalScanner.Batch,
        _ streams: inout (census: StreamCensus, isWhole: Bool)
    ) throws(JournalProblem) {
        if batch.payload == nil { streams.isWhole = false }
        var problem: JournalProblem?
        try BatchRecords.forEach(in: batch) { position, bytes in
            guard problem == nil else { return }
            do throws(JournalProblem) {
                try bytes.withUnsafeBytes { bytes throws(JournalProblem) in
                    let run = try streams.census.take(bytes, at: position)
                    guard run.forEachRecord(in: bytes, { _, _ in }) else {
                        throw streams.census.damaged(position, "the records' lengths do not fit the run")
                    }
                }
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    private static func auditor(
        _ evidence: CheckpointEvidence?,
        of journalID: UInt64?,
        in directory: JournalDirectory,
        on fileSystem: any JournalFileSystem
    ) throws(JournalProblem) -> CheckpointAuditor? {
        guard let evidence else { return nil }
        var id = journalID
        if id == nil { id = try self.journalID(directory, fileSystem) }
        if id == nil { id = try CheckpointReader.readEnd(fileSystem, directory, key: nil).last?.journalID }
        if id == nil { id = evidence.kept.lazy.compactMap { Checkpoint(line: $0[...])?.journalID }.first }
        var auditor = CheckpointAuditor(evidence, journalID: id ?? 0)
        try auditor.gather(fileSystem, directory)
        return auditor
    }

    /// Whose journal the directory holds, from the oldest segment, if it has a header.
    private static func journalID(
        _ directory: JournalDirectory,
        _ fileSystem: any JournalFileSystem
    ) throws(JournalProblem) -> UInt64? {
        let names: [String]
        do { names = try fileSystem.list(directory: directory.path) } catch { throw JournalProblem(error) }
        guard let oldest = names.compactMap(JournalDirectory.segmentNumber).min() else { return nil }
        let name = JournalDirectory.segmentName(oldest)
        guard case .header(let header) = try SegmentHeader.read(fileSystem, directory, name: name).0 else { return nil }
        return header.journalID
    }
}

extension JournalVerification {
    fileprivate mutating func fill(_ scanner: JournalScanner) {
        let cursor = scanner.cursor
        archivedSegments = scanner.fromArchive
        firstPosition = cursor.nextPosition - cursor.records
        segments = cursor.segments
        batches = cursor.batches
        records = cursor.records
        bytes = cursor.bytes
        lastPosition = cursor.nextPosition - 1
        lastEpoch = cursor.epoch
        headHash = cursor.hash.hexadecimal
    }
}
