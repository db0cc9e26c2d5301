/// Records of one stream that follow each other, as one record of the log. Layout: docs/journal.md,
/// "Runs".
struct StreamRun: Equatable {
    enum Kind: UInt8 {
        case records = 1
        /// A new owner's epoch, and no record.
        case owner = 2
    }

    static let headerBytes = 28

    let kind: Kind
    let stream: StreamNumber
    let count: UInt32
    /// The epoch of the stream's owner.
    let epoch: UInt64
    /// The position of its first record; of an epoch, of the record that comes next.
    let firstPosition: RecordPosition
    /// The stream's chain behind the run.
    let chain: StreamChain
    /// Where its records are: in the bytes that are appended, or behind the header of a run that
    /// was read.
    let range: Range<Int>

    /// A new owner's epoch, behind a mark of its stream.
    static func owner(epoch: UInt64, after mark: StreamMark) -> StreamRun {
        StreamRun(
            kind: .owner,
            stream: mark.number,
            count: 0,
            epoch: epoch,
            firstPosition: mark.position + 1,
            chain: mark.chain.appending(epoch: epoch),
            range: 0..<0
        )
    }

    /// With the header.
    var byteCount: Int { Self.headerBytes + range.count }

    /// The last record of the stream when the run is durable.
    var lastPosition: RecordPosition { firstPosition + UInt64(count) - 1 }

    /// The chain behind the run when it follows another, as its bytes say.
    /// - Parameter bytes: of the run, with its header.
    func chain(after chain: StreamChain, in bytes: UnsafeRawBufferPointer) -> StreamChain {
        switch kind {
        case .records: chain.appending(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .owner: chain.appending(epoch: epoch)
        }
    }

    func holds(_ position: RecordPosition, of stream: StreamNumber) -> Bool {
        self.stream == stream && position >= firstPosition && position <= lastPosition && count > 0
    }

    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(stream, at: 0)
        bytes.store(kind.rawValue, at: 2)
        bytes.store(0 as UInt8, at: 3)
        bytes.store(count, at: 4)
        bytes.store(epoch, at: 8)
        bytes.store(firstPosition, at: 16)
        bytes.store(chain.value, at: 24)
    }

    /// nil for bytes that are no run.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> StreamRun? {
        guard bytes.count >= headerBytes, let kind = Kind(rawValue: bytes[2]), bytes[3] == 0 else { return nil }
        let run = StreamRun(
            kind: kind,
            stream: bytes.integer(0),
            count: bytes.integer(4),
            epoch: bytes.integer(8),
            firstPosition: bytes.integer(16),
            chain: StreamChain(value: bytes.integer(24)),
            range: headerBytes..<bytes.count
        )
        let possible: Range<UInt64> = 1..<1 << 62
        guard possible.contains(run.firstPosition), (run.count == 0) == (kind == .owner) else { return nil }
        return run
    }
}

extension StreamRun {
    /// Splits records, whose framing the caller has checked, into runs of at most
    /// `StreamLimits.runBytes`. A run with a single record may be larger.
    /// - Parameter limit: bytes of records that a run can carry.
    static func part(
        _ bytes: UnsafeRawBufferPointer,
        count: Int,
        of mark: StreamMark,
        limit: Int,
        into runs: inout [StreamRun]
    ) {
        let wanted = min(limit, StreamLimits.runBytes)
        var start = 0
        var end = 0
        var first = mark.position + 1
        var taken: UInt32 = 0
        var chain = mark.chain
        func run() -> StreamRun {
            chain = chain.appending(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            return StreamRun(
                kind: .records,
                stream: mark.number,
                count: taken,
                epoch: mark.epoch,
                firstPosition: first,
                chain: chain,
                range: start..<end
            )
        }
        if bytes.count <= wanted {
            end = bytes.count
            taken = UInt32(count)
            return runs.append(run())
        }
        while let record = BatchRecords.record(bytes, at: end) {
            if taken > 0, record.upperBound - start > wanted {
                runs.append(run())
                first += UInt64(taken)
                taken = 0
                start = end
            }
            end = record.upperBound
            taken += 1
        }
        runs.append(run())
    }

    /// Gives the records of a run that was read, in order.
    /// - Returns: false if the lengths of the records do not fit the run.
    func forEachRecord(in bytes: UnsafeRawBufferPointer, _ body: (RecordPosition, Range<Int>) -> Void) -> Bool {
        var offset = range.lowerBound
        for index in 0..<UInt64(count) {
            guard let record = BatchRecords.record(bytes, at: offset) else { return false }
            body(firstPosition + index, record)
            offset = record.upperBound
        }
        return offset == bytes.count
    }
}
