import Testing

@testable import Journal

/// One flipped bit is turned back when the chain proves it, and nothing else is touched.
@Suite struct JournalMendTests {
    private static let directory = TestJournal.directory
    private static let records: RecordPosition = 20
    private static let batches = 10
    /// Three batches of two records to a segment.
    private static let configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
    /// A batch of two records of 100 bytes.
    private static let frameBytes = BatchHeader.byteCount + 2 * 104

    private static func segment(of batch: Int) -> String {
        directory + "/" + JournalDirectory.segmentName(UInt64((batch - 1) / 3 + 1))
    }

    private static func offset(of batch: Int) -> Int { 4_096 + (batch - 1) % 3 * 4_096 }

    private func closedJournal(_ configuration: JournalConfiguration = Self.configuration) throws -> FakeDisk {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, configuration)
        for _ in 0..<Self.batches { #expect(try journal.appendDurably(2)) }
        journal.journal.close()
        return disk
    }

    @Test func `a bit of any batch is found, proven and turned back`() throws {
        let disk = try closedJournal()
        for batch in 1...Self.batches {
            let path = Self.segment(of: batch)
            let whole = disk.contents(path)
            for byte in stride(from: 0, to: Self.frameBytes, by: 7) {
                disk.setContents(path, whole)
                let place = Self.offset(of: batch) + byte
                disk.flip(path, byte: place, mask: 1 << UInt8(byte % 8))
                #expect(!JournalVerifier.verify(directory: Self.directory, fileSystem: disk).isSound)
                let plan = try JournalRepair.mendPlan(directory: Self.directory, fileSystem: disk)
                #expect(plan.offset == UInt64(place) && plan.bit == byte % 8 && plan.batch == UInt64(batch))
                #expect(plan.firstPosition == UInt64(batch * 2 - 1) && plan.lastPosition == UInt64(batch * 2))
                #expect(disk.contents(path) != whole, "a plan changes nothing")
                #expect(try JournalRepair.mend(directory: Self.directory, fileSystem: disk) == plan)
                #expect(disk.contents(path) == whole, "batch \(batch), byte \(byte)")
                for name in disk.fileNames where name.contains(".cut") { disk.deleteFile(name) }
            }
            disk.setContents(path, whole)
        }
        let journal = try TestJournal(disk, Self.configuration)
        #expect(journal.replayed.count == Int(Self.records))
        expectTestRecords(journal.replayed)
        journal.journal.close()
    }

    @Test func `the proof is the next batch, the next segment or the witness`() throws {
        for (batch, proof) in [(1, "batch 2"), (3, "segment 2"), (10, "the witness")] {
            let disk = try closedJournal()
            disk.flip(Self.segment(of: batch), byte: Self.offset(of: batch) + 300, mask: 4)
            let plan = try JournalRepair.mendPlan(directory: Self.directory, fileSystem: disk)
            #expect(plan.proof == proof)
        }
    }

    @Test func `without a proof, with two bits, or with a forged batch nothing is mended`() throws {
        func expectRefused(_ damage: (FakeDisk) -> Void) throws {
            let disk = try closedJournal()
            damage(disk)
            let before = disk.fileNames.map { disk.contents($0) }
            let error = #expect(throws: JournalProblem.self) {
                try JournalRepair.mend(directory: Self.directory, fileSystem: disk)
            }
            #expect(error?.code == .notFound && error?.detail.contains("no single flipped bit") == true)
            #expect(disk.fileNames.map { disk.contents($0) } == before)
        }
        let (path, place) = (Self.segment(of: 4), Self.offset(of: 4))
        try expectRefused { _ in }
        try expectRefused { disk in
            disk.flip(path, byte: place + 300, mask: 1)
            disk.flip(path, byte: place + 301, mask: 1)
        }
        try expectRefused { disk in
            disk.flip(path, byte: place + 20, mask: 1)
            disk.flip(path, byte: place + 300, mask: 1)
        }
        // A checksum that was made to fit the changed record: turning a bit of it back gives the
        // record that was changed, and not what the next batch names.
        try expectRefused { disk in
            disk.flip(path, byte: place + 300, mask: 3)
            var bytes = disk.contents(path)
            let checksum = bytes.withUnsafeBytes { crc32c($0.part(place + 256, 2 * 104)) }
            for shift in 0..<4 { bytes[place + 4 + shift] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * shift)) }
            disk.setContents(path, bytes)
            disk.flip(path, byte: place + 300, mask: 1)
        }
    }

    @Test func `several damaged batches take one call each`() throws {
        let disk = try closedJournal()
        for batch in [2, 5, 9] { disk.flip(Self.segment(of: batch), byte: Self.offset(of: batch) + 280, mask: 16) }
        for batch: UInt64 in [2, 5, 9] {
            #expect(try JournalRepair.mend(directory: Self.directory, fileSystem: disk).batch == batch)
        }
        #expect(JournalVerifier.verify(directory: Self.directory, fileSystem: disk).isSound)
    }

    @Test func `an encrypted journal is mended without its key`() throws {
        let ring = try MasterKeyRing(text: Array("1:\(String(repeating: "A", count: 43))=\n".utf8), source: "test")
        var configuration = Self.configuration
        configuration.keys = JournalKeys(ring)
        let disk = try closedJournal(configuration)
        disk.flip(Self.segment(of: 4), byte: Self.offset(of: 4) + 300, mask: 1)
        _ = try JournalRepair.mend(directory: Self.directory, fileSystem: disk)
        let journal = try TestJournal(disk, configuration)
        expectTestRecords(journal.replayed)
        #expect(journal.replayed.count == Int(Self.records))
        journal.journal.close()
    }

    @Test func `interrupted at every operation it can be done again`() throws {
        let image = try closedJournal()
        let whole = image.contents(Self.segment(of: 4))
        image.flip(Self.segment(of: 4), byte: Self.offset(of: 4) + 300, mask: 1)
        let trial = image.restarted()
        _ = try JournalRepair.mend(directory: Self.directory, fileSystem: trial)
        for operation in 1...trial.operations {
            let disk = image.restarted()
            disk.arm(.powerOff, atOperation: operation)
            _ = try? JournalRepair.mend(directory: Self.directory, fileSystem: disk)
            let after = disk.afterPowerFailure(seed: UInt64(operation))
            if after.contents(Self.segment(of: 4)) != whole {
                _ = try JournalRepair.mend(directory: Self.directory, fileSystem: after)
            }
            #expect(after.contents(Self.segment(of: 4)) == whole, "operation \(operation)")
        }
    }

    @Test func `a journal that a process has is refused`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk, Self.configuration)
        #expect(try journal.appendDurably(2))
        let error = #expect(throws: JournalProblem.self) {
            try JournalRepair.mend(directory: Self.directory, fileSystem: disk)
        }
        #expect(error?.code == .fenced)
        journal.journal.close()
    }
}
