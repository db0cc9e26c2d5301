/// The number of a stream in a log of streams: the shard's.
package typealias StreamNumber = UInt16

/// The named maxima of a log of streams.
package enum StreamLimits {
    /// Streams of one log: the marks of all of them fit the header of a segment.
    package static let streams = 128
    /// Bytes of records in one run, unless a single record is larger. A batch takes a run as a
    /// whole, so short runs leave little of a segment's end empty.
    static let runBytes = 16 << 10
    /// Bytes of all streams' records, headers and new owners' epochs that may wait for the disk.
    private static let logBytes = 1 << 30
    /// Kept beside each share for a new owner's epoch.
    static let ownerBytes = 4 + StreamRun.headerBytes

    /// The most bytes of records that one of so many streams may let wait for the disk. A quarter
    /// as much is kept for the headers of its runs.
    package static func shareBytes(streams: Int) -> Int { (logBytes / streams - ownerBytes) / 5 * 4 }
}

/// How far a stream of a log is.
package struct StreamMark: Sendable, Equatable {
    package let number: StreamNumber
    /// Its last record; 0 for none.
    package internal(set) var position: RecordPosition
    /// The largest epoch of an owner.
    package internal(set) var epoch: UInt64
    /// Over everything up to here.
    package internal(set) var chain: StreamChain

    /// The beginning of a stream, unless the arguments say otherwise.
    init(
        number: StreamNumber,
        position: RecordPosition = 0,
        epoch: UInt64 = 0,
        chain: StreamChain = .genesis
    ) {
        self.number = number
        self.position = position
        self.epoch = epoch
        self.chain = chain
    }

    /// The stream goes on by a run that follows.
    mutating func pass(_ run: StreamRun) {
        position += UInt64(run.count)
        epoch = run.epoch
        chain = run.chain
    }
}

extension StreamMark {
    /// Where the marks stand in a segment's header: how many, then each: stream (2), zero (2),
    /// chain (4), position (8), epoch (8).
    private static let countOffset = 264
    private static let firstOffset = 272
    private static let byteCount = 24

    static func encode(_ marks: [StreamMark], into block: UnsafeMutableRawBufferPointer) {
        precondition(marks.count <= StreamLimits.streams)
        block.store(UInt32(marks.count), at: countOffset)
        for (index, mark) in marks.enumerated() {
            let offset = firstOffset + index * byteCount
            block.store(mark.number, at: offset)
            block.store(0 as UInt16, at: offset + 2)
            block.store(mark.chain.value, at: offset + 4)
            block.store(mark.position, at: offset + 8)
            block.store(mark.epoch, at: offset + 16)
        }
    }

    static func count(in block: UnsafeRawBufferPointer) -> Int { Int(block.integer(countOffset, as: UInt32.self)) }

    /// The caller has checked the count.
    static func decode(from block: UnsafeRawBufferPointer) -> [StreamMark] {
        (0..<count(in: block)).map { index in
            let offset = firstOffset + index * byteCount
            return StreamMark(
                number: block.integer(offset),
                position: block.integer(offset + 8),
                epoch: block.integer(offset + 16),
                chain: StreamChain(value: block.integer(offset + 4))
            )
        }
    }
}

extension [StreamMark] {
    /// How far a stream is; a stream that has no mark has no record.
    func mark(of stream: StreamNumber) -> StreamMark {
        first { $0.number == stream } ?? StreamMark(number: stream)
    }

    /// The last record of a stream; 0 for none.
    func position(of stream: StreamNumber) -> RecordPosition { mark(of: stream).position }
}
