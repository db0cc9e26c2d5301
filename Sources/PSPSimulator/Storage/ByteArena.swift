/// Short byte strings (references and idempotency keys), each stored once behind its length and
/// named by its position.
struct ByteArena {
    /// The longest string that fits: its length is one byte.
    static let maximumLength = 255
    /// Bytes in all: positions are 32 bits.
    static let maximumBytes = Int(UInt32.max)

    private static let shift = 20
    private static let chunkLength = 1 << shift

    private var chunks: [[UInt8]] = []
    /// Bytes taken, with what is lost at the ends of chunks.
    private(set) var used = 0

    /// Stores `bytes`; nil when the arena is full.
    mutating func append(_ bytes: Span<UInt8>) -> UInt32? {
        precondition(bytes.count <= Self.maximumLength)
        let room = chunks.count * Self.chunkLength - used
        if room < bytes.count + 1 {
            // A string never crosses chunks, so that it can be lent out as one span.
            guard chunks.count * Self.chunkLength + Self.chunkLength <= Self.maximumBytes else { return nil }
            used = chunks.count * Self.chunkLength
            var chunk: [UInt8] = []
            chunk.reserveCapacity(Self.chunkLength)
            chunks.append(chunk)
        }
        let position = UInt32(used)
        let last = chunks.count - 1
        chunks[last].append(UInt8(bytes.count))
        for index in bytes.indices { chunks[last].append(bytes[index]) }
        used += bytes.count + 1
        return position
    }

    /// Lends the string at `position`.
    func withBytes<Result>(at position: UInt32, _ body: (Span<UInt8>) -> Result) -> Result {
        let start = Int(position) & (Self.chunkLength - 1)
        let chunk = chunks[Int(position) >> Self.shift]
        return body(chunk.span.extracting(start + 1..<start + 1 + Int(chunk[start])))
    }

    func equals(_ bytes: Span<UInt8>, at position: UInt32) -> Bool {
        withBytes(at: position) { stored in
            guard stored.count == bytes.count else { return false }
            for index in stored.indices where stored[index] != bytes[index] { return false }
            return true
        }
    }
}
