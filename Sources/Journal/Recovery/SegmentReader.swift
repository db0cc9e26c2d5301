/// Reads one segment file through a window of memory that is used again for every segment of a
/// scan.
struct SegmentReader {
    /// Memory for reading ahead; at least twice the largest frame, so that few bytes are read
    /// twice.
    final class Window {
        let memory: UnsafeMutableRawBufferPointer

        init(byteCount: Int = 4 << 20) {
            memory = .allocate(byteCount: byteCount, alignment: blockBytes)
        }

        deinit { memory.deallocate() }
    }

    let name: String
    let file: any JournalFile
    let byteCount: UInt64
    private let window: Window
    private var windowStart: UInt64 = 0
    private var windowCount = 0

    init(name: String, file: any JournalFile, window: Window) throws(JournalProblem) {
        self.name = name
        self.file = file
        self.window = window
        do { byteCount = try file.byteCount } catch { throw JournalProblem(error) }
    }

    /// The bytes at an offset, nil if the file ends before their end. Valid until the next call.
    mutating func bytes(at offset: UInt64, count: Int) throws(JournalProblem) -> UnsafeRawBufferPointer? {
        precondition(count <= window.memory.count)
        guard offset + UInt64(count) <= byteCount else { return nil }
        if offset < windowStart || offset + UInt64(count) > windowStart + UInt64(windowCount) {
            do { windowCount = try file.read(into: window.memory, at: offset) } catch { throw JournalProblem(error) }
            windowStart = offset
            guard windowCount >= count else {
                throw JournalProblem(.io, file: name, offset: offset, "the file ended while it was read")
            }
        }
        return UnsafeRawBufferPointer(window.memory).part(Int(offset - windowStart), count)
    }

    mutating func header() throws(JournalProblem) -> SegmentHeader.Decoded {
        guard let block = try bytes(at: 0, count: SegmentHeader.byteCount) else {
            return .invalid("the file is shorter than a segment header")
        }
        return SegmentHeader.decode(block)
    }

    /// What stands where a frame should begin.
    enum Frame {
        /// A whole frame: its header, and all its bytes with header and padding.
        case intact(BatchHeader, UnsafeRawBufferPointer)
        /// A right header before a payload that is not the one it was made for.
        case payloadDamaged(BatchHeader)
        case none
    }

    mutating func frame(at offset: UInt64, of segment: SegmentHeader, saltSeed: UInt32) throws(JournalProblem) -> Frame
    {
        guard let block = try bytes(at: offset, count: blockBytes) else { return .none }
        guard let header = BatchHeader.decode(block, saltSeed: saltSeed) else { return .none }
        try check(header, block: block, at: offset)
        let count = header.frameBytes
        guard count <= Int(segment.batchBytes), let frame = try bytes(at: offset, count: count) else {
            return .payloadDamaged(header)
        }
        guard BatchHeader.payloadIsIntact(frame, length: Int(header.length)) else { return .payloadDamaged(header) }
        return .intact(header, frame)
    }

    /// A header with the right checksum that this program cannot read was written by another
    /// program.
    private func check(_ header: BatchHeader, block: UnsafeRawBufferPointer, at offset: UInt64) throws(JournalProblem) {
        let version = BatchHeader.version(of: block)
        let position = header.firstPosition
        guard version == BatchHeader.version else {
            throw JournalProblem(
                .format,
                file: name,
                offset: offset,
                position: position,
                "batch format \(version) is not known"
            )
        }
    }
}
