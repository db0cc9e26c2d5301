extension JournalCore {
    /// Reads one durable record through the page cache: from the nearest indexed batch forward.
    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        var cache = JournalReadCache()
        return try read(at: position, &cache)
    }

    func read(at position: RecordPosition, _ cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        if let record = cache.batch?.record(at: position) { return record }
        while true {
            let place = monitor.withLock { state in state.place(of: position) }
            do throws(JournalProblem) {
                switch place {
                case .nowhere: throw JournalProblem.notDurable(position)
                case .archive: return try readArchived(at: position, &cache)
                case .segment(let entry): return try read(at: position, from: entry, &cache)
                }
            } catch {
                // The cached file may belong to another segment by now.
                cache = JournalReadCache()
                // The segment may have been retired while it was read: it is in the archive then.
                if case .segment(let entry) = place, monitor.withLock({ $0.segments.hasGone(entry.segment) }) {
                    continue
                }
                throw error.asJournalError
            }
        }
    }

    private func readArchived(
        at position: RecordPosition,
        _ cache: inout JournalReadCache
    ) throws(JournalProblem) -> [UInt8] {
        if let file = cache.file, let archived = file.archived, archived.holds(position) {
            return try read(at: position, from: archived.start(for: position), of: file, &cache)
        }
        let found: ArchivedSegment?
        do throws(JournalFileError) {
            found = try archive?.segment(with: position)
        } catch {
            throw JournalProblem(error)
        }
        guard let found else { throw JournalProblem.gone(position) }
        let file = try FrameFile(found, configuration.keys)
        return try read(at: position, from: found.start(for: position), of: file, &cache)
    }

    /// Reads from a file that must hold the record.
    private func read(
        at position: RecordPosition,
        from start: UInt64,
        of file: FrameFile,
        _ cache: inout JournalReadCache
    ) throws(JournalProblem) -> [UInt8] {
        cache.file = file
        var offset = start
        while let header = try file.header(at: offset) {
            if position <= header.lastPosition { return try file.record(at: position, of: header, &cache) }
            offset += UInt64(header.frameBytes)
        }
        throw JournalProblem(.corrupt, file: file.name, position: position, "the record is not where it belongs")
    }

    private func read(
        at position: RecordPosition,
        from entry: BatchIndex.Entry,
        _ cache: inout JournalReadCache
    ) throws(JournalProblem) -> [UInt8] {
        var segment = entry.segment
        var offset = entry.offset
        while true {
            let name = JournalDirectory.segmentName(segment)
            let file =
                if let open = cache.file, open.archived == nil, open.name == name { open } else {
                    try FrameFile(fileSystem, in: directory, named: name, keys: configuration.keys)
                }
            cache.file = file
            while let header = try file.header(at: offset) {
                if position <= header.lastPosition { return try file.record(at: position, of: header, &cache) }
                offset += UInt64(header.frameBytes)
            }
            segment += 1
            offset = UInt64(SegmentHeader.byteCount)
        }
    }

    /// The last things of `close`, when both threads have ended.
    func finish() {
        let slot: WitnessSlot? = monitor.withLock { state in
            state.prepared = nil
            return state.failure == nil ? state.durable.slot(.closed, epoch: state.epoch) : nil
        }
        if let slot { writeLast(slot) }
        signLast()
        let wakes = monitor.withLock { state in
            state.isClosed = true
            state.lockFile = nil
            return state.feeds.takeWakes(durable: .max)
        }
        for wake in wakes { wake() }
    }

    /// Everything is durable already. Without this slot recovery only knows less about the end.
    private func writeLast(_ slot: WitnessSlot) {
        do throws(JournalFileError) {
            try witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        } catch {
            return
        }
        monitor.withLock { $0.statistics.witnessWrites += 1 }
    }
}

extension JournalState {
    /// Where a record is to be read.
    enum Place {
        case nowhere
        case archive
        case segment(BatchIndex.Entry)
    }

    func place(of position: RecordPosition) -> Place {
        guard position > 0, position <= durable.position else { return .nowhere }
        guard let segment = segments.segment(holding: position) else { return .archive }
        if let entry = index.entry(before: position), entry.firstPosition >= segment.firstPosition {
            return .segment(entry)
        }
        // A start from a snapshot did not read this segment, so a reader goes through it.
        return .segment(
            .init(
                firstPosition: segment.firstPosition,
                offset: UInt64(SegmentHeader.byteCount),
                segment: segment.number
            )
        )
    }
}

extension JournalProblem {
    static func notDurable(_ position: RecordPosition) -> JournalProblem {
        JournalProblem(.notFound, file: "journal", "record \(position) is not durable or does not exist")
    }

    static func gone(_ position: RecordPosition) -> JournalProblem {
        JournalProblem(
            .notFound,
            file: "journal",
            "record \(position) was retired, and its segment is not in the archive (not configured, or its time is over)"
        )
    }
}

/// One segment, read a frame at a time for `read(at:)`.
struct FrameFile {
    let name: String
    let file: any JournalFile
    /// The same file, when it is of the archive.
    let archived: ArchivedSegment?
    let saltSeed: UInt32
    /// nil: in clear.
    let key: DataKey?

    init(
        _ fileSystem: any JournalFileSystem,
        in directory: JournalDirectory,
        named name: String,
        keys: JournalKeys?
    ) throws(JournalProblem) {
        let file: any JournalFile
        do { file = try fileSystem.open(directory.file(name), .read) } catch { throw JournalProblem(error) }
        try self.init(file, named: name, archived: nil, keys: keys)
    }

    init(_ archived: ArchivedSegment, _ keys: JournalKeys?) throws(JournalProblem) {
        try self.init(archived, named: archived.path, archived: archived, keys: keys)
    }

    private init(
        _ file: any JournalFile,
        named name: String,
        archived: ArchivedSegment?,
        keys: JournalKeys?
    ) throws(JournalProblem) {
        self.file = file
        self.name = name
        self.archived = archived
        let block = try Self.bytes(file, at: 0, count: SegmentHeader.byteCount, name: name)
        guard let block, case .header(let header) = block.withUnsafeBytes(SegmentHeader.decode) else {
            throw JournalProblem(.corrupt, file: name, "the segment header is damaged")
        }
        saltSeed = header.salt.seed
        key = try ScanKeys.required(keys?.ring).dataKey(of: header, file: name)
    }

    /// The frame at an offset; nil behind the last one of the segment.
    func header(at offset: UInt64) throws(JournalProblem) -> BatchHeader? {
        guard let bytes = try Self.bytes(file, at: offset, count: BatchHeader.byteCount, name: name) else { return nil }
        return bytes.withUnsafeBytes { BatchHeader.decode($0, saltSeed: saltSeed) }
    }

    /// Reads the batch of a header, which holds the record, and leaves it in the cache.
    func record(
        at position: RecordPosition,
        of header: BatchHeader,
        _ cache: inout JournalReadCache
    ) throws(JournalProblem) -> [UInt8] {
        cache.batch = try batch(of: header)
        guard let record = cache.batch?.record(at: position) else {
            throw JournalProblem(
                .corrupt,
                file: name,
                offset: header.offset,
                position: header.firstPosition,
                "the batch is damaged"
            )
        }
        return record
    }

    /// - Returns: nil for one that is damaged.
    func batch(of header: BatchHeader) throws(JournalProblem) -> ReadBatch? {
        let count = BatchHeader.byteCount + Int(header.length)
        guard var frame = try Self.bytes(file, at: header.offset, count: count, name: name) else { return nil }
        var records: [Range<Int>] = []
        let isSound = frame.withUnsafeMutableBytes { bytes -> Bool in
            let frame = UnsafeRawBufferPointer(bytes)
            guard BatchHeader.payloadIsIntact(frame, length: Int(header.length)), open(header, bytes) else {
                return false
            }
            let payload = frame.part(BatchHeader.byteCount, Int(header.length))
            var offset = 0
            for _ in header.firstPosition...header.lastPosition {
                guard let record = BatchRecords.record(payload, at: offset) else { return false }
                offset = record.upperBound
                records.append(record.lowerBound + BatchHeader.byteCount..<record.upperBound + BatchHeader.byteCount)
            }
            return true
        }
        guard isSound else { return nil }
        return ReadBatch(firstPosition: header.firstPosition, payload: frame, records: records)
    }

    /// Decrypts the payload where it is, if it is encrypted; false if it is not as it was sealed.
    private func open(_ header: BatchHeader, _ frame: UnsafeMutableRawBufferPointer) -> Bool {
        guard header.keyID == key?.keyID ?? 0 else { return false }
        guard let key else { return true }
        let payload = UnsafeMutableRawBufferPointer(rebasing: frame[BatchHeader.byteCount...])
        return header.decrypt(UnsafeRawBufferPointer(frame), key, into: payload)
    }

    private static func bytes(
        _ file: any JournalFile,
        at offset: UInt64,
        count: Int,
        name: String
    ) throws(JournalProblem) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var got = 0
        var failure: JournalFileError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(JournalFileError) { got = try file.read(into: buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw JournalProblem(failure) }
        return got == count ? bytes : nil
    }
}
