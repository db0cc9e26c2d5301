import Testing

@testable import Journal

/// Journals that are encrypted at rest: nothing in clear, rotation, and refusal of wrong and
/// missing keys.
@Suite struct EncryptedJournalTests {
    static let segments = (1...6).map { TestJournal.directory + "/" + JournalDirectory.segmentName(UInt64($0)) }
    static let secret = Array("pi_1GszsK2eZvKYlo2CfhZyoZLp reference ORDER-4711".utf8)

    private func configuration(_ keys: JournalKeys?) -> JournalConfiguration {
        var configuration = TestJournal.configuration()
        configuration.keys = keys
        return configuration
    }

    private func keys(_ pairs: String, active: String? = nil) throws -> JournalKeys {
        JournalKeys(try testRing(pairs, active: active))
    }

    /// Writes one batch per element, `count` test records each.
    private func write(_ disk: FakeDisk, _ keys: JournalKeys?, batches: Int, count: Int = 2) throws {
        let journal = try TestJournal(disk, configuration(keys))
        for _ in 0..<batches { #expect(try journal.appendDurably(count)) }
        journal.journal.close()
    }

    private func header(_ disk: FakeDisk, _ index: Int) throws -> SegmentHeader {
        let block = Array(disk.contents(Self.segments[index]).prefix(4096))
        guard case .header(let header) = block.withUnsafeBytes(SegmentHeader.decode) else {
            throw JournalError(.notFound, "segment \(index + 1) was not begun")
        }
        return header
    }

    private func occurs(_ needle: [UInt8], in bytes: [UInt8]) -> Bool {
        guard bytes.count >= needle.count else { return false }
        return (0...bytes.count - needle.count).contains { bytes[$0] == needle[0] && bytes[$0...].starts(with: needle) }
    }

    private func append(_ record: [UInt8], _ journal: TestJournal) throws {
        let last = journal.journal.lastPosition
        try journal.journal.append(
            records: framed([record]),
            count: 1,
            expecting: last,
            epoch: journal.journal.epoch
        )
        #expect(journal.owner.waitUntilDurable(last + 1))
    }

    @Test func `records come back from recovery, read, verify and dump, and no file holds them in clear`() throws {
        let disk = FakeDisk()
        let keys = try keys("5: 1")
        let journal = try TestJournal(disk, configuration(keys))
        try append(Self.secret, journal)
        #expect(try journal.journal.read(at: 1) == Self.secret)
        journal.journal.close()
        for name in disk.fileNames { #expect(!occurs(Self.secret, in: disk.contents(name)), "\(name)") }

        let again = try TestJournal(disk, configuration(keys))
        #expect(again.replayed == [Self.secret])
        again.journal.close()
        let found = JournalVerifier.verify(directory: TestJournal.directory, keys: keys.ring, fileSystem: disk)
        #expect(found.isSound && found.records == 1 && found.sealedBatches == 0)
        var dumped: [[UInt8]] = []
        try JournalDump.forEachRecord(directory: TestJournal.directory, keys: keys.ring, fileSystem: disk) {
            dumped.append($2.withUnsafeBufferPointer(Array.init))
        }
        #expect(dumped == [Self.secret])
    }

    @Test func `the same without keys is in clear, so the test above can fail`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        try append(Self.secret, journal)
        journal.journal.close()
        #expect(occurs(Self.secret, in: disk.contents(Self.segments[0])))
    }

    @Test func `verify without keys checks checksums and chain and says what it did not open`() throws {
        let disk = FakeDisk()
        try write(disk, try keys("5: 1"), batches: 3)
        let found = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(found.isSound && found.batches == 3 && found.records == 6 && found.sealedBatches == 3)
        disk.flip(Self.segments[0], byte: 4096 + 300, mask: 1)
        #expect(!JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk).isSound)
    }

    @Test(arguments: [
        (nil, "is encrypted under key 5, and no keys were given"),
        ("6: 1", "is encrypted under key 5, which keys does not hold"),
        ("5: 2", "is encrypted under key 5, and key 5 of keys does not open it: it is another key"),
    ])
    func `missing or wrong key refuses, names file and key, and changes nothing`(
        ring: String?,
        reason: String
    ) throws {
        let disk = FakeDisk()
        try write(disk, try keys("5: 1"), batches: 2)
        let before = disk.fileNames.map { ($0, disk.contents($0)) }
        let problem = "\(JournalDirectory.segmentName(1)), offset 0, record 1: \(reason)"
        let given = try ring.map { try keys($0) }
        #expect(throws: JournalError(.key, problem)) { _ = try TestJournal(disk, configuration(given)) }
        #expect(throws: JournalProblem(.key, file: JournalDirectory.segmentName(1), position: 1, reason)) {
            try JournalDump.forEachRecord(directory: TestJournal.directory, keys: given?.ring, fileSystem: disk) {
                _,
                _,
                _ in
            }
        }
        if let given {
            let found = JournalVerifier.verify(directory: TestJournal.directory, keys: given.ring, fileSystem: disk)
            #expect(found.problem?.code == .key)
        }
        for (name, bytes) in before where !name.hasSuffix("/lock") { #expect(disk.contents(name) == bytes, "\(name)") }
        try write(disk, try keys("5: 1"), batches: 1)
    }

    @Test func `rotation while running begins a segment under the new key with the next batch`() throws {
        let disk = FakeDisk()
        let keys = try keys("1: 1")
        let journal = try TestJournal(disk, configuration(keys))
        #expect(try journal.appendDurably(2))
        try keys.replace(with: try testRing("1: 1, 2: 2", active: "2"))
        #expect(try journal.appendDurably(2))
        #expect(try header(disk, 0).keyID == 1)
        #expect(try header(disk, 1).keyID == 2)
        #expect(try journal.journal.read(at: 1) == testRecord(1))
        #expect(try journal.journal.read(at: 3) == testRecord(3))
        journal.journal.close()
        let again = try TestJournal(disk, configuration(try self.keys("1: 1, 2: 2", active: "2")))
        expectTestRecords(again.replayed)
        #expect(again.replayed.count == 4)
        again.journal.close()
        #expect(throws: JournalError.self) { _ = try TestJournal(disk, configuration(try self.keys("2: 2"))) }
    }

    @Test func `clear, encrypted, rotated, clear again, and encrypted again is one journal`() throws {
        let disk = FakeDisk()
        try write(disk, nil, batches: 2)
        try write(disk, try keys("1: 1"), batches: 2)
        try write(disk, try keys("1: 1, 2: 2", active: "2"), batches: 2)
        try write(disk, try keys("1: 1, 2: 2", active: "none"), batches: 2)
        try write(disk, try keys("1: 1, 2: 2", active: "1"), batches: 2)
        #expect(try (0..<5).map { try header(disk, $0).keyID } == [0, 1, 2, 0, 1])
        let last = try TestJournal(disk, configuration(try keys("2: 2, 1: 1")))
        #expect(last.replayed.count == 20)
        expectTestRecords(last.replayed)
        last.journal.close()
    }

    @Test func `a torn batch and the one written in its place never share a nonce`() throws {
        let disk = FakeDisk()
        let keys = try keys("1: 1")
        try write(disk, keys, batches: 1)
        let before = disk.contents(Self.segments[0])
        let witness = disk.contents(TestJournal.directory + "/witness")
        func nonceOfSecond() throws -> SealNonce {
            let block = Array(disk.contents(Self.segments[0])[8192..<12288])
            let salt = try header(disk, 0).salt.seed
            let found = block.withUnsafeBytes { BatchHeader.decode($0, saltSeed: salt) }
            return try #require(found).nonce
        }
        var seen: [SealNonce] = []
        for _ in 0..<3 {
            // The witness is put back each time, so that even the epoch is the same.
            disk.setContents(Self.segments[0], before)
            disk.setContents(TestJournal.directory + "/witness", witness)
            try write(disk, keys, batches: 1)
            seen.append(try nonceOfSecond())
        }
        #expect(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2])
        #expect(seen.allSatisfy { $0.first == 1 && $0.second == seen[0].second })
    }

    @Test func `torn encrypted batch is cut with the right key`() throws {
        let disk = FakeDisk()
        let keys = try keys("1: 1")
        try write(disk, keys, batches: 2)
        let witness = disk.contents(TestJournal.directory + "/witness")
        try write(disk, keys, batches: 1, count: 20)
        disk.setContents(TestJournal.directory + "/witness", witness)
        disk.flip(Self.segments[0], byte: 4096 * 3 + 1_000, mask: 255)
        let journal = try TestJournal(disk, configuration(keys))
        #expect(journal.report.torn != nil && journal.replayed.count == 4)
        #expect(try journal.appendDurably(1))
        journal.journal.close()
    }

    @Test func `archived and recycled segments are encrypted, read and held against checkpoints`() throws {
        let disk = FakeDisk()
        let keys = try keys("1: 1")
        let signer = CheckpointSigner.generate()
        let journal = try ArchivingJournal(disk) {
            $0.keys = keys
            $0.checkpoints = CheckpointSettings(signer: signer, intervalNanoseconds: 0)
        }
        try journal.append(12)
        try keys.replace(with: try testRing("2: 2, 1: 1"))
        try journal.append(12)
        journal.journal.retire(upTo: 20)
        journal.archiveAll()
        try journal.append(12)
        #expect(journal.journal.statistics.archive.archived >= 6 && journal.journal.statistics.archive.recycled > 0)
        for position in 1...36 as ClosedRange<RecordPosition> {
            #expect(try journal.journal.read(at: position) == testRecord(position))
        }
        journal.journal.close()
        for position in 1...36 as ClosedRange<RecordPosition> {
            for name in disk.fileNames { #expect(!occurs(testRecord(position), in: disk.contents(name)), "\(name)") }
        }
        for ring in [keys.ring, nil] {
            let found = JournalVerifier.verify(
                directory: TestJournal.directory,
                keys: ring,
                evidence: CheckpointEvidence(publicKeys: [signer.publicKey]),
                archive: ArchivingJournal.archive,
                fileSystem: disk
            )
            #expect(found.isSound && found.records == 36 && found.sealedBatches == (ring == nil ? 36 : 0))
            #expect(found.checkpoints?.confirmed == 36 && found.checkpoints?.beforeFirst == 0)
        }
        let lacking = JournalVerifier.verify(
            directory: TestJournal.directory,
            keys: try testRing("2: 2"),
            archive: ArchivingJournal.archive,
            fileSystem: disk
        )
        #expect(lacking.problem?.code == .key)
    }

    /// Somebody without the key changes one byte of a batch (header or payload) and makes checksums
    /// and witness right again.
    @Test(arguments: [32, 40, 56, 84, 95, 96, 111, 256, 300, 460])
    func `a batch changed behind right checksums is refused with the key and named`(byte: Int) throws {
        let disk = FakeDisk()
        let keys = try keys("1: 1")
        try write(disk, keys, batches: 2)
        let salt = try header(disk, 0).salt.seed
        var bytes = disk.contents(Self.segments[0])
        bytes[8192 + byte] ^= 1
        bytes.withUnsafeMutableBytes { all in
            let frame = UnsafeMutableRawBufferPointer(rebasing: all[8192..<12288])
            let length = Int(UnsafeRawBufferPointer(frame).integer(36, as: UInt32.self))
            frame.store(crc32c(UnsafeRawBufferPointer(frame).part(256, length)), at: 4)
            frame.store(crc32c(UnsafeRawBufferPointer(frame).part(4, 252), seed: salt), at: 0)
        }
        disk.setContents(Self.segments[0], bytes)
        disk.deleteFile(TestJournal.directory + "/witness")
        let found = JournalVerifier.verify(directory: TestJournal.directory, keys: keys.ring, fileSystem: disk)
        let problem = try #require(found.problem)
        #expect(problem.code == .corrupt && problem.offset == 8192 && problem.position == 3)
        #expect(throws: JournalError.self) { _ = try TestJournal(disk, configuration(keys)) }
    }
}
