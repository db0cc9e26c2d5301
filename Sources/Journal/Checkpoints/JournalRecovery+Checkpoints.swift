/// A start with signed checkpoints.
extension JournalRecovery {
    /// The end of the log of checkpoints. It is evidence whether or not this process signs.
    func readCheckpoints() throws(JournalProblem) -> CheckpointReader.State {
        let key = configuration.checkpoints?.signer.publicKey
        let found = try CheckpointReader.readEnd(fileSystem, directory, key: key)
        guard let last = found.last, last.journalID != configuration.journalID else { return found }
        throw JournalProblem(
            .format,
            file: directory.file(CheckpointLog.fileName),
            "belongs to journal \(last.journalID)"
        )
    }

    func reopenCheckpoints(
        _ found: CheckpointReader.State,
        epoch: UInt64
    ) throws(JournalFileError) -> CheckpointLog? {
        guard let settings = configuration.checkpoints else { return nil }
        return try CheckpointLog(
            fileSystem,
            directory,
            signer: settings.signer,
            journalID: configuration.journalID,
            epoch: epoch,
            after: found
        )
    }
}

extension CheckpointReader.State {
    var description: RecoveryReport.CheckpointState {
        switch self {
        case .absent: .absent
        case .damaged: .damaged
        case .present(let last): .present(number: last?.number ?? 0, batch: last?.batch ?? 0)
        }
    }
}
