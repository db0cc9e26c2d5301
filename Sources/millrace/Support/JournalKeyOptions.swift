import ArgumentParser
import Gateway
import Journal

/// The master keys of encrypted journals, for commands that read them.
struct JournalKeyOptions: ParsableArguments {
    @Option(help: "The file with the master keys of an encrypted journal (journal.encryption.key_file).")
    var keyFile: String?

    func ring() throws(ConfigurationError) -> MasterKeyRing? {
        try keyFile.map { path throws(ConfigurationError) in try KeySource.file(path).ring() }
    }
}

/// The checkpoints and keys that auditors compare a journal with.
struct CheckpointOptions: ParsableArguments {
    @Option(
        help: "A public key of signed checkpoints, PEM; may be given several times. Checks the journal's own log, too."
    )
    var publicKey: [String] = []
    @Option(help: "A file of checkpoints that were kept elsewhere, a line each; may be given several times.")
    var checkpoint: [String] = []

    func validate() throws {
        if publicKey.isEmpty && !checkpoint.isEmpty {
            throw ValidationError("--checkpoint needs the --public-key that its lines are signed with")
        }
    }

    func evidence() throws -> CheckpointEvidence? {
        if publicKey.isEmpty { return nil }
        let keys = try publicKey.map { path in
            try CheckpointPublicKey(text: try Files.read(path), source: path)
        }
        var lines: [String] = []
        for path in checkpoint {
            let text = String(decoding: try Files.read(path, limit: 1 << 30), as: UTF8.self)
            lines += text.split(separator: "\n").map { String($0) }
        }
        return CheckpointEvidence(publicKeys: keys, kept: lines, keptSource: checkpoint.joined(separator: "+"))
    }
}

extension CheckpointAudit {
    /// For messages.
    func text(lastPosition: RecordPosition) -> String {
        let unsigned = lastPosition - min(lastPosition, signedPosition)
        return "\(logged) checkpoints in the log, \(kept) kept elsewhere, \(confirmed) confirmed, \(beforeFirst) about "
            + "segments that are not here; signed up to record \(signedPosition), \(unsigned) later records are not"
    }
}
