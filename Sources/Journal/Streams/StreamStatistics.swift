/// Counters of one stream since its log was opened: a copy taken under the log's mutex, readable by
/// any thread.
package struct StreamStatistics: Sendable {
    /// Records made durable.
    package internal(set) var records: UInt64 = 0
    /// Bytes of them, each with its 4-byte length.
    package internal(set) var bytes: UInt64 = 0
    /// Appends refused because the stream's share of the backlog was full.
    package internal(set) var backlogRefusals: UInt64 = 0
    /// Bytes of the stream that wait for the disk now.
    package internal(set) var backlogBytes = 0
    /// Last durable position.
    package internal(set) var durablePosition: RecordPosition = 0
    /// Last appended position.
    package internal(set) var lastPosition: RecordPosition = 0
    /// Feeds that are open, of at most `JournalLimits.feeds`.
    package internal(set) var feeds = 0
    /// Changes of owner since the log was opened, the first included.
    package internal(set) var acquisitions: UInt64 = 0
    /// The durable cursors and what each holds back, by name; at most `JournalLimits.cursors`.
    package internal(set) var cursors: [JournalCursor] = []
    /// Cursors that operators' commands dropped.
    package internal(set) var cursorsDropped: UInt64 = 0
    /// Attempts to follow such commands that failed; tried again.
    package internal(set) var cursorRequestsFailed: UInt64 = 0
}

/// What opening a log found of one stream.
package struct StreamReport: Sendable, Equatable {
    package internal(set) var number: StreamNumber
    /// The position that the owner had already; records after it were replayed.
    package internal(set) var origin: RecordPosition
    /// Records given to the owner.
    package internal(set) var replayed: UInt64 = 0
    /// Bytes of them, each with its 4-byte length.
    package internal(set) var bytes: UInt64 = 0
    /// The stream's last position.
    package internal(set) var lastPosition: RecordPosition = 0
    /// The largest epoch found.
    package internal(set) var epoch: UInt64 = 0
    /// The stream's chain behind its last position.
    package internal(set) var chain = StreamChain.genesis
    /// Durable cursors found.
    package internal(set) var cursors = 0
    /// Cursors both of whose copies are damaged: they are gone, and their consumers find no cursor.
    package internal(set) var cursorsDamaged = 0
    /// The file of cursors was beyond use and set aside: all cursors are gone.
    package internal(set) var isCursorFileDamaged = false
    /// Cursors that stand behind the stream's end: a repair cut records that their consumers had
    /// taken.
    package internal(set) var cursorsAhead: [JournalCursorName] = []
}
