/// What a copy of one journal holds.
package struct JournalBackupResult: Sendable {
    /// The last record that is in the copy, of a log of streams the last run; every record that was
    /// durable when it began is.
    package internal(set) var lastPosition: RecordPosition = 0
    package internal(set) var lastBatch: UInt64 = 0
    /// The chain's head there.
    package internal(set) var headHash = ""
    package internal(set) var segments = 0
    package internal(set) var archived = 0
    /// Everything else: snapshots, files of cold payments, checkpoints.
    package internal(set) var otherFiles = 0
    package internal(set) var bytes: UInt64 = 0
}

/// Copies a journal, which a gateway may be writing to, into a directory that opens by itself.
package enum JournalBackup {
    /// Blocks. `target` is made. `archive` is where the journal's archive is, by default the folder
    /// `archive` in `directory`. It is copied into the folder `archive` of the target. `pace` is
    /// called with the bytes of each step and may wait.
    ///
    /// Of a log of streams: copy what the shards have beside it first (`copyFiles`).
    ///
    /// The order: checkpoints, snapshots and all other files that name records; then segments up to
    /// the last whole batch; then archived segments. So the journal in the copy reaches every
    /// record that the other files name. A segment that is archived meanwhile is found in one place
    /// or the other. Throws `corrupt` when the copy lacks records that the witness names: the
    /// source is damaged.
    package static func copy(
        directory: String,
        archive: String? = nil,
        to target: String,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        pace: (Int) -> Void = { _ in }
    ) throws(JournalProblem) -> JournalBackupResult {
        try withoutActuallyEscaping(pace) { pace throws(JournalProblem) in
            var copier = JournalCopier(
                fileSystem,
                from: JournalDirectory(directory),
                to: JournalDirectory(target),
                pace: pace
            )
            let witness = try WitnessReader.read(fileSystem, copier.source)
            do throws(JournalFileError) {
                try copier.copyOthers()
                try copier.copySegments()
            } catch {
                throw JournalProblem(error)
            }
            try copier.checkReaches(witness)
            do throws(JournalFileError) {
                try copier.copyArchive(copier.source.archive(archive))
                try copier.finish()
            } catch {
                throw JournalProblem(error)
            }
            return copier.result
        }
    }

    /// Copies what a shard has beside its log: snapshots and all other files that name records.
    /// Blocks. Call it before the log is copied: then the copy of the log reaches every record that
    /// these files name.
    package static func copyFiles(
        directory: String,
        to target: String,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        pace: (Int) -> Void = { _ in }
    ) throws(JournalProblem) -> JournalBackupResult {
        try withoutActuallyEscaping(pace) { pace throws(JournalProblem) in
            var copier = JournalCopier(
                fileSystem,
                from: JournalDirectory(directory),
                to: JournalDirectory(target),
                pace: pace
            )
            do throws(JournalFileError) {
                try copier.copyOthers()
                try fileSystem.syncDirectory(copier.target.path)
            } catch {
                throw JournalProblem(error)
            }
            return copier.result
        }
    }
}
