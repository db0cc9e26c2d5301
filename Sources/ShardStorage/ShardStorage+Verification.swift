package import Journal
import ShardState

/// What an offline check of a shard's snapshots and cold files found.
package struct StorageVerification: Sendable, Equatable {
    package var files = 0
    package var bytes: UInt64 = 0
    /// What is wrong with indexes, which a start makes anew or a gateway that finds it.
    package var wrongIndexes: [String] = []
}

extension ShardStorage {
    /// Reads every snapshot and every cold file of a shard that no process serves, and checks every
    /// checksum. Changes nothing. Blocks.
    ///
    /// Throws `corrupt` for damage and for a missing file, `format` for files of a newer program,
    /// `key` for encrypted files whose key is missing, `io` when the system refuses a call; each
    /// with the file's name.
    package func verify() throws(JournalError) -> StorageVerification {
        var found = StorageVerification()
        let directories = try names(in: directory)
        if directories.contains("snapshots") {
            for position in try positions(Self.snapshotSuffix) {
                let path = path(position, Self.snapshotSuffix)
                let (header, summary) = try SnapshotReader.readAll(fileSystem, path: path, ring: keys?.ring) { _, _ in }
                guard header.journalID == journalID, header.kind == .snapshot, header.position == position else {
                    throw JournalError(.corrupt, "\(path): is not the file that its name says")
                }
                found.files += 1
                found.bytes += summary.bytes
            }
        }
        for kind in ColdKind.allCases {
            let files = cold(kind)
            guard directories.contains(files.directoryName) else { continue }
            let cold = try files.verify()
            found.files += cold.files
            found.bytes += cold.bytes
            if let problem = cold.indexProblem { found.wrongIndexes.append(problem) }
        }
        return found
    }

    private func names(in directory: String) throws(JournalError) -> [String] {
        do throws(JournalFileError) { return try fileSystem.list(directory: directory) } catch {
            throw error.asJournalError
        }
    }
}
