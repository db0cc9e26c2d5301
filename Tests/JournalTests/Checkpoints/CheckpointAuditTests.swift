import Testing

@testable import Journal

/// An attacker who recomputes every checksum and the whole chain, and only lacks the signing key:
/// each attack passes a check without checkpoints and is found, in its place, with them.
@Suite struct CheckpointAuditTests {
    private let signing = SigningJournal(signer: .generate())
    private let first = JournalDirectory.segmentName(1)

    /// Fifteen batches of two records in a segment, a checkpoint after each: batch b holds records
    /// 2b - 1 and 2b at 4096 b.
    private func journal(batches: Int = 6) throws -> FakeDisk {
        let disk = FakeDisk()
        try signing.write(disk, [Int](repeating: 2, count: batches))
        #expect(signing.verify(disk).isSound)
        #expect(signing.verify(disk).checkpoints?.confirmed == UInt64(batches))
        return disk
    }

    private func forge(_ disk: FakeDisk, _ change: (inout Forger) -> Void) {
        var forger = Forger(disk)
        change(&forger)
        forger.write()
        let found = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(found.isSound, "the forgery itself must be without fault: \(found.problem?.description ?? "")")
    }

    private func findings(_ disk: FakeDisk, kept: [String] = []) -> [CheckpointFinding] {
        let found = signing.verify(disk, kept: kept)
        #expect(!found.isSound)
        return found.checkpoints?.findings ?? []
    }

    /// The attack is found, as a change of exactly this batch.
    private func expectChange(_ disk: FakeDisk, batch: UInt64, positions: ClosedRange<UInt64>) {
        let found = findings(disk)
        #expect(found.first?.kind == .changed && found.first?.file == first)
        #expect(found.first?.offset == batch * 4096)
        #expect(found.first?.batches == batch...batch && found.first?.positions == positions)
    }

    @Test(arguments: [4, 50, 103, 207]) func `a flipped byte of a record`(byte: Int) throws {
        let disk = try journal()
        forge(disk) { $0.batches[2].batch.records = $0.batches[2].batch.records.map { $0 } }
        #expect(signing.verify(disk).isSound, "a forger that changes nothing writes what was there")
        forge(disk) { $0.batches[2].batch.payload[byte] ^= 1 }
        expectChange(disk, batch: 3, positions: 5...6)
    }

    @Test func `a changed field of a header`() throws {
        let changes: [(inout BatchHeader) -> Void] = [
            { $0.wallMilliseconds += 1 }, { $0.flags = 1 },
            {
                $0.epoch += 0
                $0.wallMilliseconds = 0
            },
        ]
        for change in changes {
            let disk = try journal()
            forge(disk) { change(&$0.batches[4].batch.header) }
            expectChange(disk, batch: 5, positions: 9...10)
        }
    }

    @Test func `a record removed, put in, or replaced by another`() throws {
        var disk = try journal()
        forge(disk) { $0.batches[1].batch.records.removeFirst() }
        expectChange(disk, batch: 2, positions: 3...3)
        disk = try journal()
        forge(disk) { $0.batches[1].batch.records.insert([1, 2, 3], at: 1) }
        expectChange(disk, batch: 2, positions: 3...5)
        disk = try journal()
        forge(disk) { $0.batches[1].batch.records.swapAt(0, 1) }
        expectChange(disk, batch: 2, positions: 3...4)
    }

    @Test func `two batches in each other's place`() throws {
        let disk = try journal()
        forge(disk) { $0.batches.swapAt(2, 4) }
        expectChange(disk, batch: 3, positions: 5...6)
    }

    @Test func `a batch removed from the middle, and one put in`() throws {
        var disk = try journal()
        forge(disk) { $0.batches.remove(at: 3) }
        expectChange(disk, batch: 4, positions: 7...8)
        disk = try journal()
        forge(disk) { $0.batches.insert($0.batches[3], at: 3) }
        // The batch put in is the one that was signed but for its place; the wrong one comes after
        // it.
        expectChange(disk, batch: 5, positions: 9...10)
    }

    @Test func `the last batches removed`() throws {
        let disk = try journal()
        forge(disk) { $0.batches.removeLast(2) }
        let found = findings(disk)
        #expect(found.map(\.kind) == [.deleted])
        #expect(found.first?.file == first && found.first?.offset == 5 * 4096)
        #expect(found.first?.batches == 5...6 && found.first?.positions == 9...12)
    }

    @Test func `whole segments removed from the end, behind a signed head`() throws {
        let disk = try journal(batches: 40)
        forge(disk) { $0.deleteSegments(from: 2) }
        let found = findings(disk)
        #expect(found.map(\.kind) == [.deleted] && found.first?.file == first)
        #expect(found.first?.batches == 16...40 && found.first?.positions == 31...80)
    }

    @Test func `every segment removed`() throws {
        let disk = try journal()
        forge(disk) { $0.deleteSegments(from: 1) }
        #expect(findings(disk).map(\.kind) == [.deleted])
        #expect(findings(disk).first?.batches == 1...6)
    }

    @Test func `between two checkpoints the place is as exact as they are`() throws {
        let disk = try journal()
        var log = disk.contents(SigningJournal.log)
        let kept = SigningJournal.lines(disk).compactMap { $0 }
        log.removeSubrange(512...)
        disk.setContents(SigningJournal.log, log)
        forge(disk) { $0.batches[3].batch.payload[9] ^= 1 }
        let found = findings(disk, kept: [kept[0].line, kept[5].line])
        #expect(found.map(\.kind) == [.log, .changed])
        #expect(found.last?.offset == 2 * 4096 && found.last?.batches == 2...6 && found.last?.positions == 3...12)
    }

    @Test func `journal and log cut to the same earlier point, which only a kept checkpoint shows`() throws {
        let disk = try journal()
        let kept = try #require(SigningJournal.lines(disk)[5]).line
        forge(disk) { $0.batches.removeLast(2) }
        disk.setContents(SigningJournal.log, Array(disk.contents(SigningJournal.log).prefix(4 * 512)))
        #expect(signing.verify(disk).isSound, "nothing in the directory itself shows it")
        let found = findings(disk, kept: [kept])
        #expect(found.map(\.kind) == [.log, .deleted])
        #expect(found[0].file == "checkpoints" && found[0].offset == 5 * 512)
        #expect(found[1].batches == 5...6 && found[1].positions == 9...12)
    }

    @Test func `a log signed anew with the attacker's key`() throws {
        let disk = try journal()
        forge(disk) { $0.batches[0].batch.payload[9] ^= 1 }
        disk.deleteFile(SigningJournal.log)
        let attacker = SigningJournal(signer: .generate())
        try attacker.write(disk, [])
        let journal = try TestJournal(disk, attacker.configuration())
        SigningJournal.settle(journal)
        journal.journal.close()
        #expect(attacker.verify(disk).isSound)
        #expect(findings(disk).map(\.kind) == [.log, .unsigned])
    }

    @Test func `no log at all`() throws {
        let disk = try journal()
        disk.deleteFile(SigningJournal.log)
        #expect(findings(disk).map(\.kind) == [.unsigned])
    }

    @Test func `a journal without a batch needs no checkpoint`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [])
        #expect(signing.verify(disk).isSound)
    }

    @Test func `lines of the log changed, removed, or in another order`() throws {
        let whole = try journal()
        let log = whole.contents(SigningJournal.log)
        func slots(_ order: [Int]) -> [UInt8] { order.flatMap { Array(log[$0 * 512..<$0 * 512 + 512]) } }
        let cases: [([UInt8], [UInt64])] = [
            (slots([0, 1, 3, 4, 5]), [2 * 512, 3 * 512, 4 * 512]), (slots([0, 2, 1, 3, 4, 5]), [512, 1024, 1536]),
            (slots([1, 2, 3, 4, 5]), [0, 512, 1024, 1536, 2048]), (slots([0, 0, 2, 3, 4, 5]), [512, 1024]),
            (slots([0]) + [UInt8](repeating: 32, count: 512) + slots([2, 3, 4, 5]), [512]),
        ]
        for (bytes, offsets) in cases {
            whole.setContents(SigningJournal.log, bytes)
            let found = findings(whole)
            #expect(found.allSatisfy { $0.kind == .log && $0.file == "checkpoints" })
            #expect(found.map(\.offset) == offsets)
        }
        var changed = log
        changed[512 + 40] ^= 1
        whole.setContents(SigningJournal.log, changed)
        #expect(findings(whole).first?.offset == 512)
    }

    @Test func `a kept line that is no checkpoint, unsigned, or of another journal`() throws {
        let disk = try journal()
        let other = FakeDisk()
        var configuration = signing.configuration()
        configuration.journalID = 8
        let journal = try TestJournal(other, configuration)
        try SigningJournal.append(journal, 1)
        journal.journal.close()
        let foreign = try #require(SigningJournal.lines(other)[0]).line
        let own = try #require(SigningJournal.lines(disk)[0])
        #expect(signing.verify(disk, kept: [foreign, own.line]).checkpoints?.kept == 1)
        let forged = own.line.replacing("position=2 ", with: "position=9 ")
        let found = findings(disk, kept: [own.line, "hello", forged])
        #expect(found.map(\.kind) == [.signature, .signature] && found.map(\.offset) == [2, 3])
        #expect(found.allSatisfy { $0.file == "kept.txt" })
    }

    @Test func `encrypted journals are held against checkpoints without keys`() throws {
        let disk = FakeDisk()
        var signing = signing
        signing.keys = JournalKeys(try testRing("1: 1"))
        try signing.write(disk, [2, 2, 2])
        let withKeys = signing.verify(disk)
        signing.keys = nil
        let found = signing.verify(disk)
        #expect(withKeys.isSound && found.isSound && found.sealedBatches == 3)
        #expect(found.checkpoints?.confirmed == 3 && withKeys.checkpoints?.confirmed == 3)
    }
}
