import Testing

@testable import Journal

/// Hot copies: whatever the journal does meanwhile, the copy opens by itself with every record that
/// was durable when it began.
@Suite struct JournalBackupTests {
    private let disk = FakeDisk()
    private static let target = "backup"

    /// Opens the copy on a disk of its own and gives its records.
    private func opened() throws -> [[UInt8]] {
        let verification = JournalVerifier.verify(directory: Self.target, fileSystem: disk)
        #expect(verification.isSound, "\(String(describing: verification.problem))")
        let copy = FakeDisk()
        for name in disk.fileNames where name.hasPrefix(Self.target + "/") {
            copy.setContents(TestJournal.directory + name.dropFirst(Self.target.count), disk.contents(name))
        }
        let journal = try ArchivingJournal(copy)
        #expect(journal.test.report.torn == nil)
        try journal.append(5)
        journal.journal.close()
        return journal.test.replayed
    }

    @Test(arguments: [0, 1, 3, 20, 50]) func `a copy of a quiet journal is the journal`(records: Int) throws {
        let journal = try ArchivingJournal(disk)
        for round in 0..<records {
            try journal.append(1)
            if round % 10 == 9 {
                journal.journal.retire(upTo: RecordPosition(round - 5))
                journal.archiveAll()
            }
        }
        let result = try JournalBackup.copy(directory: TestJournal.directory, to: Self.target, fileSystem: disk)
        #expect(result.lastPosition == UInt64(records))
        journal.journal.close()
        #expect(try opened() == (0..<records).map { testRecord(UInt64($0) + 1) })
    }

    @Test func `a copy made while the journal writes, archives and recycles is whole`() throws {
        for seed in 1...25 as ClosedRange<UInt64> {
            for name in disk.fileNames { disk.deleteFile(name) }
            let journal = try ArchivingJournal(disk, spares: 1)
            try journal.append(30)
            journal.journal.retire(upTo: 8)
            journal.archiveAll()
            var random = SplitMix(state: seed)
            var retired: RecordPosition = 8
            let result = try JournalBackup.copy(
                directory: TestJournal.directory,
                to: Self.target,
                fileSystem: disk
            ) { _ in
                switch random.next() % 3 {
                case 0: try? journal.append(Int(random.next() % 9))
                case 1:
                    retired = min(retired + random.next() % 12, journal.journal.lastPosition)
                    journal.journal.retire(upTo: retired)
                    journal.archiveAll()
                default: break
                }
            }
            let last = journal.journal.lastPosition
            journal.journal.close()
            #expect(result.lastPosition >= 30 && result.lastPosition <= last, "seed \(seed)")
            #expect(try opened() == (1...result.lastPosition).map { testRecord($0) }, "seed \(seed)")
        }
    }

    /// In the header of the first segment, and in its first batch.
    @Test(arguments: [100, 4_096 + 40]) func `a journal that is damaged before its durable end is not copied`(
        byte: Int
    ) throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(5)
        journal.journal.close()
        let segment = "\(TestJournal.directory)/\(JournalDirectory.segmentName(1))"
        var bytes = disk.contents(segment)
        bytes[byte] ^= 1
        disk.setContents(segment, bytes)
        #expect(throws: JournalProblem.self) {
            try JournalBackup.copy(directory: TestJournal.directory, to: Self.target, fileSystem: disk)
        }
        bytes[byte] ^= 1
        disk.setContents(segment, bytes)
        let result = try JournalBackup.copy(directory: TestJournal.directory, to: Self.target, fileSystem: disk)
        #expect(result.lastPosition == 5)
    }

    @Test func `what is cut, torn, half made or a lock is not copied`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(3)
        for name in ["x.torn", "1.journal.cut", "witness.damaged", "y.tmp"] {
            disk.setContents(TestJournal.directory + "/" + name, [1])
        }
        disk.setContents(TestJournal.directory + "/checkpoints", [1, 2, 3])
        _ = try JournalBackup.copy(directory: TestJournal.directory, to: Self.target, fileSystem: disk)
        journal.journal.close()
        let names = Set(disk.fileNames.filter { $0.hasPrefix(Self.target) }.map { String($0.dropFirst(7)) })
        #expect(names == [JournalDirectory.segmentName(1), "witness", "checkpoints"])
    }

    @Test func `damage in the middle is not copied as if it were whole`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(20)
        journal.journal.close()
        disk.flip(TestJournal.directory + "/" + JournalDirectory.segmentName(2), byte: 8_192 + 300, mask: 1)
        let error = #expect(throws: JournalProblem.self) {
            try JournalBackup.copy(directory: TestJournal.directory, to: Self.target, fileSystem: disk)
        }
        #expect(error?.code == .corrupt)
    }
}
