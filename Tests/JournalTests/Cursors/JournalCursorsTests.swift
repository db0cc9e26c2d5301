import Testing

@testable import Journal

/// Cursors of a running journal, and what operators do with them.
@Suite struct JournalCursorsTests {
    private let disk = FakeDisk()
    private func name(_ text: String) throws -> JournalCursorName { try #require(JournalCursorName(text)) }

    @Test func `a cursor that holds back too much is alarmed`() throws {
        let journal = try ArchivingJournal(disk) { $0.cursorAlarmBytes = 20_000 }
        try journal.append(2)
        try journal.journal.store.createCursor(name("events"), at: 1)
        #expect(journal.journal.statistics.cursors.map(\.lagBytes) == [4_096])
        try journal.append(5)
        let cursor = try #require(journal.journal.statistics.cursors.first)
        #expect(cursor.lagRecords == 6 && cursor.lagBytes == 32_768 && cursor.isAlarmed)
        try journal.journal.store.advanceCursor(name("events"), to: 7)
        #expect(journal.journal.statistics.cursors.map(\.isAlarmed) == [false])
        journal.journal.close()
    }

    @Test func `operator drops a cursor of a journal that is open, by a request that its owner follows`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(3)
        try journal.journal.store.createCursor(name("gone"), at: 0)
        try journal.journal.store.createCursor(name("kept"), at: 0)
        journal.settle()
        let listing = try JournalCursors.list(directory: TestJournal.directory, fileSystem: disk)
        #expect(listing.cursors.map(\.name.description) == ["gone", "kept"] && listing.damaged == 0)
        let dropped = try JournalCursors.drop(name("gone"), directory: TestJournal.directory, fileSystem: disk)
        guard case .requested(let detail) = dropped else { throw JournalError(.io, "it was not held") }
        #expect(detail.contains("process 4711"))
        journal.settle()
        #expect(journal.journal.store.cursors.count == 2, "not before the next look")
        journal.clock.advance(CursorRequests.intervalNanoseconds)
        journal.settle()
        #expect(journal.journal.store.cursors.map(\.name.description) == ["kept"])
        #expect(journal.journal.statistics.cursorsDropped == 1)
        #expect(!disk.fileNames.contains { $0.contains("drop") })
        journal.journal.close()
        let again = try JournalCursors.drop(name("kept"), directory: TestJournal.directory, fileSystem: disk)
        #expect(again == .done, "nobody has it: it is dropped at once")
        let reopened = try ArchivingJournal(disk)
        #expect(reopened.journal.store.cursors.isEmpty)
        let error = #expect(throws: JournalProblem.self) {
            try JournalCursors.drop(name("kept"), directory: TestJournal.directory, fileSystem: disk)
        }
        #expect(error?.code == .notFound)
        reopened.journal.close()
    }

    @Test func `a cursor behind the end that a repair made goes back, durably, and is told`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(4)
        try journal.journal.store.createCursor(name("events"), at: 4)
        journal.journal.close()
        _ = try JournalRepair.truncate(directory: TestJournal.directory, at: 3, fileSystem: disk)
        let repaired = try ArchivingJournal(disk)
        #expect(repaired.test.report.cursorsAhead == [try name("events")] && repaired.test.report.cursors == 1)
        #expect(repaired.journal.store.cursors.map(\.position) == [2])
        try repaired.append(5)
        repaired.journal.close()
        let again = try ArchivingJournal(disk)
        #expect(again.journal.store.cursors.map(\.position) == [2] && again.test.report.cursorsAhead.isEmpty)
        again.journal.close()
    }

    @Test func `failed changes leave a cursor where it was, and may be repeated`() throws {
        let journal = try ArchivingJournal(disk)
        try journal.append(3)
        let store = journal.journal.store
        for operation in 1..<6 {
            disk.arm(.refuse(code: 5), atOperation: disk.operations + operation)
            let error = #expect(throws: JournalError.self) { try store.createCursor(name("events"), at: 1) }
            #expect(error?.code == .io && store.cursors.isEmpty)
        }
        try store.createCursor(name("events"), at: 1)
        for operation in 1..<3 {
            disk.arm(.refuse(code: 5), atOperation: disk.operations + operation)
            #expect(throws: JournalError.self) { try store.advanceCursor(name("events"), to: 2) }
            #expect(store.cursors.map(\.position) == [1])
        }
        try store.advanceCursor(name("events"), to: 2)
        #expect(store.cursors.map(\.position) == [2])
        try journal.append(1)
        #expect(journal.test.owner.failures.isEmpty, "the journal does not rest on this file")
        journal.journal.close()
    }
}
