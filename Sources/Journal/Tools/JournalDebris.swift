/// Goes through all segment files of a journal, damaged or not, and finds every batch whose own
/// checksums are right.
struct JournalDebris {
    let fileSystem: any JournalFileSystem
    let directory: JournalDirectory
    let keys: ScanKeys
    let segments: [UInt64]

    init(
        _ fileSystem: any JournalFileSystem,
        in directory: JournalDirectory,
        keys: ScanKeys
    ) throws(JournalProblem) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.keys = keys
        do throws(JournalFileError) {
            segments = try fileSystem.list(directory: directory.path).compactMap(JournalDirectory.segmentNumber)
                .sorted()
        } catch {
            throw JournalProblem(error)
        }
    }

    /// A segment whose header is damaged, or whose key is missing, is passed over.
    func forEachBatch(_ body: (JournalScanner.Batch) throws(JournalProblem) -> Void) throws(JournalProblem) {
        let window = SegmentReader.Window()
        let plain = PlainBatch()
        for number in segments {
            let name = JournalDirectory.segmentName(number)
            let file: any JournalFile
            do { file = try fileSystem.open(directory.file(name), .read) } catch { throw JournalProblem(error) }
            var reader = try SegmentReader(name: name, file: file, window: window)
            guard case .header(let header) = try reader.header() else { continue }
            let key = try? keys.dataKey(of: header, file: name)
            try forEachBatch(of: header, &reader, key: key, plain: plain, do: body)
        }
    }

    private func forEachBatch(
        of segment: SegmentHeader,
        _ reader: inout SegmentReader,
        key: DataKey?,
        plain: PlainBatch,
        do body: (JournalScanner.Batch) throws(JournalProblem) -> Void
    ) throws(JournalProblem) {
        let saltSeed = segment.salt.seed
        var offset = UInt64(SegmentHeader.byteCount)
        while offset + UInt64(blockBytes) <= reader.byteCount {
            guard case .intact(let header, let frame) = try reader.frame(at: offset, of: segment, saltSeed: saltSeed)
            else {
                offset += UInt64(blockBytes)
                continue
            }
            var payload: UnsafeRawBufferPointer? = frame.part(BatchHeader.byteCount, Int(header.length))
            if header.keyID != 0 { payload = key.flatMap { plain.open(header, in: frame, with: $0) } }
            let hash = BatchHeader.hash(frame, length: Int(header.length))
            try body(.init(file: reader.name, header: header, hash: hash, payload: payload))
            offset += UInt64(header.frameBytes)
        }
    }
}
