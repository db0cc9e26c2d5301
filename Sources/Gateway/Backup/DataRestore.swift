import Glibc
import Journal

/// Puts a backup into a new data directory, after checking every byte of it.
package struct DataRestore {
    package let backup: String
    package let target: String

    package init(backup: String, target: String) {
        self.backup = backup
        self.target = target
    }

    /// What was restored.
    package struct Result {
        package var files = 0
        package var bytes: UInt64 = 0
        /// The last run of each log.
        package var lastPositions: [UInt64] = []
        /// When the backup was made, in seconds since 1970.
        package var seconds: Int64 = 0
    }

    /// Blocks. Throws, before the target is touched, when the backup is not whole. When it throws
    /// later, it has removed what it wrote, so it can be repeated. A process that was killed leaves
    /// files under a mark, and the next restore to the same place removes them. `meta.yaml` comes
    /// last, so what a crash leaves is no data directory.
    package func run() throws -> Result {
        let manifest = try manifest()
        for log in manifest.logs { try check(log) }
        let place = CopyTarget(path: target, lastName: "meta.yaml")
        try place.begin()
        do {
            let result = try copy(manifest)
            try place.finish()
            return result
        } catch {
            place.clear()
            throw error
        }
    }

    private func copy(_ manifest: BackupManifest) throws -> Result {
        var result = Result()
        result.seconds = manifest.seconds
        result.lastPositions = manifest.logs.map(\.lastPosition)
        let meta = "meta.yaml"
        for file in manifest.files.sorted(by: { ($0.path == meta ? 1 : 0) < ($1.path == meta ? 1 : 0) }) {
            try copy(file)
            result.files += 1
            result.bytes += file.bytes
        }
        try Files.syncDirectory(target)
        try Files.syncDirectory(FilePaths.directory(of: target))
        return result
    }

    private func manifest() throws -> BackupManifest {
        let path = FilePaths.join(backup, BackupManifest.fileName)
        guard Files.exists(path) else {
            throw DataDirectoryError.damaged(
                path: path,
                reason: "is missing: this is no backup, or one that was not finished"
            )
        }
        guard let manifest = BackupManifest(try Files.read(path, limit: BackupManifest.maximumBytes)) else {
            throw DataDirectoryError.damaged(
                path: path,
                reason: "is damaged, or of a format that this version does not read"
            )
        }
        guard manifest.files.contains(where: { $0.path == "meta.yaml" }) else {
            throw DataDirectoryError.damaged(path: path, reason: "names no meta.yaml")
        }
        return manifest
    }

    private func check(_ log: BackupManifest.Log) throws(JournalError) {
        let directory = DataDirectory.logDirectory(in: backup, log: log.number)
        let found = JournalVerifier.verify(directory: directory, isLog: true)
        if let problem = found.problem { throw JournalError(problem.code, "the backup is damaged: \(problem)") }
        guard found.lastPosition == log.lastPosition, found.headHash == log.headHash else {
            throw JournalError(
                .corrupt,
                "\(directory): ends with run \(found.lastPosition), head \(found.headHash); the manifest says "
                    + "\(log.lastPosition), \(log.headHash)"
            )
        }
    }

    private func copy(_ file: BackupManifest.File) throws {
        let path = FilePaths.join(target, file.path)
        try Files.makeDirectory(FilePaths.directory(of: path), permissions: 0o700)
        let found = try CopiedFile.copy(FilePaths.join(backup, file.path), to: path)
        guard found.bytes == file.bytes, found.digest == file.digest else {
            throw DataDirectoryError.damaged(
                path: FilePaths.join(backup, file.path),
                reason: "is not the file that was backed up"
            )
        }
        try Files.syncDirectory(FilePaths.directory(of: path))
    }
}
