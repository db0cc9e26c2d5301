/// A table that grows by whole chunks, so that growing costs one allocation of a chunk and never moves what is there.
/// (A growing `Array` copies everything: at a million payments that is a pause of tens of milliseconds.)
struct ChunkedTable<Element> {
    static var chunkShift: Int { 12 }
    static var chunkCount: Int { 1 << chunkShift }

    private(set) var count = 0
    private var chunks: [ContiguousArray<Element>] = []

    /// Room for the chunk list up front: 8 bytes for each 4,096 elements.
    init(maximumCount: Int) {
        chunks.reserveCapacity(maximumCount / Self.chunkCount + 1)
    }

    /// The bytes of the chunks, used or not.
    var reservedBytes: Int { chunks.count * Self.chunkCount * MemoryLayout<Element>.stride }

    mutating func append(_ element: Element) -> Int {
        let index = count
        if index >> Self.chunkShift == chunks.count {
            var chunk = ContiguousArray<Element>()
            chunk.reserveCapacity(Self.chunkCount)
            chunks.append(chunk)
        }
        chunks[index >> Self.chunkShift].append(element)
        count += 1
        return index
    }

    subscript(index: Int) -> Element {
        get { chunks[index >> Self.chunkShift][index & (Self.chunkCount - 1)] }
        _modify { yield &chunks[index >> Self.chunkShift][index & (Self.chunkCount - 1)] }
    }
}
