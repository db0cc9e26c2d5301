import Testing

@testable import Journal

/// Reading a list of records that leads back, with what one read opened and decoded kept for the
/// next.
@Suite struct JournalReadCacheTests {
    private let disk = FakeDisk()

    private static func keys() throws -> JournalKeys { JournalKeys(try testRing("1: 1", active: nil)) }

    @Test(arguments: [false, true])
    func `backwards through batches and segments every record is the one that was written`(isSealed: Bool) throws {
        var configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
        if isSealed { configuration.keys = try Self.keys() }
        let journal = try TestJournal(disk, configuration)
        for _ in 0..<20 { #expect(try journal.appendDurably(4)) }
        var cache = JournalReadCache()
        for position in (1...80).reversed() as ReversedCollection<ClosedRange<RecordPosition>> {
            #expect(try journal.journal.read(at: position, cache: &cache) == testRecord(position))
        }
        // In any order, too, and what is not there is not found.
        for position in [3, 80, 41, 42, 1, 79] as [RecordPosition] {
            #expect(try journal.journal.read(at: position, cache: &cache) == testRecord(position))
        }
        for position in [0, 81] as [RecordPosition] {
            let error = #expect(throws: JournalError.self) { try journal.journal.read(at: position, cache: &cache) }
            #expect(error?.code == .notFound)
        }
        journal.journal.close()
    }

    @Test func `neighbours of a record come from the cache, and records of other batches from the disk`() throws {
        let journal = try TestJournal(disk, TestJournal.configuration())
        for _ in 0..<2 { #expect(try journal.appendDurably(3)) }
        var cache = JournalReadCache()
        #expect(try journal.journal.read(at: 6, cache: &cache) == testRecord(6))
        let segment = TestJournal.directory + "/" + JournalDirectory.segmentName(1)
        for byte in 4_096..<disk.contents(segment).count { disk.flip(segment, byte: byte, mask: 0xFF) }
        for position in [5, 4, 6] as [RecordPosition] {
            #expect(try journal.journal.read(at: position, cache: &cache) == testRecord(position))
        }
        let error = #expect(throws: JournalError.self) { try journal.journal.read(at: 3, cache: &cache) }
        #expect(error?.code == .corrupt)
        #expect(throws: JournalError.self) { try journal.journal.read(at: 6) }
        journal.journal.close()
    }

    @Test(arguments: [false, true])
    func `a segment that is archived and used again between two reads changes nothing`(isSealed: Bool) throws {
        let keys = try Self.keys()
        let journal = try ArchivingJournal(disk) { if isSealed { $0.keys = keys } }
        try journal.append(24)
        var caches = [JournalReadCache](repeating: JournalReadCache(), count: 24)
        for position in 1...24 {
            let record = RecordPosition(position)
            #expect(try journal.journal.read(at: record, cache: &caches[position - 1]) == testRecord(record))
        }
        journal.journal.retire(upTo: 24)
        journal.archiveAll()
        try journal.append(30)
        journal.journal.retire(upTo: 54)
        journal.archiveAll()
        try journal.append(12)
        let statistics = journal.journal.statistics.archive
        #expect(statistics.archived >= 15 && statistics.recycled > 0)
        // Each cache has a file open that may be another's now; and it goes on through the archive.
        for start in 1...24 {
            for position in (1...start).reversed() {
                let record = RecordPosition(position)
                #expect(try journal.journal.read(at: record, cache: &caches[start - 1]) == testRecord(record))
            }
        }
        for position in (1...66).reversed() as ReversedCollection<ClosedRange<RecordPosition>> {
            #expect(try journal.journal.read(at: position, cache: &caches[0]) == testRecord(position))
        }
        journal.journal.close()
    }
}
