import CMillrace
import Foundation
import Testing

@testable import Journal

@Suite struct JournalEngineTests {
    @Test func `local journal on a fake disk conforms`() throws {
        let disk = FakeDisk()
        try expectConformance { owner in try Self.open(TestJournal.directory, owner: owner, on: disk) }
    }

    @Test func `local journal conforms when things go wrong`() throws {
        try expectFaultConformance { LocalBench() }
    }

    @Test func `local journal on the real disk conforms, holds its lock and verifies`() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path + "/journal"
        try expectConformance { owner in try Self.open(path, owner: owner, on: PosixFileSystem()) }
        let (journal, _) = try Self.open(path, owner: RecordingOwner(), on: PosixFileSystem())
        let error = #expect(throws: JournalError.self) {
            try Self.open(path, owner: RecordingOwner(), on: PosixFileSystem())
        }
        #expect(error?.code == .fenced && error?.description.contains("process \(millrace_pid())") == true)
        journal.close()
        let verification = JournalVerifier.verify(directory: path)
        #expect(verification.isSound && verification.records == 300 && verification.tornBytes == 0)
        #expect(verification.headHash.count == 64)
    }

    @Test func `verifier names the first problem and the dump stops there`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        for _ in 0..<5 { #expect(try journal.appendDurably(2)) }
        journal.journal.close()
        disk.flip(TestJournal.directory + "/" + JournalDirectory.segmentName(1), byte: 4096 * 4 + 260, mask: 2)
        let verification = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        let problem = try #require(verification.problem)
        #expect(verification.records == 6 && verification.batches == 3)
        #expect(problem.code == .corrupt && problem.offset == 4096 * 4 && problem.position == 7)
        var dumped: [RecordPosition] = []
        #expect(throws: JournalProblem.self) {
            try JournalDump.forEachRecord(directory: TestJournal.directory, from: 3, fileSystem: disk) {
                batch,
                position,
                bytes in
                #expect(batch.firstPosition <= position && bytes.count == 100)
                dumped.append(position)
            }
        }
        #expect(dumped == [3, 4, 5, 6])
    }

    private static func open(
        _ directory: String,
        owner: RecordingOwner,
        on fileSystem: any JournalFileSystem
    ) throws -> (engine: LocalJournal, replayed: [[UInt8]]) {
        var replayed: [[UInt8]] = []
        let (journal, _) = try LocalJournal.open(
            directory: directory,
            configuration: TestJournal.configuration(),
            owner: owner,
            fileSystem: fileSystem
        ) { _, bytes in replayed.append(bytes.withUnsafeBufferPointer(Array.init)) }
        return (journal, replayed)
    }
}

/// A directory under TMPDIR.
struct TemporaryDirectory {
    let path: String

    init() throws {
        var random = SplitMix(state: monotonicNanoseconds())
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        path = parent + "/millrace-journal-\(random.next())"
        #expect(try PosixFileSystem().createDirectory(path))
    }

    func remove() {
        let files = PosixFileSystem()
        for directory in [path + "/journal", path] {
            for name in (try? files.list(directory: directory)) ?? [] { try? files.remove(directory + "/" + name) }
            rmdir(directory)
        }
    }
}
