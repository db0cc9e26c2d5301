/// Goes through the records of an intact batch.
enum BatchRecords {
    /// Calls `body` with every record after `origin`, and with none of a batch that stayed
    /// encrypted. Throws if the lengths do not fit the batch. The checksums were right, so that is
    /// a defect of a program and not of the disk.
    static func forEach(
        in batch: JournalScanner.Batch,
        after origin: RecordPosition = 0,
        _ body: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) {
        guard let payload = batch.payload else { return }
        var offset = 0
        var position = batch.header.firstPosition
        for _ in 0..<batch.header.recordCount {
            guard let range = record(payload, at: offset) else { throw misframed(batch, position) }
            let bytes = UnsafeBufferPointer(rebasing: payload.bindMemory(to: UInt8.self)[range])
            if position > origin { body(position, bytes.span) }
            offset = range.upperBound
            position += 1
        }
        guard offset == payload.count else { throw misframed(batch, position) }
    }

    /// Where the bytes of the record at an offset are, nil if they do not fit.
    @inline(__always)
    static func record(_ payload: UnsafeRawBufferPointer, at offset: Int) -> Range<Int>? {
        guard payload.count - offset >= 4 else { return nil }
        let length = Int(payload.integer(offset, as: UInt32.self))
        guard payload.count - offset - 4 >= length else { return nil }
        return offset + 4..<offset + 4 + length
    }

    private static func misframed(_ batch: JournalScanner.Batch, _ position: RecordPosition) -> JournalProblem {
        JournalProblem(
            .corrupt,
            file: batch.file,
            offset: batch.header.offset,
            position: position,
            "the records' lengths do not fit the batch"
        )
    }
}
