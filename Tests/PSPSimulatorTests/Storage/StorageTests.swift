import Testing

@testable import PSPSimulator

@Suite("Compact storage")
struct StorageTests {
    @Test("a chunked array keeps what was appended, across chunks")
    func chunkedArray() {
        var array = ChunkedArray<Int>()
        for value in 0..<40_000 { array.append(value) }
        array[39_999] = -1
        #expect(array.count == 40_000)
        #expect(array[0] == 0 && array[16_383] == 16_383 && array[16_384] == 16_384 && array[39_999] == -1)
    }

    @Test("an arena gives back what it took, also at the ends of chunks and at the greatest length")
    func arena() throws {
        var arena = ByteArena()
        var positions: [(UInt32, String)] = []
        for number in 0..<20_000 {
            let text = String(repeating: "x", count: number % 255) + "\(number % 10)"
            let used = String(text.prefix(255))
            let position = arena.append(used.utf8.span)
            positions.append((try #require(position), used))
        }
        for (position, text) in positions {
            let isEqual = arena.equals(text.utf8.span, at: position)
            let isLonger = arena.equals("\(text)!".utf8.span, at: position)
            #expect(isEqual && !isLonger)
        }
        #expect(arena.used > 2 * 1_048_576)
    }

    @Test("an index finds every record among many, and tells apart those with one hash")
    func hashIndex() {
        var index = HashIndex()
        var dice = SplitMix64(state: 1)
        let hashes = (0..<50_000).map { _ in dice.next() }
        for (number, hash) in hashes.enumerated() { index.insert(hash, UInt32(number)) }
        index.insert(hashes[0], 777_777)
        #expect(index.count == 50_001)
        for (number, hash) in hashes.enumerated() {
            #expect(index.find(hash) { $0 == UInt32(number) } == UInt32(number))
        }
        #expect(index.find(hashes[0]) { $0 == 777_777 } == 777_777)
        #expect(index.find(dice.next()) { _ in true } == nil)
    }

    @Test("records stay small")
    func sizes() {
        #expect(MemoryLayout<OperationRecord>.stride <= 56)
        #expect(MemoryLayout<ChargeRecord>.stride <= 48)
    }
}
