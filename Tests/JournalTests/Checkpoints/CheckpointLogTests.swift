import Synchronization
import Testing

@testable import Journal

/// When checkpoints are made, and what a start makes of them.
@Suite struct CheckpointLogTests {
    private let signing = SigningJournal(signer: .generate())
    private let first = TestJournal.directory + "/" + JournalDirectory.segmentName(1)

    private final class Clock: Sendable {
        let time = Atomic<UInt64>(1_000_000_000)
        func advance(_ nanoseconds: UInt64) { time.add(nanoseconds, ordering: .relaxed) }
    }

    @Test func `one per interval, one more on close, and none when nothing is new`() throws {
        let disk = FakeDisk()
        let clock = Clock()
        var signing = signing
        signing.interval = 10_000_000_000
        let configuration = signing.configuration { clock.time.load(ordering: .relaxed) }
        let journal = try TestJournal(disk, configuration)
        SigningJournal.settle(journal)
        #expect(journal.journal.newestCheckpoint == nil)
        try SigningJournal.append(journal, 1)
        #expect(journal.journal.newestCheckpoint?.position == 1)
        for _ in 0..<9 {
            clock.advance(1_000_000_000)
            try SigningJournal.append(journal, 1)
            #expect(journal.journal.newestCheckpoint?.position == 1)
        }
        clock.advance(1_000_000_000)
        SigningJournal.settle(journal)
        #expect(journal.journal.newestCheckpoint?.position == 10)
        clock.advance(60_000_000_000)
        SigningJournal.settle(journal)
        #expect(journal.journal.statistics.checkpoints == 2)
        try SigningJournal.append(journal, 1)
        try SigningJournal.append(journal, 1)
        journal.journal.close()
        #expect(SigningJournal.lines(disk).map { $0?.position } == [1, 10, 11, 12])
        try TestJournal(disk, configuration).journal.close()
        #expect(SigningJournal.lines(disk).count == 4)
    }

    @Test func `the log is a chain that goes on after a restart, with another key, too`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [2, 3])
        let other = SigningJournal(signer: .generate())
        try other.write(disk, [1])
        try signing.write(disk, [4])
        let lines = SigningJournal.lines(disk).compactMap { $0 }
        #expect(lines.map(\.number) == [1, 2, 3, 4] && lines.map(\.position) == [2, 5, 6, 10])
        #expect(lines.map(\.epoch) == [1, 1, 2, 3] && lines.allSatisfy { $0.journalID == 7 })
        #expect(lines[0].previous == .genesis)
        for index in 1..<4 { #expect(lines[index].previous == lines[index - 1].lineHash) }
        var evidence = signing.evidence()
        evidence.publicKeys.append(other.signer.publicKey)
        let found = JournalVerifier.verify(directory: TestJournal.directory, evidence: evidence, fileSystem: disk)
        #expect(found.isSound && found.checkpoints?.confirmed == 4 && found.checkpoints?.signedPosition == 10)
        #expect(signing.verify(disk).checkpoints?.findings.map(\.kind) == [.log])
    }

    @Test(arguments: [1, 100, 511])
    func `a torn line is written over`(bytes: Int) throws {
        let disk = FakeDisk()
        try signing.write(disk, [1, 1])
        let whole = disk.contents(SigningJournal.log)
        try signing.write(disk, [1])
        let torn = Array(disk.contents(SigningJournal.log).prefix(1024 + bytes))
        for image in [torn, torn + [UInt8](repeating: 0, count: 512 - bytes)] {
            disk.setContents(SigningJournal.log, image)
            #expect(signing.verify(disk).isSound)
            let journal = try TestJournal(disk, signing.configuration())
            #expect(journal.report.checkpoints == .present(number: 2, batch: 2))
            SigningJournal.settle(journal)
            #expect(journal.journal.newestCheckpoint?.number == 3)
            journal.journal.close()
            #expect(disk.contents(SigningJournal.log).starts(with: whole))
            #expect(SigningJournal.lines(disk).compactMap { $0 }.count == 3 && signing.verify(disk).isSound)
        }
    }

    @Test func `a log damaged beyond use is set aside and reported, and a new one begun`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [1, 1, 1])
        let damaged = disk.contents(SigningJournal.log).map { $0 == 10 ? $0 : $0 ^ 1 }
        disk.setContents(SigningJournal.log, damaged)
        let journal = try TestJournal(disk, signing.configuration())
        #expect(journal.report.checkpoints == .damaged)
        try SigningJournal.append(journal, 1)
        journal.journal.close()
        #expect(disk.contents(SigningJournal.log + "-1.damaged") == damaged)
        #expect(SigningJournal.lines(disk).map { $0?.number } == [1, 2])
        #expect(SigningJournal.lines(disk).map { $0?.batch } == [3, 4])
    }

    @Test func `a line whose signature by the own key is wrong is no line`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [1, 1])
        var bytes = disk.contents(SigningJournal.log)
        let forged = try #require(SigningJournal.lines(disk)[1]).line.replacing("batch=2", with: "batch=9")
        bytes.replaceSubrange(512..<512 + forged.utf8.count, with: Array(forged.utf8))
        disk.setContents(SigningJournal.log, bytes)
        let journal = try TestJournal(disk, signing.configuration())
        #expect(journal.report.checkpoints == .present(number: 1, batch: 1))
        journal.journal.close()
    }

    @Test func `a start refuses a journal that ends before the last checkpoint, even if it signs nothing itself`()
        throws
    {
        let disk = FakeDisk()
        try signing.write(disk, [2, 2, 2])
        var forger = Forger(disk)
        forger.batches.removeLast()
        forger.write()
        let expected = JournalError(
            .corrupt,
            "\(JournalDirectory.segmentName(1)), offset 12288, record 5: the journal ends with record 4, but checkpoint 3 "
                + "signed record 6 as durable"
        )
        #expect(throws: expected) { _ = try TestJournal(disk, signing.configuration()) }
        #expect(throws: expected) { _ = try TestJournal(disk) }
    }

    @Test func `a start refuses a journal that was changed before the last checkpoint`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [2, 2, 2])
        var forger = Forger(disk)
        forger.batches[0].batch.payload[10] ^= 1
        forger.write()
        let error = #expect(throws: JournalError.self) { _ = try TestJournal(disk, signing.configuration()) }
        #expect(
            error?.code == .corrupt
                && error?.description.contains("batch 3 is not the one that checkpoint 3 signed") == true
        )
    }

    @Test func `another journal's log is refused`() throws {
        let disk = FakeDisk()
        try signing.write(disk, [1])
        let log = disk.contents(SigningJournal.log)
        let other = FakeDisk()
        var configuration = signing.configuration()
        configuration.journalID = 8
        other.setContents(SigningJournal.log, log)
        let error = #expect(throws: JournalError.self) { _ = try TestJournal(other, configuration) }
        #expect(error?.code == .format)
    }

    @Test func `a full disk refuses a checkpoint and not the journal`() throws {
        let disk = FakeDisk()
        let clock = Clock()
        var signing = signing
        signing.interval = 1_000_000_000
        let journal = try TestJournal(disk, signing.configuration { clock.time.load(ordering: .relaxed) })
        try SigningJournal.append(journal, 1)
        disk.setCapacity(disk.usedBytes)
        clock.advance(1_000_000_000)
        try SigningJournal.append(journal, 1)
        #expect(journal.journal.statistics.checkpointsRefused == 1 && journal.owner.failures.isEmpty)
        disk.setCapacity(nil)
        clock.advance(1_000_000_000)
        SigningJournal.settle(journal)
        #expect(journal.journal.newestCheckpoint?.position == 2 && journal.journal.statistics.checkpoints == 2)
        journal.journal.close()
        #expect(signing.verify(disk).isSound)
    }

    @Test(arguments: ["write", "sync"]) func `any other refusal fences the journal`(operation: String) throws {
        func run(failingAt: Int?) throws -> (journal: TestJournal, disk: FakeDisk) {
            let disk = FakeDisk()
            if let failingAt { disk.arm(.refuse(code: 5), atOperation: failingAt) }
            let journal = try TestJournal(disk, signing.configuration())
            try SigningJournal.append(journal, 1)
            return (journal, disk)
        }
        let clean = try run(failingAt: nil)
        let name = "\(operation) \(SigningJournal.log)"
        let index = try #require(clean.disk.state.withLock { $0.log.firstIndex(of: name) })
        clean.journal.journal.close()
        let failed = try run(failingAt: index + 1)
        #expect(failed.journal.owner.failures.first?.code == .io)
        failed.journal.journal.close()
        let again = try TestJournal(failed.disk, signing.configuration())
        #expect(again.replayed.count == 1)
        again.journal.close()
        #expect(signing.verify(failed.disk).isSound && signing.verify(failed.disk).checkpoints?.signedPosition == 1)
    }

    /// Power goes at every operation of a session that rotates its key and signs after every batch.
    @Test(arguments: 1...2 as ClosedRange<UInt64>) func `power failure at any operation leaves a sound journal and log`(
        seed: UInt64
    ) throws {
        var signing = signing
        for operation in 1...10_000 {
            let disk = FakeDisk()
            disk.arm(.powerOff, atOperation: operation)
            signing.keys = JournalKeys(try testRing("1: 1"))
            var acknowledged: RecordPosition = 0
            if let journal = try? TestJournal(disk, signing.configuration()) {
                for step in 0..<6 {
                    if step == 3 { try signing.keys?.replace(with: try testRing("2: 2, 1: 1")) }
                    if (try? journal.append(1 + step % 3, bytes: 3_000)) == nil { break }
                    SigningJournal.settle(journal)
                }
                acknowledged = journal.owner.acknowledged
                journal.journal.close()
            }
            let isComplete = !disk.isOff
            let after = disk.afterPowerFailure(seed: seed &* 10_007 &+ UInt64(operation))
            signing.keys = JournalKeys(try testRing("2: 2, 1: 1"))
            let recovered = try TestJournal(after, signing.configuration())
            #expect(recovered.replayed.count >= acknowledged && recovered.report.checkpoints != .damaged)
            expectTestRecords(recovered.replayed)
            try SigningJournal.append(recovered, 1)
            recovered.journal.close()
            let found = signing.verify(after)
            #expect(found.isSound && found.checkpoints?.signedPosition == found.lastPosition)
            if isComplete { return #expect(operation > 60 && acknowledged == 12) }
        }
        Issue.record("the scenario never ran to its end")
    }
}
