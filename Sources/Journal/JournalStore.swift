/// One shard's journal, opened without owning it: a follower reads its durable records, and becomes
/// its owner by `acquire`. Several hosts share a store. Any thread may call; calls that touch the
/// disk or another machine block.
package protocol JournalStore: AnyObject, Sendable {
    /// The last record that is durable; 0 for an empty journal. Cheap.
    var durablePosition: RecordPosition { get }

    /// Makes the caller the owner, with an epoch larger than every one before, which is durable
    /// when this returns. Whatever the former owner appended is durable then or will never be, so
    /// `durablePosition` is the last record. The former owner's appends, renewals and confirmations
    /// are refused from then on, and it is told `journalLost` once. Blocks until what the former
    /// owner appended is durable.
    /// - Throws: `fenced` while another holder's lease lasts, or is being changed (a retry helps
    ///   when it has ended); the journal's first failure after one.
    func acquire(_ claim: JournalClaim, owner: any JournalOwner) throws(JournalError) -> any JournalEngine

    /// A sequential reader of the durable records from `position` on, which may be one that is not
    /// written yet.
    /// - Throws: `notFound` when the record was there and is no longer kept; `limit` beyond
    ///   `JournalLimits.feeds` of them.
    func feed(from position: RecordPosition) throws(JournalError) -> any JournalFeed

    // MARK: Cursors

    /// Makes a durable cursor: a named position up to which a consumer has taken the records.
    /// Whatever comes after it is kept until the cursor advances or is deleted.
    /// - Parameter position: the last record taken; 0 for none.
    /// - Throws: `exists`; `notFound` when the record after `position` is no longer kept, or
    ///   `position` is not durable; `limit` beyond `JournalLimits.cursors` of them; `io` or
    ///   `diskFull`, after which the call may be repeated.
    func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError)

    /// Moves a cursor forward; durable when this returns. A position at or before the cursor's
    /// changes nothing. Costs a sync, so a consumer advances about once a second and not for each
    /// record.
    /// - Throws: `notFound` for a name that has no cursor, or a position that is not durable; `io`
    ///   or `diskFull`, after which the cursor is where it was and the call may be repeated.
    func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError)

    /// Deletes a cursor; what it alone held back may go.
    /// - Throws: `notFound`; `io` or `diskFull`, after which the call may be repeated.
    func deleteCursor(_ name: JournalCursorName) throws(JournalError)

    /// Every cursor, by name.
    var cursors: [JournalCursor] { get }

    /// Closes the journal: an owner is as after `close`, feeds end with `fenced`. Blocks. Later
    /// calls do nothing.
    func close()
}

/// The named maxima of one journal.
package enum JournalLimits {
    /// Feeds that are open at once. Beyond it `feed(from:)` throws `limit`.
    package static let feeds = 16
    /// Durable cursors. Beyond it `createCursor` throws `limit`.
    package static let cursors = 64
}

/// What a host asks a journal for when it wants to own it.
package struct JournalClaim: Sendable {
    /// Who asks: names the host in refusals. The holder of a lease may acquire again before its
    /// lease ends.
    package var holder: String
    /// Nanoseconds that never go back, of one clock for all holders of the store.
    package var now: UInt64
    /// How long the lease lasts unless it is renewed, in nanoseconds from `now`; `.max`: until it
    /// is given up. The holder stops by itself at half of it without a renewal, because its clock
    /// and the store's may differ.
    package var nanoseconds: UInt64

    package init(holder: String, now: UInt64, nanoseconds: UInt64) {
        precondition(!holder.isEmpty && nanoseconds > 0)
        self.holder = holder
        self.now = now
        self.nanoseconds = nanoseconds
    }

    /// When the lease ends.
    var end: UInt64 { now.addingReportingOverflow(nanoseconds).overflow ? .max : now + nanoseconds }
}

/// A sequential reader of durable records. Belongs to one reader, which uses it on one thread at a
/// time. Holds at most one file and one batch (`JournalConfiguration.batchBytes`).
package protocol JournalFeed: AnyObject, Sendable {
    /// The position of the record that `read` gives next.
    var next: RecordPosition { get }

    /// The next records, as many as were written together; nil when none is durable yet. Blocks on
    /// the disk, so never called on an event loop.
    /// - Throws: `corrupt` for damage; `notFound` when the record is no longer kept; `fenced` when
    ///   the store is closed; `io`. The feed stays where it was.
    func read() throws(JournalError) -> JournalFeedBatch?

    /// Calls `wake` once, as soon as `read` has something to give or to throw: at once if it has
    /// now. On the caller's thread or on one of the journal's, where it delays the next flush: so
    /// it only passes the word on. A later call replaces it.
    func whenMore(_ wake: @escaping @Sendable () -> Void)

    /// Ends the feed: records that it alone held back may go, and a wake that waits is dropped.
    /// Later calls do nothing.
    func close()
}

/// Records that follow each other. All of them are durable.
package struct JournalFeedBatch: Sendable {
    /// The position of the first.
    package let firstPosition: RecordPosition
    /// The epoch of the owner that wrote them. Never falls from one batch to the next.
    package let epoch: UInt64
    let payload: [UInt8]
    let records: ArraySlice<Range<Int>>

    /// - Parameter records: where each record's bytes are in `payload`.
    package init(
        firstPosition: RecordPosition,
        epoch: UInt64,
        payload: [UInt8],
        records: ArraySlice<Range<Int>>
    ) {
        precondition(!records.isEmpty)
        self.firstPosition = firstPosition
        self.epoch = epoch
        self.payload = payload
        self.records = records
    }

    package var count: Int { records.count }

    package var lastPosition: RecordPosition { firstPosition + RecordPosition(records.count) - 1 }

    /// Gives every record in order. A span is valid during the call.
    package func forEach<Failure: Error>(
        _ body: (RecordPosition, Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var position = firstPosition
        for range in records {
            try body(position, payload.span.extracting(range))
            position += 1
        }
    }
}

/// The name of a durable cursor: 1 to 64 characters. It may have `a` to `z`, `0` to `9`, `-`, `.`
/// and `_`, and does not begin with `.` or `-`.
package struct JournalCursorName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let maximumBytes = 64
    package let description: String

    /// nil for a name that breaks the rule.
    package init?(_ text: String) {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= Self.maximumBytes, bytes.allSatisfy(Self.isAllowed) else {
            return nil
        }
        guard first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return nil }
        description = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: false
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// A durable cursor as it is now.
package struct JournalCursor: Sendable, Equatable {
    package let name: JournalCursorName
    /// The last record that its consumer has taken; 0 for none.
    package let position: RecordPosition
    /// Durable records after it.
    package let lagRecords: UInt64
    /// What they take in the journal's files, to the accuracy of a batch index; an archived segment
    /// counts as before.
    package let lagBytes: UInt64
    /// It holds back more than `JournalConfiguration.cursorAlarmBytes`.
    package let isAlarmed: Bool

    package init(
        name: JournalCursorName,
        position: RecordPosition,
        lagRecords: UInt64,
        lagBytes: UInt64,
        isAlarmed: Bool
    ) {
        self.name = name
        self.position = position
        self.lagRecords = lagRecords
        self.lagBytes = lagBytes
        self.isAlarmed = isAlarmed
    }
}
