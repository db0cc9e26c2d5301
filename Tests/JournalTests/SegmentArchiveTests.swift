import Testing

@testable import Journal

/// Retired segments go to the archive, and their files are used again.
@Suite struct SegmentArchiveTests {
    private let disk = FakeDisk()

    private func names(_ suffix: String) -> [String] {
        disk.fileNames.filter { $0.hasSuffix(suffix) }.map { String($0.split(separator: "/").last ?? "") }
    }

    @Test func `retired segments are archived under names that sort, and the rest stays`() throws {
        let journal = try ArchivingJournal(disk, spares: 100)
        try journal.append(20)
        journal.archiveAll()
        #expect(names(".archive").isEmpty, "nothing was retired")
        journal.journal.retire(upTo: 11)
        journal.archiveAll()
        let number: (Int) -> String = { String(repeating: "0", count: 19) + "\($0)" }
        #expect(
            names(".archive") == [
                "\(number(1))-\(number(1))-\(number(3)).archive",
                "\(number(2))-\(number(4))-\(number(6)).archive",
                "\(number(3))-\(number(7))-\(number(9)).archive",
            ]
        )
        let statistics = journal.journal.statistics.archive
        #expect(statistics.archived == 3 && statistics.failures == 0 && statistics.waiting == 0)
        #expect(statistics.bytesBefore == 3 * 16_384)
        journal.journal.close()
    }

    @Test func `the segment in use is never archived`() throws {
        let journal = try ArchivingJournal(disk, spares: 0)
        try journal.append(20)
        journal.journal.retire(upTo: 1_000_000)
        journal.archiveAll()
        #expect(names(".archive").count == 6)
        #expect(names(".journal").contains(JournalDirectory.segmentName(7)))
        try journal.append(5)
        journal.journal.close()
        let again = try ArchivingJournal(disk, from: 20)
        #expect(again.test.replayed.count == 5)
        again.journal.close()
    }

    @Test func `an archived segment is the segment, byte for byte`() throws {
        let journal = try ArchivingJournal(disk, spares: 100)
        try journal.append(10)
        journal.journal.retire(upTo: 9)
        journal.archiveAll()
        for number in 1...3 as ClosedRange<UInt64> {
            let path = TestJournal.directory + "/" + JournalDirectory.segmentName(number)
            let name = try #require(
                disk.fileNames.first { $0.contains("archive/" + JournalDirectory.segmentName(number).dropLast(8)) }
            )
            let file = try ArchivedSegment(disk, name)
            var bytes = [UInt8](repeating: 1, count: 16_384)
            let got = try bytes.withUnsafeMutableBytes { buffer in try file.read(into: buffer, at: 0) }
            #expect(got == 16_384)
            #expect(bytes == disk.contents(path))
        }
        journal.journal.close()
    }

    @Test func `archived files are used again, and old bytes never count`() throws {
        let journal = try ArchivingJournal(disk)
        for round in 1...20 {
            try journal.append(10)
            journal.journal.retire(upTo: RecordPosition(round * 10 - 5))
            journal.archiveAll()
        }
        let statistics = journal.journal.statistics.archive
        #expect(statistics.recycled > 20 && statistics.failures == 0)
        #expect(names(".journal").count <= 8)
        for position in 1...200 as ClosedRange<RecordPosition> {
            #expect(try journal.journal.read(at: position) == testRecord(position))
        }
        journal.journal.close()
        for origin in stride(from: 195, through: 200, by: 1) as StrideThrough<RecordPosition> {
            let again = try ArchivingJournal(disk, from: origin)
            #expect(again.test.replayed == (origin..<200).map { testRecord($0 + 1) })
            #expect(again.test.report.torn == nil, "old bytes are not torn ones after a close")
            again.journal.close()
        }
    }

    @Test func `a start without a snapshot reads the archive, and the verifier all of the chain`() throws {
        let journal = try ArchivingJournal(disk)
        for round in 1...10 {
            try journal.append(10)
            journal.journal.retire(upTo: RecordPosition(round * 10 - 5))
            journal.archiveAll()
        }
        journal.journal.close()
        let whole = try ArchivingJournal(disk)
        #expect(whole.test.replayed.count == 100 && whole.test.report.segmentsFromArchive > 20)
        expectTestRecords(whole.test.replayed)
        whole.journal.close()
        let verification = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(verification.isSound && verification.records == 100 && verification.firstPosition == 1)
        var dumped: [[UInt8]] = []
        try JournalDump.forEachRecord(directory: TestJournal.directory, fileSystem: disk) { _, _, bytes in
            dumped.append(bytes.withUnsafeBufferPointer(Array.init))
        }
        #expect(dumped == whole.test.replayed)
        let directory = TestJournal.directory
        #expect(try JournalDump.firstPosition(directory: directory, fileSystem: disk) == 1)
        // Without its archive a journal begins later, and a tool that needs all of it can refuse.
        #expect(try JournalDump.firstPosition(directory: directory, archive: "/elsewhere", fileSystem: disk) > 1)
    }

    @Test func `a flipped bit anywhere in an archived segment is found`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(20)
        journal.journal.retire(upTo: 15)
        journal.archiveAll()
        journal.journal.close()
        let path = try #require(disk.fileNames.first { $0.hasSuffix(".archive") })
        var unnoticed = 0
        for byte in disk.contents(path).indices where byte < 300 || byte % 37 == 0 || byte / 64 == 64 {
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
            let verification = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
            if verification.isSound { unnoticed += 1 } else { #expect(verification.problem?.code == .corrupt) }
            disk.flip(path, byte: byte, mask: 1 << UInt8(byte % 8))
        }
        // Padding behind the table, at most a block.
        #expect(unnoticed < 4_096 / 37)
        #expect(JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk).isSound)
    }

    @Test func `a damaged segment is not archived, stays, and is counted`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(20)
        disk.flip(TestJournal.directory + "/" + JournalDirectory.segmentName(2), byte: 8_192 + 300, mask: 1)
        journal.journal.retire(upTo: 15)
        journal.archiveAll()
        #expect(names(".archive").count == 1)
        #expect(names(".journal").contains(JournalDirectory.segmentName(2)))
        let statistics = journal.journal.statistics.archive
        #expect(statistics.failures == 1 && statistics.failure?.contains("batch 5 is damaged") == true)
        try journal.append(1)
        journal.journal.close()
    }

    @Test func `an archive that refuses writes is tried again a minute later, and the journal goes on`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(20)
        #expect(journal.journal.stepArchiver() == .did, "looks at what is there")
        journal.journal.retire(upTo: 15)
        #expect(journal.journal.stepArchiver() == .did, "opens both files")
        disk.arm(.refuse(code: 5), atOperation: disk.operations + 1)
        while journal.journal.statistics.archive.failures == 0 {
            journal.clock.advance(10_000_000)
            _ = journal.journal.stepArchiver()
        }
        journal.archiveAll()
        #expect(journal.journal.statistics.archive.archived == 0, "not at once")
        try journal.append(1)
        journal.clock.advance(60_000_000_000)
        journal.archiveAll()
        #expect(journal.journal.statistics.archive.archived == 5)
        #expect(journal.journal.statistics.archive.failure == nil)
        #expect(!disk.fileNames.contains { $0.hasSuffix(".tmp") })
        journal.journal.close()
    }

    @Test func `expired segments are deleted one a minute, only when configured, never the newest`() throws {
        let journal = try ArchivingJournal(disk, keep: 1)
        try journal.append(30)
        journal.journal.retire(upTo: 28)
        journal.archiveAll()
        let before = names(".archive")
        #expect(before.count > 3)
        // The newest archived segment's batches have to be older than the oldest's by more than a
        // millisecond.
        for _ in 0..<20 {
            journal.clock.advance(60_000_000_000)
            journal.archiveAll()
        }
        let after = names(".archive")
        #expect(after.last == before.last && before.suffix(after.count) == after[...])
        let statistics = journal.journal.statistics.archive
        #expect(statistics.expired == statistics.archived - UInt64(after.count))
        if statistics.expired > 0 {
            let error = #expect(throws: JournalError.self) { try journal.journal.read(at: 1) }
            #expect(error?.code == .notFound)
        }
        journal.journal.close()
    }

    @Test func `without an archive retired segments stay`() throws {
        let journal = try TestJournal(disk, TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096))
        for _ in 0..<20 { #expect(try journal.appendDurably(1)) }
        journal.journal.retire(upTo: 20)
        journal.journal.close()
        #expect(names(".journal").contains(JournalDirectory.segmentName(1)) && names(".archive").isEmpty)
    }

    @Test func `threads archive and recycle under appends and reads`() throws {
        var configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
        configuration.archive = JournalArchiveConfiguration(
            directory: ArchivingJournal.archive,
            spareSegments: 2,
            pauseNanoseconds: 1_000
        )
        let journal = try TestJournal(disk, configuration)
        for round in 1...300 {
            #expect(try journal.appendDurably(1))
            journal.journal.retire(upTo: RecordPosition(round))
            let position = RecordPosition(1 + round * 7 % round)
            #expect(try journal.journal.read(at: position) == testRecord(position))
        }
        journal.journal.close()
        #expect(journal.owner.failures.isEmpty)
        #expect(journal.journal.statistics.archive.failures == 0)
        let again = try TestJournal(disk, configuration)
        expectTestRecords(again.replayed)
        #expect(again.replayed.count == 300)
        again.journal.close()
    }
}
