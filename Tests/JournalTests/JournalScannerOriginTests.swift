import Testing

@testable import Journal

/// Starting from a snapshot: only the records after it are replayed, and only the segments that
/// hold them need to be there.
@Suite struct JournalScannerOriginTests {
    /// Header and three batches of one record fill a segment.
    static let configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
    static let records: RecordPosition = 20

    static func segment(_ number: UInt64) -> String {
        TestJournal.directory + "/" + JournalDirectory.segmentName(number)
    }

    /// Twenty records, three to a segment, closed.
    private func closedJournal() throws -> FakeDisk {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, Self.configuration)
        for _ in 0..<Self.records { #expect(try journal.appendDurably(1)) }
        journal.journal.close()
        return disk
    }

    @Test func `every position replays exactly the records after it, and all can be read`() throws {
        let disk = try closedJournal()
        for origin in 0...Self.records {
            let started = try TestJournal(disk, Self.configuration, from: origin)
            #expect(started.replayed == (origin..<Self.records).map { testRecord($0 + 1) })
            #expect(started.report.origin == origin && started.report.replayed == Self.records - origin)
            #expect(started.report.segmentsSkipped + started.report.segments == 7)
            #expect(started.journal.lastPosition == Self.records)
            for position in 1...Self.records {
                #expect(try started.journal.read(at: position) == testRecord(position))
            }
            started.journal.close()
        }
    }

    @Test func `journal goes on after a start from a position`() throws {
        let disk = try closedJournal()
        let started = try TestJournal(disk, Self.configuration, from: 17)
        for _ in 0..<5 { #expect(try started.appendDurably(1)) }
        started.journal.close()
        let whole = try TestJournal(disk, Self.configuration)
        #expect(whole.replayed.count == 25)
        expectTestRecords(whole.replayed)
        whole.journal.close()
    }

    @Test func `segments before the position may be missing, and no other`() throws {
        let image = try closedJournal()
        for removed in 1...6 as ClosedRange<UInt64> {
            for origin in 0...Self.records {
                let disk = FakeDisk()
                for name in image.fileNames { disk.setContents(name, image.contents(name)) }
                for number in 1...removed { disk.deleteFile(Self.segment(number)) }
                // Segment n begins with record 3n - 2.
                if origin + 1 >= 3 * removed + 1 {
                    let started = try TestJournal(disk, Self.configuration, from: origin)
                    #expect(started.replayed == (origin..<Self.records).map { testRecord($0 + 1) })
                    let first = 3 * removed + 1
                    #expect(try started.journal.read(at: first) == testRecord(first))
                    let error = #expect(throws: JournalError.self) { try started.journal.read(at: first - 1) }
                    #expect(error?.code == .notFound)
                    started.journal.close()
                } else {
                    let error = #expect(throws: JournalError.self) {
                        try TestJournal(disk, Self.configuration, from: origin)
                    }
                    #expect(error?.code == .corrupt)
                    #expect(error?.description.contains("record \(origin + 1) is not there") == true)
                }
            }
        }
    }

    @Test func `a prepared segment alone is no new journal, for recovery and the verifier alike`() throws {
        let disk = try closedJournal()
        let segments = disk.fileNames.filter { $0.hasSuffix(JournalDirectory.segmentSuffix) }
        for name in segments.dropLast() { disk.deleteFile(name) }
        // The prepared one, if the journal left one; else the last becomes one.
        let last = try #require(segments.last)
        disk.setContents(last, [UInt8](repeating: 0, count: disk.contents(last).count))
        disk.deleteFile(TestJournal.directory + "/witness")
        let error = #expect(throws: JournalError.self) { try TestJournal(disk, Self.configuration) }
        #expect(error?.code == .corrupt)
        let verified = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(!verified.isSound && verified.problem?.code == .corrupt)
    }

    @Test func `gap between segments is refused wherever the start is`() throws {
        let disk = try closedJournal()
        disk.deleteFile(Self.segment(3))
        for origin in [0, 4, 8, 15, 20] as [RecordPosition] {
            let error = #expect(throws: JournalError.self) { try TestJournal(disk, Self.configuration, from: origin) }
            #expect(error?.code == .corrupt)
        }
    }

    @Test func `journal that ends before the position is refused`() throws {
        let disk = try closedJournal()
        for origin in [Self.records + 1, 1_000] {
            let error = #expect(throws: JournalError.self) { try TestJournal(disk, Self.configuration, from: origin) }
            #expect(error?.code == .corrupt)
            #expect(error?.description.contains("ends with record 20") == true)
        }
        let error = #expect(throws: JournalError.self) { try TestJournal(FakeDisk(), from: 1) }
        #expect(error?.code == .corrupt)
    }

    @Test func `damage after the position is refused, before the scanned segment it is not looked for`() throws {
        let image = try closedJournal()
        for number in 1...6 as ClosedRange<UInt64> {
            for origin in [0, 9, 18] as [RecordPosition] {
                let disk = FakeDisk()
                for name in image.fileNames { disk.setContents(name, image.contents(name)) }
                disk.flip(Self.segment(number), byte: 8_192 + 300, mask: 1)
                let opened = try? TestJournal(disk, Self.configuration, from: origin)
                #expect((opened != nil) == (number <= origin / 3))
                opened?.journal.close()
            }
        }
    }

    @Test func `damaged header of a segment that is not scanned is refused`() throws {
        let disk = try closedJournal()
        disk.flip(Self.segment(2), byte: 300, mask: 1)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk, Self.configuration, from: 18) }
        #expect(error?.code == .corrupt)
        #expect(error?.description.contains(JournalDirectory.segmentName(2)) == true)
    }

    @Test func `torn tail is cut after a start from a position, too`() throws {
        let disk = try closedJournal()
        disk.deleteFile(TestJournal.directory + "/witness")
        disk.flip(Self.segment(7), byte: 8_192 + 300, mask: 1)
        let started = try TestJournal(disk, Self.configuration, from: 18)
        #expect(started.replayed == [testRecord(19)] && started.report.torn != nil)
        started.journal.close()
    }
}
