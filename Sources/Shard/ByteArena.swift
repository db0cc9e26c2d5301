import Payments

/// Append-only storage for the variable-length parts of payments: large chunks instead of one heap object each.
package struct ByteArena {
    /// The size of a chunk; no slice is larger.
    static let chunkBytes = 1 << 20

    private var chunks: [[UInt8]] = []

    init() {
        precondition(Self.chunkBytes >= PaymentDetails.maximumBytes, "details must fit one chunk")
    }

    /// The bytes that the arena holds on to, used or not.
    var reservedBytes: Int { chunks.count * Self.chunkBytes }

    mutating func append(_ bytes: Span<UInt8>) -> ArenaSlice {
        guard bytes.count > 0 else { return .empty }
        precondition(bytes.count <= Self.chunkBytes)
        if chunks.isEmpty || chunks[chunks.count - 1].count + bytes.count > Self.chunkBytes { addChunk() }
        let last = chunks.count - 1
        let offset = chunks[last].count
        bytes.withUnsafeBufferPointer { chunks[last].append(contentsOf: $0) }
        return ArenaSlice(chunk: UInt32(last), offset: UInt32(offset), length: UInt32(bytes.count))
    }

    private mutating func addChunk() {
        var chunk: [UInt8] = []
        chunk.reserveCapacity(Self.chunkBytes)
        chunks.append(chunk)
    }

    /// Hands the bytes of `slice` to `body`.
    func withBytes<Result>(_ slice: ArenaSlice, _ body: (Span<UInt8>) -> Result) -> Result {
        guard slice.length > 0 else { return body(Span()) }
        let chunk = chunks[Int(slice.chunk)]
        let start = Int(slice.offset)
        let bytes = chunk.span
        return body(bytes.extracting(start..<start + Int(slice.length)))
    }

    /// The text of `slice`; one allocation when it is longer than 15 bytes.
    func string(_ slice: ArenaSlice) -> String {
        guard slice.length > 0 else { return "" }
        return withBytes(slice) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }
}
