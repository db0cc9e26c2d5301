import CMillrace
import Testing

@testable import Journal

/// One fault at every file operation in turn: nothing acknowledged is lost, nothing is there twice,
/// and the next start works.
@Suite struct JournalFaultTests {
    /// Two sessions over several segments. Returns what was acknowledged and appended when the
    /// scenario ended or broke.
    private func scenario(_ disk: FakeDisk) -> (acknowledged: RecordPosition, appended: RecordPosition) {
        var acknowledged: RecordPosition = 0
        var appended: RecordPosition = 0
        for _ in 0..<2 {
            guard let journal = try? TestJournal(disk) else { return (acknowledged, appended) }
            #expect(journal.replayed.count >= acknowledged)
            for step in 0..<6 {
                let isAppended = (try? journal.append(1 + step % 3, bytes: 3_000 + step)) != nil
                if isAppended, step % 2 == 1 { _ = journal.owner.waitUntilDurable(journal.journal.lastPosition) }
            }
            journal.journal.close()
            acknowledged = max(acknowledged, journal.owner.acknowledged)
            appended = max(appended, journal.journal.lastPosition)
            #expect(journal.owner.failures.count <= 1)
        }
        return (acknowledged, appended)
    }

    private func expectRecovery(_ disk: FakeDisk, acknowledged: RecordPosition, appended: RecordPosition) throws {
        let recovered = try TestJournal(disk)
        #expect(recovered.replayed.count >= acknowledged && recovered.replayed.count <= appended)
        expectTestRecords(recovered.replayed)
        let count = recovered.replayed.count
        #expect(try recovered.appendDurably(2))
        recovered.journal.close()
        let again = try TestJournal(disk)
        #expect(again.replayed.count == count + 2)
        expectTestRecords(again.replayed)
        again.journal.close()
        #expect(JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk).isSound)
    }

    @Test(arguments: 1...2 as ClosedRange<UInt64>) func `power failure at any operation loses nothing acknowledged`(
        seed: UInt64
    ) throws {
        for operation in 1...10_000 {
            let disk = FakeDisk()
            disk.arm(.powerOff, atOperation: operation)
            let (acknowledged, appended) = scenario(disk)
            let isComplete = !disk.isOff
            if isComplete { #expect(acknowledged == appended && appended == 24) }
            let after = disk.afterPowerFailure(seed: seed &* 10_007 &+ UInt64(operation))
            try expectRecovery(after, acknowledged: acknowledged, appended: appended)
            if isComplete { return #expect(operation > 60) }
        }
        Issue.record("the scenario never ran to its end")
    }

    @Test(arguments: [FakeDisk.Fault.refuse(code: 5), .refuse(code: millrace_error_no_space), .shortWrite])
    func `refused operation anywhere fences the journal and loses nothing acknowledged`(fault: FakeDisk.Fault) throws {
        for operation in 1...10_000 {
            let disk = FakeDisk()
            disk.arm(fault, atOperation: operation)
            let (acknowledged, appended) = scenario(disk)
            let isComplete = disk.operations < operation
            let after = disk.afterPowerFailure(seed: UInt64(operation))
            try expectRecovery(after, acknowledged: acknowledged, appended: appended)
            if isComplete { return #expect(operation > 60) }
        }
        Issue.record("the scenario never ran to its end")
    }

    @Test func `failed write is told once, with nothing acknowledged after it, and every later append is refused`()
        throws
    {
        let disk = StickyDisk(FakeDisk())
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(1))
        disk.failDurableWrites(code: 5)
        try journal.append(1)
        #expect(journal.owner.waitForFailure().code == .io)
        let error = #expect(throws: JournalError.self) { try journal.append(1) }
        #expect(error?.code == .io)
        #expect(disk.refusedWrites == 1)
        #expect(try journal.journal.read(at: 1) == testRecord(1))
        journal.journal.close()
        #expect(journal.owner.failures.count == 1 && journal.owner.durable == [1])
    }

    @Test func `full disk is named, and space freed before the segment is full saves the journal`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        disk.setCapacity(disk.usedBytes)
        var failure: JournalError?
        for _ in 0..<100 where failure == nil {
            do {
                if try !journal.appendDurably(1, bytes: 10_000) { failure = journal.owner.waitForFailure() }
            } catch {
                failure = error
            }
        }
        #expect(failure?.code == .diskFull)
        let acknowledged = journal.owner.acknowledged
        #expect(acknowledged >= 5)
        journal.journal.close()
        disk.setCapacity(nil)
        let recovered = try TestJournal(disk)
        #expect(recovered.replayed.count == acknowledged)
        for _ in 0..<20 { #expect(try recovered.appendDurably(1, bytes: 10_000)) }
        recovered.journal.close()
        #expect(recovered.owner.failures.isEmpty)
    }
}
