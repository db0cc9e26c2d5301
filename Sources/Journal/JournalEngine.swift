/// The number of a record in a journal, from 1, without gaps. Positions order everything: "durable
/// up to position p" means that every record numbered p or lower survives a crash.
package typealias RecordPosition = UInt64

/// What a journal tells its owner. Calls come on the journal's own thread; an owner on an event
/// loop hops.
package protocol JournalOwner: AnyObject, Sendable {
    /// Every record up to and including `position` is durable.
    func journalDurable(upTo position: RecordPosition)
    /// A write or flush failed. Nothing appended later than the last `journalDurable` position may
    /// be assumed either way; the journal is fenced and takes no more appends. Never retried
    /// (docs/adr/0008-local-journal-with-direct-io.md).
    func journalFailed(_ error: JournalError)
    /// Another owner has the journal. Told once, before that owner can append; nothing is told
    /// after it. Records appended later than the last `journalDurable` position may be durable or
    /// not: the new owner's feed says. The former owner stops at once: it answers nothing and
    /// causes no effect that rests on such a record. A retry does not help it.
    func journalLost(_ error: JournalError)
}

extension JournalOwner {
    /// An owner that does not tell the two apart stops as it does after a failure.
    package func journalLost(_ error: JournalError) { journalFailed(error) }
}

/// Why a journal cannot go on, in words for the operator.
package struct JournalError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The operating system refused a file operation.
        case io
        /// No space is left on the device.
        case diskFull
        /// Records are damaged before the journal's end.
        case corrupt
        /// Another process, or another owner with a later epoch, holds the journal.
        case fenced
        /// A file of another or newer format.
        case format
        /// A file is encrypted, and its master key is missing or another one.
        case key
        /// More bytes are waiting for the disk than allowed.
        case backlog
        /// No durable record has the position asked for, or no cursor has the name.
        case notFound
        /// A table with a named maximum is full: feeds, or cursors. A retry helps when another has
        /// been closed or deleted.
        case limit
        /// A cursor of this name is there already.
        case exists
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// A journal as its owner sees it, from `JournalStore.acquire` on: batches of opaque records go in,
/// in order, and become durable in order. The local-file engine passes the conformance suite
/// (`Tests/JournalConformance`), and so must a later replicated engine. That is why appends carry
/// the expected position and the owner's epoch.
package protocol JournalEngine: AnyObject, Sendable {
    /// The owner's epoch, from `acquire`; later owners have larger ones.
    var epoch: UInt64 { get }

    /// Keeps the lease for its duration from `now` on, and returns its new end. A lease that ran
    /// out is renewed as long as nobody else acquired the journal. The call blocks in an engine
    /// whose leases another machine keeps. So it is never made on an event loop.
    /// - Parameter now: nanoseconds of the clock that `acquire` was given.
    /// - Throws: `fenced` when another owner has the journal, or the lease was given up. Final: a
    ///   retry does not help.
    @discardableResult
    func renew(at now: UInt64) throws(JournalError) -> UInt64

    /// Checks that this owner has the journal. Called before a change that is no append takes
    /// effect: before a snapshot gets its name. May block as `renew` does.
    /// - Throws: `fenced` when another owner has the journal, or the lease was given up.
    func confirm() throws(JournalError)

    /// Whether no other owner has been granted the journal, as far as this engine knows without
    /// asking. It is false from the moment of the grant, before `journalLost` and before the next
    /// owner can append. So an owner that was paused for a while answers nothing from a state that
    /// is out of date. Cheap; any thread.
    var isOwner: Bool { get }

    /// The position of the last record appended (durable or not); 0 for an empty journal.
    var lastPosition: RecordPosition { get }

    /// Bytes of frames that can still be written before another segment is needed. It is the sum of
    /// the room in the segment in use and in the prepared one. Records that were appended and are
    /// not durable yet are not subtracted; `JournalRoom.frameBytes` says what they take at most.
    /// Cheap: any thread may ask at any time. `Int.max` for an engine that has no such limit.
    var roomBytes: Int { get }

    /// How much room the owner would like to see, so that it need not refuse work. With this hint
    /// the journal prepares the next segment sooner. Cheap; the owner's thread.
    func wantRoom(bytes: Int)

    /// The most bytes of `records` that one `append` takes, when nothing waits for the disk. The
    /// largest record fits. `Int.max` for an engine that has no such limit.
    var largestAppendBytes: Int { get }

    /// Appends the records of one tick. `records` holds `count` records, each as a little-endian
    /// `UInt32` length and its bytes. `expecting` is the position before the first, and must equal
    /// `lastPosition`. Returns at once; durability is reported to the owner in order.
    ///
    /// Throws `backlog` when more than `largestAppendBytes` would wait; the caller answers 503.
    /// Throws `fenced` for another epoch, another position or a closed journal. In both cases
    /// nothing was appended. After a failure it throws the first failure.
    func append(records: borrowing [UInt8], count: Int, expecting: RecordPosition, epoch: UInt64) throws(JournalError)

    /// Reads one durable record again (its bytes without the length); blocks on the disk, so never
    /// called on an event loop. Throws `notFound` for a position that is 0 or not durable.
    func read(at position: RecordPosition) throws(JournalError) -> [UInt8]

    /// The same for a reader of several records, which keeps what one read had to open and decode
    /// for the next.
    func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8]

    /// Notes that records up to a position are no longer needed for a start: a snapshot holds them.
    /// They may go to an archive, and are read from there. Any thread; cheap. Nothing happens when
    /// another owner has the journal, or where nothing is archived.
    func retire(upTo position: RecordPosition)

    /// Flushes what is pending, tells it, and gives the lease up: the next owner need not wait for
    /// its end. An owner that has lost the journal only stops being told. The owner is told nothing
    /// after this has returned. Blocks.
    func close()
}

extension JournalEngine {
    /// For an engine that has one owner for as long as it is open.
    package var isOwner: Bool { true }

    package var roomBytes: Int { .max }

    package var largestAppendBytes: Int { .max }

    package func wantRoom(bytes: Int) {}

    package func retire(upTo position: RecordPosition) {}

    /// Likewise.
    package func renew(at now: UInt64) throws(JournalError) -> UInt64 { .max }

    /// Likewise.
    package func confirm() throws(JournalError) {}
}

/// How records fill a segment, for an owner that keeps room for what it must be able to write
/// (docs/journal.md, "Reserve").
package enum JournalRoom {
    /// The most that records of these bytes (each with its 4-byte length) take when they travel in
    /// a batch of their own.
    package static func frameBytes(records bytes: Int) -> Int { paddedToBlock(BatchHeader.byteCount + bytes) }
}
