/// Brings a journal's directory into a state that a writer can go on from. Rules: docs/journal.md,
/// "Recovery".
struct JournalRecovery {
    let configuration: JournalConfiguration
    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    /// The last record that the owner has already; only later ones are replayed.
    var origin: RecordPosition = 0
    /// In a log of streams, instead: what the owner of each has already.
    var streams: [StreamMark]?

    /// Everything that a running journal starts with.
    struct Outcome {
        let lockFile: any JournalFile
        var witness: WitnessRing
        var checkpoints: CheckpointLog?
        var writer: BatchWriter
        var prepared: PreparedSegment?
        var index: BatchIndex
        var segments: SegmentTable
        var cursors: CursorFile.Found
        var report: RecoveryReport
    }

    func run(_ replay: (RecordPosition, Span<UInt8>) -> Void) throws(JournalProblem) -> Outcome {
        let start = monotonicNanoseconds()
        let isNew = try makeDirectory()
        let lockFile = try takeLock()
        try removeTemporaries()
        let found = try WitnessReader.read(fileSystem, directory)
        let signed = try readCheckpoints()
        var report = RecoveryReport()
        report.witness = found.description
        report.checkpoints = signed.description
        var index = BatchIndex(limit: configuration.indexEntries)
        var segments = SegmentTable()
        let (end, cursor) = try scan(
            found,
            signed: signed.last,
            index: &index,
            segments: &segments,
            report: &report,
            replay: replay
        )
        fill(&report, from: cursor, end: end, isNew: isNew)
        report.epoch = lastEpoch(found, cursor)
        report.torn = try cutTornTail(end)
        let cursors = try readCursors(&report)
        report.nanoseconds = monotonicNanoseconds() - start
        do {
            let witness = try reopenWitness(found)
            let (writer, prepared) = try makeWriter(end, cursor, epoch: report.epoch)
            if end.last == nil { segments.add(.init(writer.segment)) }
            return Outcome(
                lockFile: lockFile,
                witness: witness,
                checkpoints: try reopenCheckpoints(signed, epoch: report.epoch),
                writer: writer,
                prepared: prepared,
                index: index,
                segments: segments,
                cursors: cursors,
                report: report
            )
        } catch {
            throw JournalProblem(error)
        }
    }

    private func makeDirectory() throws(JournalProblem) -> Bool {
        do {
            return try fileSystem.makeDurableDirectory(directory.path)
        } catch {
            throw JournalProblem(error)
        }
    }

    private func takeLock() throws(JournalProblem) -> any JournalFile { try Self.takeLock(fileSystem, directory) }

    static func takeLock(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory
    ) throws(JournalProblem) -> any JournalFile {
        do {
            return try fileSystem.lock(directory.lockFile)
        } catch {
            guard error.operation == "lock" else { throw JournalProblem(error) }
            let holder = error.heldBy.map { "process \($0)" } ?? "another process"
            throw JournalProblem(.fenced, file: directory.lockFile, "the journal is held by \(holder)")
        }
    }

    /// Removes files that a crash left incomplete. The sync makes renames durable that the last
    /// process did not sync.
    private func removeTemporaries() throws(JournalProblem) {
        do {
            for name in try fileSystem.list(directory: directory.path)
            where name.hasSuffix(JournalDirectory.temporarySuffix) {
                try fileSystem.remove(directory.file(name))
            }
            try fileSystem.syncDirectory(directory.path)
        } catch {
            throw JournalProblem(error)
        }
    }

    private func scan(
        _ found: WitnessReader.State,
        signed: Checkpoint?,
        index: inout BatchIndex,
        segments: inout SegmentTable,
        report: inout RecoveryReport,
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) -> (ScanEnd, ScanCursor) {
        var scanner = JournalScanner(
            fileSystem: fileSystem,
            directory: directory,
            journalID: configuration.journalID,
            witness: try checked(found),
            keys: .required(configuration.keys?.ring),
            from: streams.map { .streams($0) } ?? .position(origin),
            archive: configuration.archive.map { ArchiveDirectory($0.directory) }
        )
        if let tenant = configuration.tenant {
            scanner.onSegment = { header throws(JournalProblem) in try tenant.began(header) }
        }
        let end = try scanner.scan { batch throws(JournalProblem) in
            let header = batch.header
            try JournalScanner.check(batch, against: signed)
            index.add(.init(firstPosition: header.firstPosition, offset: header.offset, segment: header.segment))
            guard header.lastPosition > origin else { return }
            try BatchRecords.forEach(in: batch, after: origin, replay)
        }
        try scanner.checkIsReached(signed, by: end)
        report.segmentsSkipped = scanner.skipped
        report.segmentsFromArchive = scanner.fromArchive
        segments = scanner.segments
        return (end, scanner.cursor)
    }

    private func checked(_ found: WitnessReader.State) throws(JournalProblem) -> WitnessReader.Content? {
        guard case .present(let content) = found else { return nil }
        guard content.header.journalID == configuration.journalID else {
            throw JournalProblem(.format, file: directory.witnessFile, "belongs to journal \(content.header.journalID)")
        }
        return content
    }

    private func fill(_ report: inout RecoveryReport, from cursor: ScanCursor, end: ScanEnd, isNew: Bool) {
        report.created = isNew || (end.last == nil && end.preparedSegment == nil)
        report.segments = cursor.segments
        report.origin = origin
        report.batches = cursor.batches
        report.records = cursor.records
        report.replayed = streams == nil ? cursor.nextPosition - 1 - origin : cursor.records
        report.bytes = cursor.bytes
        report.lastPosition = cursor.nextPosition - 1
    }

    private func lastEpoch(_ found: WitnessReader.State, _ cursor: ScanCursor) -> UInt64 {
        guard case .present(let content) = found else { return cursor.epoch }
        return max(cursor.epoch, content.epoch)
    }

    private func readCursors(_ report: inout RecoveryReport) throws(JournalProblem) -> CursorFile.Found {
        var found = try CursorFile.open(fileSystem, directory, journalID: configuration.journalID)
        report.cursors = found.table.cursors.count
        report.cursorsDamaged = found.damaged
        report.isCursorFileDamaged = found.isSetAside
        report.cursorsAhead = try found.moveBack(to: report.lastPosition)
        return found
    }
}

extension JournalRecovery {
    /// Keeps the bytes of an unfinished write in a file of their own, then writes zeros over them,
    /// each step durable before the next.
    private func cutTornTail(_ end: ScanEnd) throws(JournalProblem) -> RecoveryReport.TornTail? {
        guard let last = end.last, end.torn > 0 else { return nil }
        do throws(JournalFileError) {
            let file = try fileSystem.open(directory.file(last.file), .update)
            let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: end.torn)
            defer { memory.deallocate() }
            guard try file.read(into: memory, at: last.offset) == end.torn else {
                throw JournalFileError(code: 0, operation: "read", path: last.file)
            }
            let name = try tornName(last)
            let kept = try fileSystem.open(directory.file(name), .create)
            try kept.write(UnsafeRawBufferPointer(memory), at: 0)
            try kept.sync()
            try fileSystem.syncDirectory(directory.path)
            memory.zero()
            try file.write(UnsafeRawBufferPointer(memory), at: last.offset)
            try file.sync()
            return .init(
                file: last.file,
                offset: last.offset,
                bytes: UInt64(end.torn),
                keptIn: name,
                inRecycledSegment: last.header.isRecycled
            )
        } catch {
            throw JournalProblem(error)
        }
    }

    /// A name that is free: a crash while cutting must not overwrite what the first attempt kept.
    private func tornName(_ last: ScanEnd.Last) throws(JournalFileError) -> String {
        let names = Set(try fileSystem.list(directory: directory.path))
        for copy in 0..<1_000 {
            let name = JournalDirectory.tornName(segment: last.header.number, offset: last.offset, copy: copy)
            if !names.contains(name) { return name }
        }
        throw JournalFileError(code: 0, operation: "name a .torn file", path: directory.path)
    }

    private func reopenWitness(_ found: WitnessReader.State) throws(JournalFileError) -> WitnessRing {
        switch found {
        case .present(let content):
            return try WitnessRing.reopen(fileSystem, in: directory, content: content)
        case .damaged:
            try fileSystem.rename(directory.witnessFile, to: directory.witnessFile + ".damaged")
            return try WitnessRing.create(fileSystem, directory, journalID: configuration.journalID)
        case .absent:
            return try WitnessRing.create(fileSystem, directory, journalID: configuration.journalID)
        }
    }

    private func makeWriter(
        _ end: ScanEnd,
        _ cursor: ScanCursor,
        epoch: UInt64
    ) throws(JournalFileError) -> (BatchWriter, PreparedSegment?) {
        var point = DurablePoint.start
        point.batch = cursor.nextBatch - 1
        point.position = cursor.nextPosition - 1
        point.hash = cursor.hash
        let prepared = try reopenPrepared(end.preparedSegment)
        if let last = end.last {
            point.segment = last.header.number
            point.offset = last.offset
            try syncLast(last)
            let file = try fileSystem.open(directory.file(last.file), .durable)
            let writer = BatchWriter(
                configuration: configuration,
                epoch: epoch,
                file: file,
                segment: last.header,
                end: point
            )
            return (writer, prepared)
        }
        let first: PreparedSegment
        if let prepared { first = prepared } else { first = try prepareFirst() }
        let header = try BatchWriter.writeHeader(
            first,
            journalID: configuration.journalID,
            batchBytes: configuration.batchBytes,
            epoch: epoch,
            after: point,
            keys: configuration.keys
        )
        point.segment = header.number
        point.offset = UInt64(SegmentHeader.byteCount)
        let writer = BatchWriter(
            configuration: configuration,
            epoch: epoch,
            file: first.file,
            segment: header,
            end: point
        )
        return (writer, nil)
    }

    /// A process that was killed may have left a whole batch in a cache. It counts as durable from
    /// now on, so it must be.
    private func syncLast(_ last: ScanEnd.Last) throws(JournalFileError) {
        try fileSystem.open(directory.file(last.file), .update).sync()
    }

    /// A prepared segment of another size than configured now is made again.
    private func reopenPrepared(_ unused: ScanEnd.Unused?) throws(JournalFileError) -> PreparedSegment? {
        guard let number = unused?.number else { return nil }
        let path = directory.file(JournalDirectory.segmentName(number))
        let file = try fileSystem.open(path, .durable)
        let byteCount = try file.byteCount
        if byteCount == UInt64(configuration.segmentBytes) {
            return PreparedSegment(
                number: number,
                file: file,
                byteCount: byteCount,
                isRecycled: unused?.isRecycled ?? false
            )
        }
        try fileSystem.remove(path)
        try fileSystem.syncDirectory(directory.path)
        return nil
    }

    private func prepareFirst() throws(JournalFileError) -> PreparedSegment {
        var preparer = SegmentPreparer(
            fileSystem: fileSystem,
            directory: directory,
            segmentBytes: configuration.segmentBytes
        )
        while true {
            if let prepared = try preparer.step(number: 1) { return prepared }
        }
    }
}
