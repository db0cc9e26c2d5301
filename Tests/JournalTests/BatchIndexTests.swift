import Testing

@testable import Journal

@Suite struct BatchIndexTests {
    @Test func `full index thins out, stays within its limit and still finds a batch at or before every record`() {
        var index = BatchIndex(limit: 8)
        for batch in 0..<1_000 as Range<UInt64> {
            index.add(.init(firstPosition: 1 + batch * 10, offset: batch, segment: 1))
            #expect(index.entries.count <= 8)
        }
        for position in stride(from: 1 as UInt64, through: 10_000, by: 37) {
            let found = index.entry(before: position)
            let batch = (position - 1) / 10
            #expect(found.map { $0.offset <= batch && batch - $0.offset < index.stride } == true)
        }
        #expect(index.entry(before: 0) == nil)
        #expect(MemoryLayout<BatchIndex.Entry>.stride == 24)
    }
}
