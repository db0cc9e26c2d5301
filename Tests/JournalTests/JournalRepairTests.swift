import Testing

@testable import Journal

/// The explicit way out after damage: cut before a record, keep everything that is cut, start
/// again.
@Suite struct JournalRepairTests {
    /// Three batches of two records to a segment.
    static let configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
    static let directory = TestJournal.directory
    static let records: RecordPosition = 20

    static func segment(_ number: UInt64) -> String { directory + "/" + JournalDirectory.segmentName(number) }

    private func closedJournal() throws -> FakeDisk {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, Self.configuration)
        for _ in 0..<Self.records / 2 { #expect(try journal.appendDurably(2)) }
        journal.journal.close()
        return disk
    }

    private func copy(_ image: FakeDisk) -> FakeDisk {
        let disk = FakeDisk()
        for name in image.fileNames { disk.setContents(name, image.contents(name)) }
        return disk
    }

    /// Opens, appends and checks that exactly the records before the cut are left.
    private func expectCut(_ disk: FakeDisk, at position: RecordPosition) throws {
        let verification = JournalVerifier.verify(directory: Self.directory, fileSystem: disk)
        #expect(verification.isSound && verification.lastPosition == position - 1, "\(position)")
        let journal = try TestJournal(disk, Self.configuration)
        #expect(journal.replayed == (1..<position).map { testRecord($0) }, "\(position)")
        #expect(journal.report.torn == nil)
        for _ in 0..<5 { #expect(try journal.appendDurably(2)) }
        journal.journal.close()
        let again = try TestJournal(disk, Self.configuration)
        expectTestRecords(again.replayed)
        #expect(again.replayed.count == Int(position) - 1 + 10)
        again.journal.close()
    }

    @Test func `a sound journal can be cut before any record, and every byte is kept`() throws {
        let image = try closedJournal()
        for position in 1...Self.records {
            let disk = copy(image)
            let plan = try JournalRepair.truncate(directory: Self.directory, at: position, fileSystem: disk)
            #expect(plan.lostRecords == Self.records - position + 1 && plan.problem == nil)
            #expect(plan.recordsKeptOfBatch == (position % 2 == 0 ? 1 : 0))
            let kept = Set(disk.fileNames.filter { $0.contains(".cut") }.map { disk.contents($0) })
            for name in image.fileNames where disk.contents(name) != image.contents(name) && !name.hasSuffix("lock") {
                #expect(kept.contains(image.contents(name)), "\(name) is kept")
            }
            try expectCut(disk, at: position)
        }
    }

    @Test func `a plan changes nothing and says what would be lost`() throws {
        let disk = try closedJournal()
        disk.flip(Self.segment(2), byte: 8_192 + 300, mask: 1)
        let before = disk.fileNames.map { disk.contents($0) }
        let plan = try JournalRepair.plan(directory: Self.directory, truncateAt: 9, fileSystem: disk)
        #expect(disk.fileNames.map { disk.contents($0) } == before)
        #expect(plan.problem?.position == 9 && plan.position == 9 && plan.lastKnown == 20 && plan.lostRecords == 12)
        #expect(plan.file == JournalDirectory.segmentName(2) && plan.offset == 8_192)
        #expect(plan.setAside.contains(Self.segment(3)) && plan.setAside.contains(Self.segment(4)))
        var readable: [RecordPosition] = []
        try JournalRepair.forEachLostRecord(directory: Self.directory, from: 9, fileSystem: disk) {
            _,
            position,
            bytes in
            readable.append(position)
            #expect(bytes.withUnsafeBufferPointer(Array.init) == testRecord(position))
        }
        #expect(readable == [11, 12, 13, 14, 15, 16, 17, 18, 19, 20], "batch 5 is damaged, the others are not")
    }

    @Test func `after damage the journal starts from what lies before it, wherever the damage is`() throws {
        let image = try closedJournal()
        for batch in 1...10 as ClosedRange<UInt64> {
            let disk = copy(image)
            disk.flip(Self.segment((batch - 1) / 3 + 1), byte: 4_096 + Int((batch - 1) % 3) * 4_096 + 300, mask: 1)
            #expect(throws: JournalError.self) { try TestJournal(disk, Self.configuration) }
            let first = 2 * batch - 1
            let late = #expect(throws: JournalProblem.self) {
                try JournalRepair.truncate(directory: Self.directory, at: first + 1, fileSystem: disk)
            }
            #expect(late?.code == .corrupt)
            #expect(late?.detail.contains("cut at record \(first) or before it") == true)
            _ = try JournalRepair.truncate(directory: Self.directory, at: first, fileSystem: disk)
            try expectCut(disk, at: first)
        }
    }

    @Test func `nothing to cut is refused`() throws {
        let disk = try closedJournal()
        for position in [0, 21, 100] as [RecordPosition] {
            #expect(throws: JournalProblem.self) {
                try JournalRepair.truncate(directory: Self.directory, at: position, fileSystem: disk)
            }
        }
        #expect(!disk.fileNames.contains { $0.contains(".cut") })
    }

    @Test func `a journal that a process has is refused`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, Self.configuration)
        #expect(try journal.appendDurably(2))
        let error = #expect(throws: JournalProblem.self) {
            try JournalRepair.truncate(directory: Self.directory, at: 1, fileSystem: disk)
        }
        #expect(error?.code == .fenced)
        journal.journal.close()
    }

    @Test func `an encrypted batch is parted with its key only`() throws {
        let disk = FakeDisk()
        let ring = try MasterKeyRing(text: Array("1:\(String(repeating: "A", count: 43))=\n".utf8), source: "test")
        var configuration = Self.configuration
        configuration.keys = JournalKeys(ring)
        let journal = try TestJournal(disk, configuration)
        for _ in 0..<4 { #expect(try journal.appendDurably(2)) }
        journal.journal.close()
        let error = #expect(throws: JournalProblem.self) {
            try JournalRepair.truncate(directory: Self.directory, at: 4, fileSystem: disk)
        }
        #expect(error?.code == .key)
        _ = try JournalRepair.truncate(directory: Self.directory, at: 4, keys: ring, fileSystem: disk)
        let again = try TestJournal(disk, configuration)
        #expect(again.replayed == (1...3).map { testRecord($0) })
        again.journal.close()
    }

    @Test func `interrupted at every operation it can be done again, and no start before loses records silently`()
        throws
    {
        let image = try closedJournal()
        image.flip(Self.segment(2), byte: 8_192 + 300, mask: 1)
        let trial = copy(image)
        _ = try JournalRepair.truncate(directory: Self.directory, at: 8, fileSystem: trial)
        for operation in 1...trial.operations {
            let disk = copy(image)
            disk.arm(.powerOff, atOperation: operation)
            _ = try? JournalRepair.truncate(directory: Self.directory, at: 8, fileSystem: disk)
            let after = disk.afterPowerFailure(seed: UInt64(operation))
            if let started = try? TestJournal(copy(after), Self.configuration) {
                #expect(started.replayed == (1...7).map { testRecord($0) }, "operation \(operation)")
                started.journal.close()
                continue
            }
            _ = try JournalRepair.truncate(directory: Self.directory, at: 8, fileSystem: after)
            try expectCut(after, at: 8)
        }
    }
}
