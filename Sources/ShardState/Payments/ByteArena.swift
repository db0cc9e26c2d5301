import Payments

/// Append-only storage for the variable-length parts of payments: large chunks instead of one heap
/// object each.
///
/// A value like the tables: a copy shares the chunks. `seal` before copying it, so that the next
/// append begins a chunk instead of copying the one that both have.
@usableFromInline package struct ByteArena: Sendable {
    /// The size of a chunk; no slice is larger.
    package static let chunkBytes = 1 << 20

    /// Released chunks are empty.
    @usableFromInline var chunks: [[UInt8]] = []
    private var heldChunks = 0
    private var isSealed = true

    package init() {
        precondition(Self.chunkBytes >= PaymentDetails.maximumBytes, "details must fit one chunk")
    }

    /// The bytes that the arena holds on to, used or not.
    package var reservedBytes: Int { heldChunks * Self.chunkBytes }

    /// The bytes that were appended and whose chunks are here, used or not.
    package var appendedBytes: Int { chunks.reduce(0) { $0 + $1.count } }

    package var chunkCount: Int { chunks.count }

    package func isReleased(chunk: Int) -> Bool { chunks[chunk].capacity == 0 }

    /// What is appended from now on goes into another chunk.
    package mutating func seal() { isSealed = true }

    /// Gives a chunk's memory back.
    /// - Precondition: no slice into it will be read again.
    package mutating func release(chunk: Int) {
        precondition(chunk < chunks.count - 1 || isSealed, "the chunk is being filled")
        if chunks[chunk].capacity > 0 { heldChunks -= 1 }
        chunks[chunk] = []
    }

    package mutating func append(_ bytes: Span<UInt8>) -> ArenaSlice {
        bytes.withUnsafeBufferPointer { append(UnsafeRawBufferPointer($0)) }
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) -> ArenaSlice {
        guard bytes.count > 0 else { return .empty }
        precondition(bytes.count <= Self.chunkBytes)
        if isSealed || chunks[chunks.count - 1].count + bytes.count > Self.chunkBytes { addChunk() }
        let last = chunks.count - 1
        let offset = chunks[last].count
        chunks[last].append(contentsOf: bytes)
        return ArenaSlice(chunk: UInt32(last), offset: UInt32(offset), length: UInt32(bytes.count))
    }

    /// Copies a slice behind the last one.
    package mutating func move(_ slice: ArenaSlice) -> ArenaSlice {
        guard slice.length > 0 else { return .empty }
        let chunk = chunks[Int(slice.chunk)]
        return chunk.withUnsafeBytes { bytes in
            let range = Int(slice.offset)..<Int(slice.offset) + Int(slice.length)
            return append(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    private mutating func addChunk() {
        var chunk: [UInt8] = []
        chunk.reserveCapacity(Self.chunkBytes)
        chunks.append(chunk)
        heldChunks += 1
        isSealed = false
    }

    /// Hands the bytes of `slice` to `body`.
    @inlinable package func withBytes<Result>(_ slice: ArenaSlice, _ body: (Span<UInt8>) -> Result) -> Result {
        guard slice.length > 0 else { return body(Span()) }
        let chunk = chunks[Int(slice.chunk)]
        let start = Int(slice.offset)
        let bytes = chunk.span
        return body(bytes.extracting(start..<start + Int(slice.length)))
    }

    /// Copies the bytes of `slice` to the beginning of `target`.
    package func copy(_ slice: ArenaSlice, to target: UnsafeMutableRawBufferPointer) {
        guard slice.length > 0 else { return }
        chunks[Int(slice.chunk)].withUnsafeBytes { bytes in
            let range = Int(slice.offset)..<Int(slice.offset) + Int(slice.length)
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    /// The text of `slice`; one allocation when it is longer than 15 bytes.
    package func string(_ slice: ArenaSlice) -> String {
        guard slice.length > 0 else { return "" }
        return withBytes(slice) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }
}

extension ByteArena {
    package mutating func append(_ text: String) -> ArenaSlice {
        var text = text
        return text.withUTF8 { append($0.span) }
    }
}
