/// What a repair would do, or has done.
package struct JournalRepairPlan: Sendable {
    package internal(set) var directory: String
    /// The first record that is cut off; the journal ends before it.
    package internal(set) var position: RecordPosition
    /// The last record that is known to have been there, from batches behind the cut and from the
    /// witness.
    package internal(set) var lastKnown: RecordPosition
    /// Why a start refuses the journal; nil if it does not.
    package internal(set) var problem: JournalProblem?
    /// The segment that the cut is in, and where its first batch to go begins.
    package internal(set) var file = ""
    package internal(set) var offset: UInt64 = 0
    /// Records at the front of that batch that stay, as a batch of their own; 0 when the cut is
    /// between batches.
    package internal(set) var recordsKeptOfBatch: UInt32 = 0
    /// Files of the journal that are set aside (`.cut`), and those that are kept beside their new
    /// version.
    package internal(set) var setAside: [String] = []
    package internal(set) var replaced: [String] = []
    /// Of a log of streams: how far each is at the cut, by number.
    package internal(set) var streams: [StreamMark] = []

    /// How many records are cut off, as far as is known.
    package var lostRecords: UInt64 { lastKnown < position ? 0 : lastKnown - position + 1 }
}

/// What an operator does after damage before the tail: cuts a journal before a record, so that it
/// starts again. Everything that is cut stays in files of its own; nothing that was there is
/// overwritten.
package enum JournalRepair {
    /// What cutting at `position` would mean. Changes nothing. Throws `fenced` when a process has
    /// the journal, because its end moves then. Throws `notFound` if there is nothing to cut there,
    /// and `corrupt` if the journal is damaged before the position. A cut may go through a batch;
    /// it throws `key` if that batch cannot be opened.
    /// - Parameter shards: all streams of a log, and where each has its files. Files that rely on
    ///   cut records are set aside, too.
    package static func plan(
        directory: String,
        truncateAt position: RecordPosition,
        archive: String? = nil,
        keys: MasterKeyRing? = nil,
        shards: [StreamNumber: String] = [:],
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> JournalRepairPlan {
        let lock = try JournalRecovery.takeLock(fileSystem, JournalDirectory(directory))
        defer { withExtendedLifetime(lock) {} }
        return try JournalCutter(
            fileSystem,
            at: directory,
            archive: archive,
            keys: keys,
            before: position,
            shards: shards
        ).plan
    }

    /// Cuts, and says what was done. Blocks. Throws `fenced` when a process has the journal. After
    /// a crash in between it can be called again.
    package static func truncate(
        directory: String,
        at position: RecordPosition,
        archive: String? = nil,
        keys: MasterKeyRing? = nil,
        shards: [StreamNumber: String] = [:],
        fileSystem: any JournalFileSystem = PosixFileSystem()
    ) throws(JournalProblem) -> JournalRepairPlan {
        let lock = try JournalRecovery.takeLock(fileSystem, JournalDirectory(directory))
        defer { withExtendedLifetime(lock) {} }
        let cutter = try JournalCutter(
            fileSystem,
            at: directory,
            archive: archive,
            keys: keys,
            before: position,
            shards: shards
        )
        do throws(JournalFileError) {
            try cutter.cut()
        } catch {
            throw JournalProblem(error)
        }
        return cutter.plan
    }

    /// The records behind a cut that can still be read, in the order of the files. A batch can be
    /// read if it is whole and its checksums are right, even when the batches beside it are
    /// damaged. Encrypted ones need `keys`.
    package static func forEachLostRecord(
        directory: String,
        from position: RecordPosition,
        keys: MasterKeyRing? = nil,
        fileSystem: any JournalFileSystem = PosixFileSystem(),
        _ body: (JournalDump.Batch, RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalProblem) {
        let debris = try JournalDebris(fileSystem, in: JournalDirectory(directory), keys: .required(keys))
        try debris.forEachBatch { batch throws(JournalProblem) in
            guard batch.header.lastPosition >= position else { return }
            let place = JournalDump.Batch(batch)
            try BatchRecords.forEach(in: batch, after: position - 1) { record, bytes in body(place, record, bytes) }
        }
    }
}
