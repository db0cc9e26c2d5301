import Foundation
import Testing

@testable import Journal

/// Descriptors and memory come back; a journal waits for them and is never taken for lost.
@Suite(.timeLimit(.minutes(2))) struct JournalShortageTests {
    /// ENFILE, EMFILE, EINTR, ENOMEM, EAGAIN; when the next segment is begun, and when it is opened
    /// for use.
    @Test(arguments: [23, 24, 4, 12, 11] as [Int32], [JournalFileMode.prepare, .durable])
    func `a shortage while the next segment is prepared passes by`(code: Int32, mode: JournalFileMode) throws {
        let disk = ShortageDisk(FakeDisk())
        let journal = try TestJournal(disk)
        disk.refuse(3, mode, code: code)
        // Through several segments: each but the first is prepared during the shortage or after it.
        for _ in 0..<100 { #expect(try journal.appendDurably(1, bytes: 10_000)) }
        #expect(disk.remaining == 0)
        #expect(journal.owner.failures.isEmpty)
        #expect(journal.journal.statistics.segmentPreparationsRefused >= 3)
        journal.journal.close()
    }

    /// tmpfs stores what still fits of a write before it refuses. A start prepares the next segment
    /// as a running journal does.
    @Test func `a short write while a segment is prepared is a full disk, and room brings the next one`() throws {
        let disk = ShortageDisk(FakeDisk())
        // The first segment of a new journal takes one write.
        disk.shortenPreparation(.max, sparing: 1)
        for start in 0..<3 {
            let journal = try TestJournal(disk)
            #expect(journal.replayed.count == start * 2)
            #expect(try journal.appendDurably(1))
            while journal.journal.statistics.segmentPreparationsRefused == 0, journal.owner.failures.isEmpty {
                sched_yield()
            }
            #expect(journal.owner.failures.isEmpty)
            #expect(try journal.appendDurably(1))
            journal.journal.close()
        }
        disk.shortenPreparation(0)
        let journal = try TestJournal(disk)
        for _ in 0..<20 { #expect(try journal.appendDurably(1, bytes: 10_000)) }
        #expect(journal.owner.failures.isEmpty)
        journal.journal.close()
    }

    @Test func `the first segment of a new journal that falls short is a full disk`() throws {
        let disk = ShortageDisk(FakeDisk())
        disk.shortenPreparation(1)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .diskFull)
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(1))
        journal.journal.close()
    }

    @Test func `any other error still ends the journal`() throws {
        let disk = ShortageDisk(FakeDisk())
        let journal = try TestJournal(disk)
        disk.refuse(1, .prepare, code: 5)
        var hasFailed = false
        for _ in 0..<100 where !hasFailed {
            hasFailed = (try? journal.appendDurably(1, bytes: 10_000)) != true
        }
        #expect(journal.owner.waitForFailure().code == .io)
        journal.journal.close()
    }
}
