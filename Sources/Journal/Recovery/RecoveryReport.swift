/// What opening a journal found and did. The owner logs it; an operator should look at `torn` and
/// `witness`.
package struct RecoveryReport: Sendable, Equatable {
    /// Whether the directory held no journal before.
    package internal(set) var created = false
    /// The position that the owner had already; records after it were replayed.
    package internal(set) var origin: RecordPosition = 0
    /// Segments read, the prepared but never used one not counted.
    package internal(set) var segments = 0
    /// Older segments that are there and did not need to be read.
    package internal(set) var segmentsSkipped = 0
    /// Segments that were read from the archive because their files are not here any more.
    package internal(set) var segmentsFromArchive = 0
    /// Batches read.
    package internal(set) var batches: UInt64 = 0
    /// Records read; those up to `origin` were checked and not replayed.
    package internal(set) var records: UInt64 = 0
    /// Records given to the owner.
    package internal(set) var replayed: UInt64 = 0
    /// Bytes of records read, each with its 4-byte length.
    package internal(set) var bytes: UInt64 = 0
    /// The last position; the journal goes on with the one after it.
    package internal(set) var lastPosition: RecordPosition = 0
    /// The largest epoch found; where an owner opened the journal for itself, its own, which is
    /// larger.
    package internal(set) var epoch: UInt64 = 0
    /// Time spent reading and replaying, in nanoseconds.
    package internal(set) var nanoseconds: UInt64 = 0
    /// The unacknowledged bytes cut from the end, if any.
    package internal(set) var torn: TornTail?
    package internal(set) var witness = WitnessState.absent
    package internal(set) var checkpoints = CheckpointState.absent
    /// Durable cursors found.
    package internal(set) var cursors = 0
    /// Cursors both of whose copies are damaged: they are gone, and their consumers find no cursor.
    package internal(set) var cursorsDamaged = 0
    /// The file of cursors was beyond use and set aside: all cursors are gone.
    package internal(set) var isCursorFileDamaged = false
    /// Cursors that stand behind the journal's end: a repair cut records that their consumers had
    /// taken.
    package internal(set) var cursorsAhead: [JournalCursorName] = []

    /// What the log of signed checkpoints could say about the end of the journal.
    package enum CheckpointState: Sendable, Equatable {
        case absent
        /// Its end is damaged beyond use: if this process signs, it was set aside and a new one
        /// begun.
        case damaged
        /// The newest one, 0 if the log is empty.
        case present(number: UInt64, batch: UInt64)
    }

    /// Bytes of a batch that was being written when the process or machine died. No record of it
    /// was acknowledged.
    package struct TornTail: Sendable, Equatable {
        /// Segment file they were cut from.
        package var file: String
        package var offset: UInt64
        package var bytes: UInt64
        /// File that keeps them.
        package var keptIn: String
        /// The segment's file was used before: these may be bytes of that time, and no batch was
        /// being written at all.
        package var inRecycledSegment = false
    }

    /// What the witness file could say about the end of the journal.
    package enum WitnessState: Sendable, Equatable {
        /// There was none (a new journal, or the file was removed): a new one is made.
        case absent
        /// The file is damaged beyond use: a new one is made. Its evidence is lost, that of the
        /// segments is not.
        case damaged
        /// It names this batch and record as durable.
        case present(batch: UInt64, position: RecordPosition)
    }
}
