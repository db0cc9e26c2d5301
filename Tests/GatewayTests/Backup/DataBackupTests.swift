import Journal
import Testing

@testable import Gateway

@Suite struct DataBackupTests {
    /// A data directory of three shards in two logs, with records in all of them, a file and a
    /// cursor of each shard.
    private func make(at path: String) throws {
        let directory = try DataDirectory.create(path: path, shards: 3, logs: 2)
        defer { directory.close() }
        for number in 0..<directory.logs {
            let streams = directory.shards(of: number).map {
                StreamSetup(number: StreamNumber($0), directory: directory.shardDirectory($0))
            }
            let log = try StreamLog.open(
                directory: directory.logDirectory(number),
                configuration: JournalConfiguration(journalID: UInt64(number), segmentBytes: 2 << 20),
                streams: streams
            ) { _, _, _ in }
            for stream in streams {
                let claim = JournalClaim(holder: "test", now: 0, nanoseconds: .max)
                let owner = try log.store(of: stream.number).own(claim, owner: SilentOwner())
                for position in 0..<UInt64(stream.number) + 2 {
                    try owner.append(records: [1, 0, 0, 0, 7], count: 1, expecting: position, epoch: owner.epoch)
                }
                owner.close()
                let name = try #require(JournalCursorName("consumer"))
                try log.store(of: stream.number).createCursor(name, at: 1)
                try Files.writeAtomically(
                    Array("of the shard".utf8),
                    to: stream.directory + "/file",
                    permissions: 0o600
                )
            }
            log.close()
        }
    }

    private func streams(in path: String) -> [[RecordPosition]] {
        (0..<2).map { log in
            let directory = DataDirectory.logDirectory(in: path, log: log)
            return JournalVerifier.verify(directory: directory, isLog: true).streams.map(\.position)
        }
    }

    @Test("every log and what shards have beside it is copied, and put back")
    func copiedAndRestored() throws {
        let temporary = try TemporaryDirectory()
        let (data, backup, restored) = (temporary.file("data"), temporary.file("backup"), temporary.file("restored"))
        try make(at: data)
        #expect(streams(in: data) == [[2, 4], [3]])
        let copied = try DataBackup(source: data, target: backup, archive: nil, bytesPerSecond: 1 << 30).run()
        #expect(copied.count == 2 && streams(in: backup) == [[2, 4], [3]])
        #expect(copied.map(\.shardFiles) == [2, 1])
        let result = try DataRestore(backup: backup, target: restored).run()
        #expect(result.lastPositions.count == 2 && streams(in: restored) == [[2, 4], [3]])
        for shard in 0..<3 {
            let directory = DataDirectory.shardDirectory(in: restored, shard: shard)
            #expect(try Files.read(directory + "/file") == Array("of the shard".utf8))
            // A consumer of the copy begins anew: nothing is kept for one that may never come.
            #expect(throws: (any Error).self) { try Files.read(directory + "/cursors") }
        }
        #expect(try DataDirectory.check(path: restored, shards: 3, id: nil) == (3, 2))
        #expect(try LogShards.find(beside: DataDirectory.logDirectory(in: data, log: 0)).keys.sorted() == [0, 2])
        #expect(try LogShards.find(beside: DataDirectory.shardDirectory(in: data, shard: 0)).isEmpty)
    }

    private func flip(_ path: String, at offset: Int) throws {
        var bytes = try Files.read(path, limit: 16 << 20)
        bytes[offset] ^= 1
        try Files.writeAtomically(bytes, to: path, permissions: 0o600)
    }

    private func names(in path: String) throws -> [String] { try FileTree.files(in: path) }

    /// A flaw behind the logs is found after files were copied.
    @Test("a restore that fails leaves nothing, and can be repeated", arguments: ["shard-002/file", "meta.yaml"])
    func failedRestore(flawed: String) throws {
        let temporary = try TemporaryDirectory()
        let (data, backup, restored) = (temporary.file("data"), temporary.file("backup"), temporary.file("restored"))
        try make(at: data)
        _ = try DataBackup(source: data, target: backup, archive: nil, bytesPerSecond: 1 << 30).run()
        let restore = DataRestore(backup: backup, target: restored)
        try flip("\(backup)/\(flawed)", at: 0)
        #expect(throws: DataDirectoryError.self) { try restore.run() }
        #expect(try names(in: restored).isEmpty)
        try flip("\(backup)/\(flawed)", at: 0)
        _ = try restore.run()
        #expect(streams(in: restored) == [[2, 4], [3]])
        #expect(try names(in: restored).allSatisfy { $0 != CopyTarget.markName })
    }

    @Test("what a killed restore left is removed by the next one, and nothing else is")
    func killedRestore() throws {
        let temporary = try TemporaryDirectory()
        let (data, backup, restored) = (temporary.file("data"), temporary.file("backup"), temporary.file("restored"))
        try make(at: data)
        _ = try DataBackup(source: data, target: backup, archive: nil, bytesPerSecond: 1 << 30).run()
        let restore = DataRestore(backup: backup, target: restored)
        try Files.makeDirectory("\(restored)/log-000")
        _ = try temporary.write("half", to: "restored/log-000/1.journal")
        #expect(throws: ConfigurationError.self) { try restore.run() }
        #expect(try names(in: restored) == ["log-000/1.journal"])
        _ = try temporary.write("", to: "restored/\(CopyTarget.markName)")
        _ = try restore.run()
        #expect(streams(in: restored) == [[2, 4], [3]])
        // A data directory is nobody's to empty, marked or not.
        _ = try temporary.write("", to: "restored/\(CopyTarget.markName)")
        #expect(throws: ConfigurationError.self) { try restore.run() }
        #expect(streams(in: restored) == [[2, 4], [3]])
    }

    @Test("a backup that fails leaves nothing, and can be repeated")
    func failedBackup() throws {
        let temporary = try TemporaryDirectory()
        let (data, backup) = (temporary.file("data"), temporary.file("backup"))
        try make(at: data)
        let segment = "\(data)/log-001/00000000000000000001.journal"
        let job = DataBackup(source: data, target: backup, archive: nil, bytesPerSecond: 1 << 30)
        // In the header, so that the log cannot be copied.
        try flip(segment, at: 100)
        #expect(throws: JournalError.self) { try job.run() }
        #expect(try names(in: backup).isEmpty)
        try flip(segment, at: 100)
        #expect(try job.run().count == 2)
        #expect(try names(in: backup).contains(BackupManifest.fileName))
        #expect(throws: ConfigurationError.self) { try job.run() }
        #expect(streams(in: backup) == [[2, 4], [3]])
    }
}

private final class SilentOwner: JournalOwner {
    func journalDurable(upTo position: RecordPosition) {}
    func journalFailed(_ error: JournalError) {}
}
