@testable import Journal

extension FuzzTarget {
    /// The whole of a recovery over a damaged journal. It refuses, or gives the journal's records;
    /// what it accepts it accepts again, and can be written on. Without forged checksums: only the
    /// seed's records, in order, from the first; all of them if the witness is as it was; and the
    /// verifier says the same as recovery.
    static let journal = FuzzTarget(name: "journal", maximumBytes: 512) { input in
        var program = FuzzInput(input)
        // Some starts have a snapshot of the first records.
        let origin = RecordPosition(program.byte()) % 64
        let damage = JournalDamage(&program)
        let verification = JournalVerifier.verify(
            directory: JournalSeed.directory,
            journalID: JournalSeed.journalID,
            fileSystem: MemoryDisk(damage.files)
        )
        let disk = MemoryDisk(damage.files)
        let first = Recovered(disk, origin)
        // A journal whose first segments went to an archive is sound, and yet no start without a
        // snapshot.
        if !damage.isForged, origin == 0, verification.firstPosition <= 1 {
            precondition((first != nil) == verification.isSound, "recovery and verifier disagree: \(verification)")
        }
        guard let first else { return }
        if !damage.isForged { first.checkAgainstSeed(all: !damage.touchesWitness) }
        guard let second = Recovered(disk, origin) else { preconditionFailure("what recovery left, it refuses") }
        precondition(second.records == first.records && second.report.torn == nil)
        // An epoch is an owner's: a recovery alone takes none.
        precondition(second.report.epoch == first.report.epoch)
        second.appendAndRecover(disk)
    }
}

/// What a recovery accepted.
private struct Recovered {
    var records: [[UInt8]] = []
    let outcome: JournalRecovery.Outcome
    var report: RecoveryReport { outcome.report }

    let origin: RecordPosition

    init?(_ disk: MemoryDisk, _ origin: RecordPosition) {
        self.origin = origin
        let recovery = JournalRecovery(
            configuration: JournalSeed.configuration,
            fileSystem: disk,
            directory: JournalDirectory(JournalSeed.directory),
            origin: origin
        )
        var records: [[UInt8]] = []
        var next = origin + 1
        let outcome = try? recovery.run { position, bytes in
            precondition(position == next, "a gap in the records")
            next += 1
            records.append(bytes.withUnsafeBufferPointer(Array.init))
        }
        guard let outcome else { return nil }
        precondition(outcome.report.lastPosition == next - 1)
        self.outcome = outcome
        self.records = records
    }

    func checkAgainstSeed(all: Bool) {
        let seed = Array(JournalSeed.shared.records.dropFirst(Int(origin)))
        precondition(records.count <= seed.count && records[...] == seed.prefix(records.count), "other records")
        precondition(!all || records.count == seed.count, "acknowledged records were dropped")
    }

    /// One more batch, if the segment has room for it.
    func appendAndRecover(_ disk: MemoryDisk) {
        let payload: [UInt8] = [3, 0, 0, 0, 7, 8, 9]
        guard outcome.writer.payloadRoom >= payload.count else { return }
        let written = payload.withUnsafeBytes { try? outcome.writer.write($0, count: 1) }
        precondition(written != nil)
        guard let third = Recovered(disk, origin) else {
            preconditionFailure("what was written behind, recovery refuses")
        }
        precondition(third.records == records + [[7, 8, 9]])
    }
}
