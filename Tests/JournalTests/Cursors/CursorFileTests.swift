import Testing

@testable import Journal

@Suite struct CursorFileTests {
    private let directory = JournalDirectory(TestJournal.directory)
    private let path = TestJournal.directory + "/cursors"

    private func name(_ text: String) throws -> JournalCursorName { try #require(JournalCursorName(text)) }

    private func open(_ disk: FakeDisk) throws -> CursorFile.Found {
        try CursorFile.open(disk, directory, journalID: 7)
    }

    @Test func `names follow the rule`() {
        for good in ["a", "events-1", "a.b_c", String(repeating: "x", count: 64)] {
            #expect(JournalCursorName(good)?.description == good)
        }
        for bad in ["", "A", "a b", ".a", "-a", "a/b", "ä", String(repeating: "x", count: 65)] {
            #expect(JournalCursorName(bad) == nil)
        }
    }

    @Test func `layout is the documented one`() throws {
        let disk = FakeDisk()
        var file = try CursorFile.create(disk, directory, journalID: 7)
        try file.create(name("events"), 5, at: 3)
        let bytes = disk.contents(path)
        #expect(bytes.count == 4_096 + 128 * 512)
        #expect(Array(bytes[0..<8]) == Array("MCURSORS".utf8) && bytes[12] == 1 && bytes[16] == 64 && bytes[24] == 7)
        // Sequence 1 is in the second copy of place 3, sequence 2 in the first.
        for (copy, sequence) in [(0, 2), (1, 1)] as [(Int, UInt8)] {
            let slot = Array(bytes[(4_096 + (6 + copy) * 512)...].prefix(512))
            #expect(Array(slot[4..<8]) == Array("MRCU".utf8) && slot[8] == sequence && slot[16] == 5)
            #expect(slot[32] == 6 && Array(slot[40..<46]) == Array("events".utf8))
        }
    }

    @Test func `any operation may fail or be the last, and a cursor is old or new`() throws {
        for survival in [FakeDisk.Survival.nothing, .everything, .some(seed: 1), .some(seed: 2), .some(seed: 3)] {
            for operation in 1..<40 {
                let disk = FakeDisk()
                disk.arm(.powerOff, atOperation: operation)
                var acknowledged: RecordPosition?
                var tried: RecordPosition?
                do {
                    var file = try CursorFile.create(disk, directory, journalID: 7)
                    tried = 1
                    try file.create(name("c"), 1, at: 0)
                    acknowledged = 1
                    for position in 2..<6 as Range<RecordPosition> {
                        tried = position
                        try file.write(name("c"), position, at: 0)
                        acknowledged = position
                    }
                } catch is JournalFileError {}
                let found = try open(disk.afterPowerFailure(survival))
                let position = found.table.cursor(try name("c"))?.position
                #expect(position == acknowledged || position == tried, "operation \(operation)")
                #expect(found.damaged == 0 && !found.isSetAside)
            }
        }
    }

    @Test func `one damaged copy costs the last change, two the cursor, which is told`() throws {
        let disk = FakeDisk()
        var file = try CursorFile.create(disk, directory, journalID: 7)
        try file.create(name("c"), 1, at: 0)
        try file.write(name("c"), 9, at: 0)
        disk.flip(path, byte: 4_096 + 512 + 20, mask: 1)
        #expect(try open(disk).table.cursor(name("c"))?.position == 1)
        disk.flip(path, byte: 4_096 + 20, mask: 1)
        let found = try open(disk)
        #expect(found.table.cursors.isEmpty && found.damaged == 1)
    }

    @Test func `damaged header is set aside, another journal's and a newer program's file are refused`() throws {
        let disk = FakeDisk()
        _ = try CursorFile.create(disk, directory, journalID: 7)
        let other = #expect(throws: JournalProblem.self) { try CursorFile.open(disk, directory, journalID: 8) }
        #expect(other?.code == .format)
        disk.flip(path, byte: 12, mask: 2)
        let newer = #expect(throws: JournalProblem.self) { try open(disk) }
        #expect(newer?.code == .format)
        disk.flip(path, byte: 12, mask: 2)
        disk.flip(path, byte: 100, mask: 2)
        #expect(throws: JournalProblem.self) { try JournalCursors.list(directory: directory.path, fileSystem: disk) }
        #expect(try open(disk).isSetAside)
        #expect(disk.fileNames.contains(path + "-1.damaged") && !disk.fileNames.contains(path))
    }
}
