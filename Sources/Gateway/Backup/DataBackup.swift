import Glibc
package import Journal

/// Copies a data directory, which a gateway may be serving from, into a directory that a gateway can serve from.
package struct DataBackup {
    /// What one shard's copy holds.
    package struct Shard {
        package var directory: String
        package var result: JournalBackupResult
    }

    package let source: String
    package let target: String
    /// Where archives are, if not in the shards' folders: the parent of `shard-000`, ...
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

    /// Blocks. Shards are independent of each other, so each is copied up to a point of its own.
    package func run() throws -> [Shard] {
        let meta = try DataDirectoryMeta(readingFrom: FilePaths.join(source, "meta.yaml"))
        try EmptyDirectory.make(target)
        var manifest = BackupManifest(seconds: Int64(time(nil)))
        var shards: [Shard] = []
        for number in 0..<meta.shards {
            let result = try copy(shard: number)
            let directory = DataDirectory.journalDirectory(in: target, shard: number)
            try check(directory, result)
            manifest.shards.append(
                .init(number: number, lastPosition: result.lastPosition, headHash: result.headHash)
            )
            shards.append(Shard(directory: directory, result: result))
        }
        // Behind the journals: it has every number that they hold.
        let registry = try ConnectorRegistryFile.read(in: source)
        try ConnectorRegistryFile.write(registry, in: target)
        let metaBytes = try Files.read(FilePaths.join(source, "meta.yaml"))
        try Files.writeAtomically(metaBytes, to: FilePaths.join(target, "meta.yaml"), permissions: 0o600)
        for path in try FileTree.files(in: target) {
            let found = try CopiedFile.digest(FilePaths.join(target, path))
            manifest.files.append(.init(path: path, bytes: found.bytes, digest: found.digest))
        }
        try Files.writeAtomically(
            manifest.text,
            to: FilePaths.join(target, BackupManifest.fileName),
            permissions: 0o600
        )
        return shards
    }

    private func copy(shard number: Int) throws(JournalError) -> JournalBackupResult {
        let pacer = Pacer(bytesPerSecond: bytesPerSecond)
        do throws(JournalProblem) {
            return try JournalBackup.copy(
                directory: DataDirectory.journalDirectory(in: source, shard: number),
                archive: archive.map { DataDirectory.journalDirectory(in: $0, shard: number) },
                to: DataDirectory.journalDirectory(in: target, shard: number),
                pace: { pacer.took($0) }
            )
        } catch {
            throw JournalError(error.code, error.description)
        }
    }

    /// A backup that cannot be read is none.
    private func check(_ directory: String, _ result: JournalBackupResult) throws(JournalError) {
        let found = JournalVerifier.verify(directory: directory)
        if let problem = found.problem { throw JournalError(problem.code, "the copy is not sound: \(problem)") }
        guard found.lastPosition == result.lastPosition, found.headHash == result.headHash else {
            throw JournalError(.corrupt, "\(directory): the copy ends with record \(found.lastPosition)")
        }
    }
}

/// Waits so that bytes flow no faster than allowed. One thread's.
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
