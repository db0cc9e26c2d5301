/// A table whose elements are numbered without gaps as they come, and may leave again. It holds
/// memory for the elements that are there, and 8 bytes for each 512 that ever were.
///
/// Numbers are grouped by 512 into chunks. A chunk packs its elements in order behind a bit set
/// that says which they are; an empty chunk is released. The table is a value, and a copy shares
/// the chunks. A change copies the one chunk that it touches, if another copy still has it. It also
/// copies the list of the 256 chunks around that one, once.
@usableFromInline package struct SparseTable<Element> {
    @inlinable package static var chunkShift: Int { 9 }
    @inlinable package static var chunkCount: Int { 1 << chunkShift }

    @usableFromInline var givenCount = 0
    @usableFromInline var elementCount = 0
    /// The elements that the chunks have room for.
    @usableFromInline var reservedCount = 0
    @usableFromInline var chunks = ChunkList<Element>()

    /// How many numbers were given out.
    @inlinable package var count: Int { givenCount }
    /// How many elements are there.
    @inlinable package var presentCount: Int { elementCount }

    @inlinable package init() {}

    /// The bytes of chunks and chunk list.
    @inlinable package var reservedBytes: Int {
        reservedCount * MemoryLayout<Element>.stride + chunks.count * MemoryLayout<Int>.stride
    }

    @inlinable package var chunkNumbers: Range<Int> { 0..<chunks.count }

    @inlinable package func contains(_ index: Int) -> Bool {
        guard index >= 0, index < count, let chunk = chunks[index >> Self.chunkShift] else { return false }
        return chunk.header.contains(index & (Self.chunkCount - 1))
    }

    /// - Precondition: the element is there.
    @inlinable package subscript(index: Int) -> Element {
        // The element is lent and not returned. Otherwise a payment's row would be copied for each
        // of its fields.
        @inline(__always)
        _read {
            guard let chunk = chunks[index >> Self.chunkShift] else { preconditionFailure("the element is not here") }
            yield chunk.element(index & (Self.chunkCount - 1)).pointee
        }
        _modify {
            let chunk = uniqueChunk(index >> Self.chunkShift)
            yield &chunk.element(index & (Self.chunkCount - 1)).pointee
        }
    }

    @inlinable package mutating func append(_ element: Element) -> Int {
        let index = count
        givenCount += 1
        insert(element, at: index)
        return index
    }

    /// Gives out numbers up to `count` to elements that are not here.
    @inlinable package mutating func reserveNumbers(upTo count: Int) {
        precondition(count >= givenCount, "a number is given once")
        givenCount = count
        while chunks.count << Self.chunkShift < count { chunks.append(nil) }
    }

    /// Brings an element (back) to its number.
    /// - Precondition: the number was given out and the element is not here.
    @inlinable package mutating func insert(_ element: Element, at index: Int) {
        precondition(index < count, "the number was not given out")
        let number = index >> Self.chunkShift
        let offset = index & (Self.chunkCount - 1)
        if number == chunks.count {
            chunks.append(nil)
        }
        makeRoom(number, appending: offset + 1 == Self.chunkCount || index + 1 == count)
        guard let chunk = chunks[number] else { preconditionFailure("room was made") }
        chunk.insert(element, offset)
        elementCount += 1
    }

    /// The chunks there are numbers for, in memory or not.
    @inlinable package var chunkTotal: Int { chunks.count }

    /// Removes the elements of a chunk for which `leaves` is true, and packs the rest again.
    /// - Returns: how many left.
    @inlinable package mutating func remove(inChunk number: Int, where leaves: (Int, Element) -> Bool) -> Int {
        guard let chunk = chunks[number] else { return 0 }
        let stay = chunk.offsets { !leaves(number << Self.chunkShift | $0, $1) }
        let left = chunk.header.count - stay.count
        guard left > 0 else { return 0 }
        let isGrowing = number == chunks.count - 1
        let smaller =
            stay.isEmpty
            ? nil : SparseChunk.make(capacity: isGrowing ? Self.chunkCount : stay.count, from: chunk, keeping: stay)
        reservedCount += (smaller?.header.capacity ?? 0) - chunk.header.capacity
        chunks[number] = smaller
        elementCount -= left
        return left
    }

    /// Visits the elements of a chunk in order.
    @inlinable package func forEach(inChunk number: Int, _ body: (Int, Element) -> Void) {
        guard let chunk = chunks[number] else { return }
        _ = chunk.offsets { offset, element in
            body(number << Self.chunkShift | offset, element)
            return false
        }
    }

    /// The numbers of the elements in a chunk that `body` says yes to, in order.
    @inlinable package func indices(inChunk number: Int, where body: (Int, Element) -> Bool) -> [Int] {
        guard let chunk = chunks[number] else { return [] }
        return chunk.offsets { body(number << Self.chunkShift | $0, $1) }.map { number << Self.chunkShift | $0 }
    }

    /// The numbers of the elements in a chunk that `body` says yes to, in order. It looks at them
    /// where they are: nothing is copied.
    @inlinable func positions(inChunk number: Int, where body: (UnsafePointer<Element>) -> Bool) -> [Int] {
        guard let chunk = chunks[number] else { return [] }
        return chunk.positions(where: body).map { number << Self.chunkShift | $0 }
    }

    @inlinable mutating func uniqueChunk(_ number: Int) -> SparseChunk<Element> {
        if !isKnownUniquelyReferenced(&chunks[number]) {
            guard let shared = chunks[number] else { preconditionFailure("the element is not here") }
            chunks[number] = SparseChunk.make(capacity: shared.header.capacity, from: shared)
        }
        guard let chunk = chunks[number] else { preconditionFailure("the element is not here") }
        return chunk
    }

    /// Makes room for one more element, in a chunk that no other copy has.
    @inlinable mutating func makeRoom(_ number: Int, appending: Bool) {
        guard let chunk = chunks[number] else {
            // A chunk that grows gets all its room at once. A chunk that an element comes back to
            // gets little.
            let capacity = appending ? Self.chunkCount : 4
            chunks[number] = SparseChunk.make(capacity: capacity)
            reservedCount += capacity
            return
        }
        if chunk.header.count < chunk.header.capacity {
            _ = uniqueChunk(number)
            return
        }
        let capacity = appending ? Self.chunkCount : min(Self.chunkCount, chunk.header.capacity * 4)
        reservedCount += capacity - chunk.header.capacity
        chunks[number] = SparseChunk.make(capacity: capacity, from: chunk)
    }
}

/// A list of chunks in groups of 256. So the first change after a copy of the table copies a list
/// of 256 chunks and not of all.
@usableFromInline struct ChunkList<Element> {
    @inlinable static var groupShift: Int { 8 }

    @usableFromInline var count = 0
    @usableFromInline var groups: [ContiguousArray<SparseChunk<Element>?>] = []

    @inlinable init() {}

    @inlinable @inline(__always)
    subscript(number: Int) -> SparseChunk<Element>? {
        get { groups[number >> Self.groupShift][number & (1 << Self.groupShift - 1)] }
        _modify { yield &groups[number >> Self.groupShift][number & (1 << Self.groupShift - 1)] }
    }

    @inlinable mutating func append(_ chunk: SparseChunk<Element>?) {
        if count & (1 << Self.groupShift - 1) == 0 {
            var group = ContiguousArray<SparseChunk<Element>?>()
            group.reserveCapacity(1 << Self.groupShift)
            groups.append(group)
        }
        groups[groups.count - 1].append(chunk)
        count += 1
    }
}

// Proof: a table is a value. Its chunks are changed only through `uniqueChunk` and `makeRoom`.
// These first make sure that no other copy of the table has the chunk. So a chunk that several
// threads share is never written.
extension SparseTable: @unchecked Sendable where Element: Sendable {}

/// Which of 512 elements are in a chunk.
@usableFromInline package struct SparseHeader {
    @usableFromInline package var capacity: Int
    @usableFromInline package var count = 0
    /// Whether the elements are those numbered 0..<count: then a number is its place.
    @usableFromInline package var isDense = true
    @usableFromInline package var present = InlineArray<8, UInt64>(repeating: 0)

    @inlinable init(capacity: Int) { self.capacity = capacity }

    @inlinable @inline(__always)
    package func contains(_ offset: Int) -> Bool { present[offset >> 6] & (1 << UInt64(offset & 63)) != 0 }

    /// How many elements stand before the one numbered `offset`.
    @inlinable @inline(__always)
    package func rank(_ offset: Int) -> Int {
        if isDense { return offset }
        var rank = (present[offset >> 6] & (1 << UInt64(offset & 63) - 1)).nonzeroBitCount
        for word in 0..<offset >> 6 { rank += present[word].nonzeroBitCount }
        return rank
    }
}

/// One allocation: the header and the elements behind it.
@usableFromInline package final class SparseChunk<Element>: ManagedBuffer<SparseHeader, Element> {
    @inlinable package static func make(capacity: Int) -> SparseChunk {
        let chunk = create(minimumCapacity: capacity) { _ in SparseHeader(capacity: capacity) }
        return unsafeDowncast(chunk, to: SparseChunk.self)
    }

    @inlinable package static func make(capacity: Int, from other: SparseChunk) -> SparseChunk {
        let chunk = make(capacity: capacity)
        other.withUnsafeMutablePointers { header, elements in
            precondition(header.pointee.count <= capacity)
            chunk.header = header.pointee
            chunk.header.capacity = capacity
            chunk.withUnsafeMutablePointerToElements { $0.initialize(from: elements, count: header.pointee.count) }
        }
        return chunk
    }

    @inlinable package static func make(capacity: Int, from other: SparseChunk, keeping offsets: [Int]) -> SparseChunk {
        let chunk = make(capacity: capacity)
        for offset in offsets { chunk.insert(other.element(offset).pointee, offset) }
        return chunk
    }

    @inlinable deinit {
        withUnsafeMutablePointers { header, elements in _ = elements.deinitialize(count: header.pointee.count) }
    }

    /// Where an element stands; valid while the chunk lives and nothing is inserted.
    @inlinable @inline(__always)
    package func element(_ offset: Int) -> UnsafeMutablePointer<Element> {
        withUnsafeMutablePointers { header, elements in
            precondition(header.pointee.contains(offset), "the element is not here")
            return elements + header.pointee.rank(offset)
        }
    }

    @inlinable package func insert(_ element: Element, _ offset: Int) {
        withUnsafeMutablePointers { header, elements in
            precondition(!header.pointee.contains(offset), "the element is here already")
            precondition(header.pointee.count < header.pointee.capacity)
            let isNext = header.pointee.isDense && offset == header.pointee.count
            if !isNext { header.pointee.isDense = false }
            let rank = header.pointee.rank(offset)
            let behind = header.pointee.count - rank
            (elements + rank + 1).moveInitialize(from: elements + rank, count: behind)
            (elements + rank).initialize(to: element)
            header.pointee.present[offset >> 6] |= 1 << UInt64(offset & 63)
            header.pointee.count += 1
            if header.pointee.count == SparseTable<Element>.chunkCount { header.pointee.isDense = true }
        }
    }

    /// The offsets of the elements that `body` says yes to, in order.
    @inlinable package func offsets(where body: (Int, Element) -> Bool) -> [Int] {
        walk { body($0, $1.pointee) }
    }

    /// The same without their offsets.
    @inlinable func positions(where body: (UnsafePointer<Element>) -> Bool) -> [Int] {
        walk { body($1) }
    }

    @inlinable @inline(__always)
    func walk(where body: (Int, UnsafePointer<Element>) -> Bool) -> [Int] {
        var found: [Int] = []
        withUnsafeMutablePointers { header, elements in
            var place = 0
            for word in 0..<8 {
                var bits = header.pointee.present[word]
                while bits != 0 {
                    let offset = word << 6 | bits.trailingZeroBitCount
                    if body(offset, UnsafePointer(elements + place)) { found.append(offset) }
                    bits &= bits - 1
                    place += 1
                }
            }
        }
        return found
    }
}
