/// Plans and carries out one cut. It makes the new version of the segment beside the old one. It
/// renames the later segments, and the snapshots, checkpoints and archived segments beyond the cut.
/// It writes a new witness last: until then a start refuses the journal.
struct JournalCutter {
    private(set) var plan: JournalRepairPlan
    private let fileSystem: any JournalFileSystem
    private let directory: JournalDirectory
    private let archive: ArchiveDirectory
    private let keys: MasterKeyRing?
    private var end = DurablePoint.start
    private var segment: SegmentHeader?
    /// The batch that the cut goes through, with the records that stay.
    private var parted: Parted?
    private var epoch: UInt64 = 0
    /// Of a log of streams: where each stream's files are.
    private let shards: [StreamNumber: String]
    /// How far each stream is at the cut.
    private let census = Monitor(StreamCensus())

    private struct Parted {
        var header: BatchHeader
        var payload: [UInt8]
    }

    init(
        _ fileSystem: any JournalFileSystem,
        at path: String,
        archive: String?,
        keys: MasterKeyRing?,
        before position: RecordPosition,
        shards: [StreamNumber: String]
    ) throws(JournalProblem) {
        self.shards = shards
        self.fileSystem = fileSystem
        self.keys = keys
        directory = JournalDirectory(path)
        self.archive = directory.archive(archive)
        plan = JournalRepairPlan(directory: path, position: position, lastKnown: 0)
        try survey()
    }
}

// MARK: Planning

extension JournalCutter {
    private mutating func survey() throws(JournalProblem) {
        let witness = try WitnessReader.read(fileSystem, directory)
        var content: WitnessReader.Content?
        if case .present(let present) = witness { content = present }
        let checkpoint = try CheckpointReader.readEnd(fileSystem, directory, key: nil).last
        let intact = try scan()
        try refuseImpossible(intact, claimed: max(content?.position ?? 0, checkpoint?.position ?? 0))
        plan.lastKnown = max(intact.last, content?.position ?? 0, checkpoint?.position ?? 0)
        epoch = max(intact.epoch, content?.epoch ?? 0)
        let debris = try JournalDebris(fileSystem, in: directory, keys: .none)
        try debris.forEachBatch { batch throws(JournalProblem) in
            plan.lastKnown = max(plan.lastKnown, batch.header.lastPosition)
            epoch = max(epoch, batch.header.epoch)
        }
        plan.file = JournalDirectory.segmentName(end.segment)
        plan.offset = end.offset
        plan.recordsKeptOfBatch = parted?.header.recordCount ?? 0
        try findFiles(debris.segments, hasCheckpoints: checkpoint.map { $0.position >= plan.position } ?? false)
    }

    private struct Intact {
        var first: RecordPosition
        var last: RecordPosition
        var epoch: UInt64
    }

    /// Reads what is intact, and notes where the cut is.
    private mutating func scan() throws(JournalProblem) -> Intact {
        var scanner = JournalScanner(
            fileSystem: fileSystem,
            directory: directory,
            journalID: nil,
            witness: nil,
            keys: keys.map { .required($0) } ?? .none,
            from: .oldest
        )
        if !shards.isEmpty {
            scanner.onSegment = { [census, position = plan.position] header throws(JournalProblem) in
                guard header.firstPosition <= position else { return }
                try census.withLock { census throws(JournalProblem) in try census.began(header) }
            }
        }
        do throws(JournalProblem) {
            _ = try scanner.scan { batch throws(JournalProblem) in try see(batch) }
        } catch {
            guard error.code == .corrupt else { throw error }
            plan.problem = error
        }
        let first = scanner.cursor.nextPosition - scanner.cursor.records
        if end.segment == 0, let oldest = scanner.segments.segments.first {
            end = DurablePoint(
                batch: oldest.firstBatch - 1,
                position: oldest.firstPosition - 1,
                segment: oldest.number,
                offset: UInt64(SegmentHeader.byteCount),
                hash: oldest.previousHash
            )
        }
        return Intact(first: first, last: scanner.cursor.nextPosition - 1, epoch: scanner.cursor.epoch)
    }

    private mutating func see(_ batch: JournalScanner.Batch) throws(JournalProblem) {
        let header = batch.header
        guard header.firstPosition <= plan.position else { return }
        if !shards.isEmpty { try count(batch) }
        if header.firstPosition == plan.position, end.segment != 0 { return }
        var point = DurablePoint(
            batch: header.batch,
            position: header.lastPosition,
            segment: header.segment,
            offset: header.offset + UInt64(header.frameBytes),
            hash: batch.hash
        )
        if header.lastPosition >= plan.position {
            point.batch -= 1
            point.position = header.firstPosition - 1
            point.offset = header.offset
            point.hash = header.previousHash
            if header.firstPosition < plan.position { parted = try part(batch) }
        }
        end = point
    }

    /// Counts the runs of a batch before the cut.
    private func count(_ batch: JournalScanner.Batch) throws(JournalProblem) {
        if batch.payload == nil {
            let detail = "the batch is encrypted; give the key to find out which shards lose which records"
            throw JournalProblem(.key, file: batch.file, offset: batch.header.offset, detail)
        }
        var problem: JournalProblem?
        try BatchRecords.forEach(in: batch) { position, bytes in
            guard problem == nil, position < plan.position else { return }
            do throws(JournalProblem) {
                _ = try census.withLock { census throws(JournalProblem) in
                    try bytes.withUnsafeBytes { bytes throws(JournalProblem) in try census.take(bytes, at: position) }
                }
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    /// The front of a batch, up to the cut.
    private func part(_ batch: JournalScanner.Batch) throws(JournalProblem) -> Parted {
        var header = batch.header
        guard let payload = batch.payload else {
            throw JournalProblem(
                .key,
                file: batch.file,
                offset: header.offset,
                position: header.firstPosition,
                "the batch is encrypted; cut at record \(header.firstPosition), or give the key to part it"
            )
        }
        header.recordCount = UInt32(plan.position - header.firstPosition)
        var bytes = 0
        for _ in 0..<header.recordCount {
            guard let record = BatchRecords.record(payload, at: bytes) else {
                throw JournalProblem(
                    .corrupt,
                    file: batch.file,
                    offset: header.offset,
                    "the records do not fit the batch"
                )
            }
            bytes = record.upperBound
        }
        header.length = UInt32(bytes)
        return Parted(header: header, payload: Array(payload[..<bytes]))
    }

    private func refuseImpossible(_ intact: Intact, claimed: RecordPosition) throws(JournalProblem) {
        func refusal(_ code: JournalError.Code, _ detail: String) -> JournalProblem {
            JournalProblem(code, file: directory.path, position: plan.position, detail)
        }
        guard plan.position > 0, end.segment != 0 else {
            throw refusal(.notFound, "no segment with a readable header is there; restore a backup")
        }
        guard plan.position >= intact.first else {
            throw refusal(.notFound, "the segment files begin with record \(intact.first); what is archived is not cut")
        }
        guard plan.position <= intact.last + 1 else {
            throw refusal(
                .corrupt,
                "the journal is intact up to record \(intact.last) only: cut at record \(intact.last + 1) or before it"
            )
        }
        guard plan.position <= intact.last || plan.problem != nil || claimed >= plan.position else {
            throw refusal(
                .notFound,
                "the journal is sound and ends with record \(intact.last): there is nothing to cut"
            )
        }
    }

    /// Everything that holds, or vouches for, records behind the cut.
    private mutating func findFiles(_ segments: [UInt64], hasCheckpoints: Bool) throws(JournalProblem) {
        do throws(JournalFileError) {
            plan.setAside = segments.filter { $0 > end.segment }.reversed()
                .map { directory.file(JournalDirectory.segmentName($0)) }
            if shards.isEmpty { plan.setAside += try containerFiles(of: directory, behind: plan.position - 1) }
            plan.streams = census.withLock { $0.marks.values.sorted { $0.number < $1.number } }
            for (shard, path) in shards.sorted(by: { $0.key < $1.key }) {
                let last = plan.streams.position(of: shard)
                plan.setAside += try containerFiles(of: JournalDirectory(path), behind: last)
            }
            plan.setAside += try archive.entries(fileSystem).filter { $0.lastPosition >= plan.position }
                .map { archive.file($0.name) }
            if hasCheckpoints { plan.setAside.append(directory.file(CheckpointLog.fileName)) }
            plan.replaced = [directory.file(plan.file)]
            if try fileSystem.list(directory: directory.path).contains("witness") {
                plan.replaced.append(directory.witnessFile)
            }
        } catch {
            throw JournalProblem(error)
        }
    }

    /// Files of the snapshot container that include records behind the cut. If a list of key runs
    /// includes such records, it is set aside with all its runs. All snapshots are then set aside
    /// too, because they rely on the runs. The next start makes both again from the journal.
    private func containerFiles(
        of directory: JournalDirectory,
        behind last: RecordPosition
    ) throws(JournalFileError) -> [String] {
        var files = try containerFiles(in: directory.path)
        for name in try fileSystem.list(directory: directory.path) where name != ArchiveDirectory.defaultName {
            let path = directory.file(name)
            // Not every name is a directory's.
            guard (try? fileSystem.list(directory: path)) != nil else { continue }
            files += try containerFiles(in: path)
        }
        let losesKeys = files.contains { $0.header.kind == .keyCatalogue && $0.header.position > last }
        return files.filter { file in
            switch file.header.kind {
            case .keyCatalogue, .keyRun, .keyFilter: losesKeys
            case .snapshot: losesKeys || file.header.position > last
            case .coldPayments, .coldPayouts, .coldWallets: file.header.position > last
            }
        }.map(\.path)
    }

    private func containerFiles(
        in path: String
    ) throws(JournalFileError) -> [(path: String, header: SnapshotHeader)] {
        let block = UnsafeMutableRawBufferPointer.aligned(byteCount: SnapshotHeader.byteCount)
        defer { block.deallocate() }
        var found: [(path: String, header: SnapshotHeader)] = []
        for name in try fileSystem.list(directory: path).sorted() where !name.hasSuffix(RepairFiles.suffix) {
            guard let file = try? fileSystem.open(path + "/" + name, .read),
                (try? file.read(into: block, at: 0)) == block.count,
                let header = try? SnapshotHeader(decoding: UnsafeRawBufferPointer(block))
            else { continue }
            found.append((path + "/" + name, header))
        }
        return found
    }
}

// MARK: Cutting

extension JournalCutter {
    func cut() throws(JournalFileError) {
        let path = directory.file(plan.file)
        let temporary = path + JournalDirectory.temporarySuffix
        let files = RepairFiles(fileSystem: fileSystem)
        let after = try writeSegment(to: temporary, files)
        for original in plan.replaced { try files.keepCopy(of: original) }
        try fileSystem.syncDirectory(directory.path)
        for file in plan.setAside {
            try fileSystem.rename(file, to: try files.freeName(file))
            try fileSystem.syncDirectory(JournalDirectory(file).parent)
        }
        try fileSystem.rename(temporary, to: path)
        try fileSystem.syncDirectory(directory.path)
        guard let journalID = try header()?.journalID else { return }
        var witness = try WitnessRing.create(fileSystem, directory, journalID: journalID)
        try witness.write(after.slot(.closed, epoch: epoch + 1))
    }

    /// The segment up to the cut, with the front of the parted batch as a batch of its own, and
    /// zeros behind. Returns its end.
    private func writeSegment(to path: String, _ files: RepairFiles) throws(JournalFileError) -> DurablePoint {
        guard let header = try header() else { throw .damaged(directory.file(plan.file), "the header is damaged") }
        let source = try fileSystem.open(directory.file(plan.file), .read)
        let target = try fileSystem.open(path, .create)
        let memory = UnsafeMutableRawBufferPointer.aligned(byteCount: 1 << 20)
        defer { memory.deallocate() }
        try files.copy(source, into: target, range: 0..<end.offset, through: memory)
        var after = end
        if let parted {
            let frame = try seal(parted, of: header, in: memory)
            try target.write(UnsafeRawBufferPointer(memory).part(0, frame.header.frameBytes), at: end.offset)
            after = frame.point
        }
        memory.zero()
        var offset = after.offset
        while offset < header.segmentBytes {
            let count = Int(min(UInt64(memory.count), header.segmentBytes - offset))
            try target.write(UnsafeRawBufferPointer(memory).part(0, count), at: offset)
            offset += UInt64(count)
        }
        try target.sync()
        return after
    }

    private func header() throws(JournalFileError) -> SegmentHeader? {
        do throws(JournalProblem) {
            guard case .header(let header) = try SegmentHeader.read(fileSystem, directory, name: plan.file).0 else {
                return nil
            }
            return header
        } catch {
            throw .damaged(directory.file(plan.file), error.detail)
        }
    }

    /// A new epoch, and so a new nonce: never the same key and nonce for other bytes.
    private func seal(
        _ parted: Parted,
        of segment: SegmentHeader,
        in memory: UnsafeMutableRawBufferPointer
    ) throws(JournalFileError) -> BatchWriter.Written {
        var header = parted.header
        header.epoch = epoch + 1
        var key: DataKey?
        do throws(JournalProblem) {
            key = try ScanKeys.required(keys).dataKey(of: segment, file: plan.file)
        } catch {
            throw .damaged(directory.file(plan.file), error.detail)
        }
        if key != nil {
            header.nonce = NonceSource(epoch: header.epoch).nonce(batch: header.batch, firstBatch: segment.firstBatch)
        }
        let frame = UnsafeMutableRawBufferPointer(rebasing: memory[..<header.frameBytes])
        frame.zero()
        UnsafeMutableRawBufferPointer(rebasing: frame[BatchHeader.byteCount...]).copyBytes(from: parted.payload)
        let hash = header.seal(frame, saltSeed: segment.salt.seed, key: key)
        return BatchWriter.Written(header: header, hash: hash, nanoseconds: 0)
    }
}
