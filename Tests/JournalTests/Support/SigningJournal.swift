import Testing

@testable import Journal

/// A journal on a fake disk whose writer and keeper run in steps, and which signs a checkpoint
/// whenever it can.
struct SigningJournal {
    static let log = TestJournal.directory + "/checkpoints"

    let signer: CheckpointSigner
    var keys: JournalKeys?
    var interval: UInt64 = 0

    func configuration(_ clock: @escaping @Sendable () -> UInt64 = monotonicNanoseconds) -> JournalConfiguration {
        var configuration = TestJournal.configuration()
        configuration.keys = keys
        configuration.checkpoints = CheckpointSettings(signer: signer, intervalNanoseconds: interval)
        configuration.driving = .steps
        configuration.clock = clock
        return configuration
    }

    /// Writes one batch per count.
    func write(_ disk: FakeDisk, _ counts: [Int], bytes: Int = 100) throws {
        let journal = try TestJournal(disk, configuration())
        for count in counts { try Self.append(journal, count, bytes: bytes) }
        journal.journal.close()
    }

    static func append(_ journal: TestJournal, _ count: Int, bytes: Int = 100) throws {
        try journal.append(count, bytes: bytes)
        settle(journal)
        #expect(journal.owner.acknowledged == journal.journal.lastPosition)
    }

    /// Runs writer and keeper until they wait for something else than the next segment's pieces.
    static func settle(_ journal: TestJournal) {
        while true {
            let writer = journal.journal.stepWriter()
            let keeper = journal.journal.stepKeeper()
            if writer != .did && keeper != .did { return }
        }
    }

    func evidence(kept: [String] = []) -> CheckpointEvidence {
        CheckpointEvidence(publicKeys: [signer.publicKey], kept: kept, keptSource: "kept.txt")
    }

    func verify(_ disk: FakeDisk, kept: [String] = []) -> JournalVerification {
        JournalVerifier.verify(
            directory: TestJournal.directory,
            keys: keys?.ring,
            evidence: evidence(kept: kept),
            fileSystem: disk
        )
    }

    /// The log's lines.
    static func lines(_ disk: FakeDisk) -> [Checkpoint?] {
        let bytes = disk.contents(log)
        return stride(from: 0, to: bytes.count, by: 512).map { start in
            CheckpointReader.checkpoint(inSlot: Array(bytes[start..<min(bytes.count, start + 512)]))
        }
    }
}
