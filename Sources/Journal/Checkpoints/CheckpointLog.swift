/// How a journal signs its chain.
package struct CheckpointSettings: Sendable {
    package var signer: CheckpointSigner
    /// Least time between two checkpoints, in nanoseconds; one is also made on close. Nothing is
    /// signed twice.
    package var intervalNanoseconds: UInt64

    package init(signer: CheckpointSigner, intervalNanoseconds: UInt64 = 10_000_000_000) {
        self.signer = signer
        self.intervalNanoseconds = intervalNanoseconds
    }
}

/// The file `checkpoints` of a journal: one line in each 512 bytes, padded with spaces. A line's
/// number gives its place. So the next write replaces a line that a crash tore, and nothing has to
/// be cut off. A disk writes a block of 512 bytes whole.
struct CheckpointLog {
    static let slotBytes = 512
    static let fileName = "checkpoints"

    private let file: any JournalFile
    private let signer: CheckpointSigner
    private let journalID: UInt64
    /// Of the journal's owner.
    var epoch: UInt64
    private(set) var last: Checkpoint?

    /// Goes on behind `last`; makes the file if there is none.
    init(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory,
        signer: CheckpointSigner,
        journalID: UInt64,
        epoch: UInt64,
        after found: CheckpointReader.State
    ) throws(JournalFileError) {
        let path = directory.file(Self.fileName)
        switch found {
        case .present(let last): self.last = last
        case .absent: try Self.create(path, on: fileSystem, in: directory)
        case .damaged:
            try fileSystem.rename(path, to: directory.file(try Self.freeName(fileSystem, directory)))
            try Self.create(path, on: fileSystem, in: directory)
        }
        file = try fileSystem.open(path, .update)
        self.signer = signer
        self.journalID = journalID
        self.epoch = epoch
    }

    private static func create(
        _ path: String,
        on fileSystem: any JournalFileSystem,
        in directory: JournalDirectory
    ) throws(JournalFileError) {
        let temporary = path + JournalDirectory.temporarySuffix
        try fileSystem.open(temporary, .create).sync()
        try fileSystem.rename(temporary, to: path)
        try fileSystem.syncDirectory(directory.path)
    }

    private static func freeName(
        _ fileSystem: any JournalFileSystem,
        _ directory: JournalDirectory
    ) throws(JournalFileError) -> String {
        let names = Set(try fileSystem.list(directory: directory.path))
        for copy in 1..<1_000 {
            let name = "\(fileName)-\(copy).damaged"
            if !names.contains(name) { return name }
        }
        throw JournalFileError(code: 0, operation: "name a .damaged file", path: directory.path)
    }

    /// Signs how far the journal is durable; the line is durable when this returns. After an error
    /// the next call writes the same place again.
    mutating func append(_ point: DurablePoint) throws(JournalFileError) -> Checkpoint {
        precondition(point.batch > last?.batch ?? 0)
        let claim = Checkpoint.Claim(
            number: (last?.number ?? 0) + 1,
            journalID: journalID,
            epoch: epoch,
            point: point,
            wallMilliseconds: wallMilliseconds(),
            previous: last?.lineHash ?? .genesis
        )
        let checkpoint = Checkpoint(claim, signedWith: signer)
        let slot = Self.slot(checkpoint)
        var failure: JournalFileError?
        slot.withUnsafeBytes { bytes in
            do throws(JournalFileError) {
                try file.write(bytes, at: (claim.number - 1) * UInt64(Self.slotBytes))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        try file.sync()
        last = checkpoint
        return checkpoint
    }

    static func slot(_ checkpoint: Checkpoint) -> [UInt8] {
        var bytes = Array(checkpoint.line.utf8)
        precondition(bytes.count < slotBytes)
        bytes += [UInt8](repeating: UInt8(ascii: " "), count: slotBytes - 1 - bytes.count)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
