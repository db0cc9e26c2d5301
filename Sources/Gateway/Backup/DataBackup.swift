import Glibc
package import Journal

/// Copies a data directory, which a gateway may be serving from, into a directory that a gateway
/// can serve from.
package struct DataBackup {
    /// What one log's copy holds.
    package struct Log {
        package var directory: String
        package var result: JournalBackupResult
        /// What was copied beside it for its shards.
        package var shardFiles: Int
    }

    package let source: String
    package let target: String
    /// Where archives are, if not in the logs' folders: the parent of `log-000`, ...
    package let archive: String?
    /// Bytes per second that are read at most, so that the gateway finds the disk free.
    package let bytesPerSecond: Int

    package init(source: String, target: String, archive: String?, bytesPerSecond: Int) {
        precondition(bytesPerSecond > 0)
        self.source = source
        self.target = target
        self.archive = archive
        self.bytesPerSecond = bytesPerSecond
    }

    /// Blocks. The files of a log's shards are copied before the log, so that the log's copy
    /// reaches every record that these files name. Logs are independent of each other, so each is
    /// copied up to a point of its own. When it throws, it has removed what it wrote, so it can be
    /// repeated; what a killed process left is removed by the next backup to the same place.
    package func run() throws -> [Log] {
        let meta = try DataDirectoryMeta(readingFrom: FilePaths.join(source, "meta.yaml"))
        let place = CopyTarget(path: target, lastName: BackupManifest.fileName)
        try place.begin()
        do {
            let logs = try copy(meta)
            try place.finish()
            return logs
        } catch {
            place.clear()
            throw error
        }
    }

    private func copy(_ meta: DataDirectoryMeta) throws -> [Log] {
        var manifest = BackupManifest(seconds: Int64(time(nil)))
        var logs: [Log] = []
        for number in 0..<meta.logs {
            var files = 0
            for shard in stride(from: number, to: meta.shards, by: meta.logs) { files += try copy(shard: shard) }
            let result = try copy(log: number)
            let directory = DataDirectory.logDirectory(in: target, log: number)
            try check(directory, result)
            manifest.logs.append(
                .init(number: number, lastPosition: result.lastPosition, headHash: result.headHash)
            )
            logs.append(Log(directory: directory, result: result, shardFiles: files))
        }
        // Read after the logs, so that it has every number that they hold.
        let registry = try ConnectorRegistryFile.read(in: source)
        try ConnectorRegistryFile.write(registry, in: target)
        try ConfigurationVersions.read(in: source).write(in: target)
        let metaBytes = try Files.read(FilePaths.join(source, "meta.yaml"))
        try Files.writeAtomically(metaBytes, to: FilePaths.join(target, "meta.yaml"), permissions: 0o600)
        for path in try FileTree.files(in: target) where path != CopyTarget.markName {
            let found = try CopiedFile.digest(FilePaths.join(target, path))
            manifest.files.append(.init(path: path, bytes: found.bytes, digest: found.digest))
        }
        try Files.writeAtomically(
            manifest.text,
            to: FilePaths.join(target, BackupManifest.fileName),
            permissions: 0o600
        )
        return logs
    }

    /// - Returns: the number of files.
    private func copy(shard number: Int) throws(JournalError) -> Int {
        let directory = DataDirectory.shardDirectory(in: source, shard: number)
        guard Files.isDirectory(directory) else { return 0 }
        let pacer = Pacer(bytesPerSecond: bytesPerSecond)
        do throws(JournalProblem) {
            return try JournalBackup.copyFiles(
                directory: directory,
                to: DataDirectory.shardDirectory(in: target, shard: number),
                pace: { pacer.took($0) }
            ).otherFiles
        } catch {
            throw JournalError(error.code, error.description)
        }
    }

    private func copy(log number: Int) throws(JournalError) -> JournalBackupResult {
        let pacer = Pacer(bytesPerSecond: bytesPerSecond)
        do throws(JournalProblem) {
            return try JournalBackup.copy(
                directory: DataDirectory.logDirectory(in: source, log: number),
                archive: archive.map { DataDirectory.logDirectory(in: $0, log: number) },
                to: DataDirectory.logDirectory(in: target, log: number),
                pace: { pacer.took($0) }
            )
        } catch {
            throw JournalError(error.code, error.description)
        }
    }

    /// Reads the backup once, because a backup that cannot be read is useless.
    private func check(_ directory: String, _ result: JournalBackupResult) throws(JournalError) {
        let found = JournalVerifier.verify(directory: directory, isLog: true)
        if let problem = found.problem { throw JournalError(problem.code, "the copy is not sound: \(problem)") }
        guard found.lastPosition == result.lastPosition, found.headHash == result.headHash else {
            throw JournalError(.corrupt, "\(directory): the copy ends with record \(found.lastPosition)")
        }
    }
}

/// Waits so that bytes are read no faster than allowed. One thread uses it.
private final class Pacer {
    private let bytesPerSecond: Int
    private var credit: Int

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
        credit = bytesPerSecond / 10
    }

    func took(_ bytes: Int) {
        credit -= bytes
        guard credit < 0 else { return }
        let pause = bytesPerSecond / 10
        usleep(100_000)
        credit += pause
    }
}
