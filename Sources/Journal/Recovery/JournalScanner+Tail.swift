/// Tells a torn write from damage. After the last intact batch the scan goes through the rest of
/// the segment. A write that never finished can only have left bytes within one frame. Anything
/// that proves a later acknowledgement is damage and stops recovery. In a recycled segment the
/// bytes of its earlier use follow. Those that one frame may cover count as torn, unless the
/// journal was closed.
extension JournalScanner {
    /// Bytes to cut behind the last intact batch; throws if what is there cannot come from one
    /// unfinished write.
    func tornBytes(_ last: ScanEnd.Last, _ reader: inout SegmentReader) throws(JournalProblem) -> Int {
        if let witness, witness.batch >= cursor.nextBatch {
            throw damage(last, "batch \(cursor.nextBatch) is damaged; the witness saw batch \(witness.batch) durable")
        }
        let saltSeed = last.header.salt.seed
        let limit = try tornLimit(last, &reader, saltSeed: saltSeed)
        var lastNonZero: UInt64?
        var offset = last.offset
        while let block = try reader.bytes(at: offset, count: blockBytes) {
            if offset > last.offset, let later = BatchHeader.decode(block, saltSeed: saltSeed) {
                throw damage(last, "batch \(cursor.nextBatch) is damaged; batch \(later.batch) follows at \(offset)")
            }
            if !block.isZero { lastNonZero = offset }
            offset += UInt64(blockBytes)
        }
        guard let lastNonZero else { return 0 }
        if last.header.isRecycled, witness?.closedBatch == cursor.nextBatch - 1 { return 0 }
        if lastNonZero >= limit {
            guard last.header.isRecycled else {
                throw damage(last, "more bytes follow than one unfinished write leaves")
            }
            return try nonZeroBytes(&reader, from: last.offset, to: limit)
        }
        return Int(lastNonZero - last.offset) + blockBytes
    }

    /// The end of what one unfinished write may have touched.
    private func tornLimit(
        _ last: ScanEnd.Last,
        _ reader: inout SegmentReader,
        saltSeed: UInt32
    ) throws(JournalProblem) -> UInt64 {
        let bytes: Int
        switch try reader.frame(at: last.offset, of: last.header, saltSeed: saltSeed) {
        case .payloadDamaged(let header):
            guard header.batch == cursor.nextBatch, header.previousHash == cursor.hash else {
                throw damage(last, "batch \(header.batch) stands where batch \(cursor.nextBatch) belongs")
            }
            bytes = header.frameBytes
        case .none: bytes = Int(last.header.batchBytes)
        case .intact: preconditionFailure("the scan stopped before an intact frame")
        }
        return min(last.offset + UInt64(bytes), reader.byteCount)
    }

    private func nonZeroBytes(
        _ reader: inout SegmentReader,
        from start: UInt64,
        to limit: UInt64
    ) throws(JournalProblem) -> Int {
        var count = 0
        var offset = start
        while offset < limit, let block = try reader.bytes(at: offset, count: blockBytes) {
            offset += UInt64(blockBytes)
            if !block.isZero { count = Int(offset - start) }
        }
        return count
    }

    /// The offset of the last block with anything but zeros.
    func lastNonZeroBlock(_ reader: inout SegmentReader, from start: UInt64) throws(JournalProblem) -> UInt64? {
        var found: UInt64?
        var offset = start
        while let block = try reader.bytes(at: offset, count: blockBytes) {
            if !block.isZero { found = offset }
            offset += UInt64(blockBytes)
        }
        return found
    }

    private func damage(_ last: ScanEnd.Last, _ detail: String) -> JournalProblem {
        JournalProblem(.corrupt, file: last.file, offset: last.offset, position: cursor.nextPosition, detail)
    }
}
