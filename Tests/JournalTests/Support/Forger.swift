@testable import Journal

/// Somebody who may write every file of a journal and knows its format, but not the signing key:
/// changes the batches and makes all checksums, numbers, places, links of the chain and headers
/// right again, and takes the witness away.
struct Forger {
    struct Batch {
        var header: BatchHeader
        var payload: [UInt8]

        /// The records, without their lengths.
        var records: [[UInt8]] {
            get {
                payload.withUnsafeBytes { payload in
                    var offset = 0
                    return (0..<header.recordCount).compactMap { _ in
                        guard let range = BatchRecords.record(payload, at: offset) else { return nil }
                        offset = range.upperBound
                        return Array(payload[range])
                    }
                }
            }
            set {
                payload = framed(newValue)
                header.recordCount = UInt32(newValue.count)
            }
        }
    }

    let disk: FakeDisk
    let directory: String
    private(set) var segments: [(header: SegmentHeader, path: String)] = []
    /// Each with the segment that it is in.
    var batches: [(segment: Int, batch: Batch)] = []

    init(_ disk: FakeDisk, _ directory: String = TestJournal.directory) {
        self.disk = disk
        self.directory = directory
        for path in disk.fileNames where path.hasPrefix(directory) && path.hasSuffix(JournalDirectory.segmentSuffix) {
            let bytes = disk.contents(path)
            guard case .header(let header) = Array(bytes.prefix(4096)).withUnsafeBytes(SegmentHeader.decode) else {
                continue
            }
            segments.append((header, path))
            read(bytes, header)
        }
    }

    private mutating func read(_ bytes: [UInt8], _ segment: SegmentHeader) {
        bytes.withUnsafeBytes { all in
            var offset = SegmentHeader.byteCount
            while offset < all.count,
                let header = BatchHeader.decode(all.part(offset, blockBytes), saltSeed: segment.salt.seed)
            {
                let payload = Array(all.part(offset + BatchHeader.byteCount, Int(header.length)))
                batches.append((segments.count - 1, Batch(header: header, payload: payload)))
                offset += header.frameBytes
            }
        }
    }

    /// Writes everything back, right in every respect that needs no key.
    func write() {
        var point = DurablePoint.start
        for segment in segments {
            var header = segment.header
            header.firstBatch = point.batch + 1
            header.firstPosition = point.position + 1
            header.previousHash = point.hash
            var bytes = [UInt8](repeating: 0, count: Int(header.segmentBytes))
            bytes.withUnsafeMutableBytes { all in
                header.encode(into: UnsafeMutableRawBufferPointer(rebasing: all[..<SegmentHeader.byteCount]))
                point.offset = UInt64(SegmentHeader.byteCount)
                for (_, batch) in batches where batch.header.segment == header.number {
                    write(batch, of: header, point: &point, into: all)
                }
            }
            disk.setContents(segment.path, bytes)
        }
        disk.deleteFile(directory + "/witness")
    }

    private func write(
        _ batch: Batch,
        of segment: SegmentHeader,
        point: inout DurablePoint,
        into all: UnsafeMutableRawBufferPointer
    ) {
        var header = batch.header
        header.batch = point.batch + 1
        header.firstPosition = point.position + 1
        header.durablePosition = point.position
        header.length = UInt32(batch.payload.count)
        header.offset = point.offset
        header.previousHash = point.hash
        let start = Int(point.offset)
        let frame = UnsafeMutableRawBufferPointer(rebasing: all[start..<start + header.frameBytes])
        for (index, byte) in batch.payload.enumerated() { frame[BatchHeader.byteCount + index] = byte }
        point.hash = header.seal(frame, saltSeed: segment.salt.seed)
        point.batch = header.batch
        point.position = header.lastPosition
        point.offset += UInt64(header.frameBytes)
    }

    /// Takes the last segments away, files and all, with the one that is only prepared.
    mutating func deleteSegments(from number: UInt64) {
        for path in disk.fileNames where path.hasSuffix(JournalDirectory.segmentSuffix) {
            let name = String(path.dropFirst(directory.count + 1))
            if JournalDirectory.segmentNumber(name) ?? 0 >= number { disk.deleteFile(path) }
        }
        segments.removeAll { $0.header.number >= number }
        batches.removeAll { $0.batch.header.segment >= number }
    }
}
