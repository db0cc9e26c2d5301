/// An array that grows by whole chunks, so that a million-element store never copies itself in the
/// middle of a request.
struct ChunkedArray<Element: Sendable>: Sendable {
    private static var shift: Int { 14 }
    private static var chunkLength: Int { 1 << shift }

    private var chunks: [[Element]] = []
    private(set) var count = 0

    mutating func append(_ element: Element) {
        if count & (Self.chunkLength - 1) == 0 {
            var chunk: [Element] = []
            chunk.reserveCapacity(Self.chunkLength)
            chunks.append(chunk)
        }
        chunks[count >> Self.shift].append(element)
        count += 1
    }

    subscript(index: UInt32) -> Element {
        get { chunks[Int(index) >> Self.shift][Int(index) & (Self.chunkLength - 1)] }
        _modify { yield &chunks[Int(index) >> Self.shift][Int(index) & (Self.chunkLength - 1)] }
    }
}
