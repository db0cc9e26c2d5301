extension JournalCore {
    /// Reads one durable record through the page cache: from the nearest indexed batch forward.
    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        let entry = monitor.withLock { state in
            position <= state.durable.position ? state.index.entry(before: position) : nil
        }
        guard position > 0, let entry else {
            throw JournalError(.notFound, "record \(position) is not durable or does not exist")
        }
        do throws(JournalProblem) {
            return try read(at: position, from: entry)
        } catch {
            throw error.asJournalError
        }
    }

    private func read(at position: RecordPosition, from entry: BatchIndex.Entry) throws(JournalProblem) -> [UInt8] {
        var segment = entry.segment
        var offset = entry.offset
        while true {
            let file = try FrameFile(fileSystem, directory, segment: segment, configuration.keys)
            while let header = try file.header(at: offset) {
                if position <= header.lastPosition { return try file.record(at: position, of: header) }
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
            return state.failure == nil ? state.durable.slot(.closed, epoch: epoch) : nil
        }
        if let slot { writeLast(slot) }
        signLast()
        monitor.withLock { $0.lockFile = nil }
    }

    /// Everything is durable already; without this slot recovery only knows less about the end.
    private func writeLast(_ slot: WitnessSlot) {
        do throws(JournalFileError) {
            try witness.withLock { ring throws(JournalFileError) in try ring.write(slot) }
        } catch {
            return
        }
        monitor.withLock { $0.statistics.witnessWrites += 1 }
    }
}

/// One segment, read a frame at a time for `read(at:)`.
private struct FrameFile {
    let name: String
    let file: any JournalFile
    let saltSeed: UInt32
    /// nil: in clear.
    let key: DataKey?

    init(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        segment: UInt64,
        _ keys: JournalKeys?
    ) throws(JournalProblem) {
        name = JournalDirectory.segmentName(segment)
        do { file = try fileSystem.open(directory.file(name), .read) } catch { throw JournalProblem(error) }
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

    func record(at position: RecordPosition, of header: BatchHeader) throws(JournalProblem) -> [UInt8] {
        let count = BatchHeader.byteCount + Int(header.length)
        var frame = try Self.bytes(file, at: header.offset, count: count, name: name)
        let record = frame?.withUnsafeMutableBytes { bytes -> [UInt8]? in
            let frame = UnsafeRawBufferPointer(bytes)
            guard BatchHeader.payloadIsIntact(frame, length: Int(header.length)), open(header, bytes) else {
                return nil
            }
            let payload = frame.part(BatchHeader.byteCount, Int(header.length))
            var offset = 0
            for _ in header.firstPosition..<position {
                guard let skipped = BatchRecords.record(payload, at: offset) else { return nil }
                offset = skipped.upperBound
            }
            return BatchRecords.record(payload, at: offset).map { Array(payload[$0]) }
        }
        guard let record = record ?? nil else {
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
