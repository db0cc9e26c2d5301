import JournalConformance
import Testing

@testable import Journal

/// What a local feed meets on the disk.
@Suite struct LocalFeedTests {
    private let disk = FakeDisk()

    /// Reads to the end; test records from the feed's position on are expected.
    private func read(_ feed: any JournalFeed, atMost batches: Int = .max) throws -> Int {
        var count = 0
        for _ in 0..<batches {
            guard let batch = try feed.read() else { return count }
            batch.forEach { (position: RecordPosition, bytes: Span<UInt8>) in
                #expect(bytes.withUnsafeBufferPointer { Array($0) } == testRecord(position))
                count += 1
            }
        }
        return count
    }

    @Test func `a feed goes on in the archive when the file under it is used again`() throws {
        let journal = try ArchivingJournal(disk, spares: 4)
        try journal.append(12)
        let feed = try journal.journal.store.feed(from: 2)
        #expect(try read(feed, atMost: 1) == 1)
        journal.journal.retire(upTo: 12)
        journal.archiveAll()
        try journal.append(12)
        #expect(journal.journal.statistics.archive.recycled > 0)
        #expect(try read(feed) == 22 && feed.next == 25)
        journal.journal.close()
    }

    @Test func `feeds read encrypted batches, live and archived`() throws {
        let keys = JournalKeys(try testRing("1: 1"))
        let journal = try ArchivingJournal(disk, spares: 0) { $0.keys = keys }
        try journal.append(12)
        journal.journal.retire(upTo: 9)
        journal.archiveAll()
        #expect(try read(journal.journal.store.feed(from: 1)) == 12)
        journal.journal.close()
    }

    @Test func `damage is told with its place, and the feed stays before it`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(3)
        disk.flip(TestJournal.directory + "/" + JournalDirectory.segmentName(1), byte: 4_096 * 2 + 300, mask: 1)
        let feed = try journal.journal.store.feed(from: 1)
        #expect(try read(feed, atMost: 1) == 1)
        for _ in 0..<2 {
            let error = #expect(throws: JournalError.self) { try feed.read() }
            #expect(error?.code == .corrupt && error?.description.contains("offset 8192, record 2") == true)
        }
        #expect(feed.next == 2)
        journal.journal.close()
    }

    @Test func `a failed journal wakes its feeds, which give what is durable and then the failure`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(2)
        let feed = try journal.journal.store.feed(from: 3)
        let events = ConformanceEvents()
        feed.whenMore { events.wake() }
        disk.arm(.refuse(code: 5), atOperation: disk.operations + 1)
        try journal.append(1)
        #expect(events.all.wakes == 1 && journal.test.owner.failures.count == 1)
        let error = #expect(throws: JournalError.self) { try feed.read() }
        #expect(error?.code == .io)
        #expect(try read(journal.journal.store.feed(from: 1), atMost: 2) == 2)
        journal.journal.close()
    }

    @Test func `a disk that fails while the owner changes fails the claim, and the epoch is not given`() throws {
        let configuration = ArchivingJournal.configuration(ArchivingJournal.Clock())
        let (store, _) = try LocalJournalStore.open(
            directory: TestJournal.directory,
            configuration: configuration,
            fileSystem: disk
        ) { _, _ in }
        let first = ConformanceEvents()
        let owner = try store.own(JournalClaim(holder: "a", now: 0, nanoseconds: 1), owner: first)
        disk.arm(.refuse(code: 5), atOperation: disk.operations + 1)
        let second = ConformanceEvents()
        let error = #expect(throws: JournalError.self) {
            try store.own(JournalClaim(holder: "b", now: 1, nanoseconds: 1), owner: second)
        }
        #expect(error?.code == .io)
        #expect(first.all.failures.count == 1 && first.all.losses.isEmpty && second.all.failures.isEmpty)
        #expect(throws: JournalError.self) { try owner.confirm() }
        owner.close()
        store.close()
    }
}
