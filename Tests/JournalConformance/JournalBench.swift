package import Journal

/// One journal of an engine, and what a test can do to what it stands on. An engine of another kind
/// brings its own bench and runs the same checks.
package protocol JournalBench {
    /// Opens the journal, which is made at the first time.
    func open() throws(JournalError) -> any JournalStore
    /// Returns when the condition holds. An engine without threads is run until then.
    func wait(_ events: ConformanceEvents, until isTrue: (ConformanceEvents.Heard) -> Bool) throws
    /// From now on nothing becomes durable, and nothing fails.
    func stall()
    /// Ends the stall.
    func release()
    /// The process ends at once: what is not durable is lost. The journal is opened again
    /// afterwards.
    func kill(_ store: any JournalStore)
    /// Lets the engine forget whatever it may, records up to `position` being in a snapshot; false
    /// if it never forgets any.
    func forget(_ store: any JournalStore, _ engine: any JournalEngine, upTo position: RecordPosition) -> Bool
}

/// What every engine owes its owners, followers and consumers; each check on a journal of its own.
/// Throws `ConformanceFailure` at the first promise that is not kept.
package func checkConformance(of make: () throws -> any JournalBench) throws {
    for check in conformanceChecks { try check.run(make()) }
}

/// The checks by name, for suites that report each by itself.
package let conformanceChecks: [ConformanceCheck] = [
    ConformanceCheck("appends become durable in order and are replayed", checkAppends),
    ConformanceCheck("the largest append is taken, and a larger one refused whole", checkLargestAppend),
    ConformanceCheck("a follower owns nothing", checkFollower),
    ConformanceCheck("a lease keeps others out until it ends", checkLeases),
    ConformanceCheck("a zombie with an old epoch is refused and told once", checkZombie),
    ConformanceCheck("what the former owner appended is durable or never will be", checkPendingHandover),
    ConformanceCheck("epochs grow over kills", checkEpochsOverKills),
    ConformanceCheck("a reader never sees what is not durable", checkUndurable),
    ConformanceCheck("several feeds read all, and wake once", checkFeeds),
    ConformanceCheck("feeds are limited", checkFeedLimit),
    ConformanceCheck("cursors are made, advanced, listed and deleted", checkCursors),
    ConformanceCheck("a cursor survives a kill", checkCursorsOverKills),
    ConformanceCheck("cursors are limited", checkCursorLimit),
    ConformanceCheck("what a cursor or a feed needs is kept", checkFloor),
    ConformanceCheck("a closed journal refuses", checkClosed),
]

package struct ConformanceCheck: Sendable, CustomStringConvertible {
    package let description: String
    package let run: @Sendable (any JournalBench) throws -> Void

    init(_ description: String, _ run: @escaping @Sendable (any JournalBench) throws -> Void) {
        self.description = description
        self.run = run
    }
}

// MARK: Tools of the checks

func claim(_ holder: String, at now: UInt64 = 0, for nanoseconds: UInt64 = 1_000) -> JournalClaim {
    JournalClaim(holder: holder, now: now, nanoseconds: nanoseconds)
}

func name(_ text: String) throws -> JournalCursorName {
    guard let name = JournalCursorName(text) else { throw ConformanceFailure("\(text) is no name") }
    return name
}

/// The record that tests write at a position: its bytes say where it belongs.
func record(_ position: RecordPosition) -> [UInt8] {
    (0..<40 + position % 60).map { UInt8(truncatingIfNeeded: position &* 31 &+ $0) }
}

extension JournalEngine {
    func append(_ count: Int) throws(JournalError) {
        let last = lastPosition
        var framed: [UInt8] = []
        for index in 1...RecordPosition(count) {
            let bytes = record(last + index)
            framed += [UInt8(bytes.count), 0, 0, 0] + bytes
        }
        try append(records: framed, count: count, expecting: last, epoch: epoch)
    }
}

extension JournalBench {
    func append(_ count: Int, to engine: any JournalEngine, _ events: ConformanceEvents) throws {
        try engine.append(count)
        let last = engine.lastPosition
        try wait(events) { ($0.durable.last ?? 0) >= last }
    }
}

/// Reads a feed to its end and expects the test records.
@discardableResult
func readAll(_ feed: any JournalFeed) throws -> RecordPosition {
    var position = feed.next
    while let batch = try feed.read() {
        try expect(batch.firstPosition == position, because: "a feed gives records without gaps")
        try batch.forEach { (at: RecordPosition, bytes: Span<UInt8>) throws in
            try expect(at == position, because: "records are numbered one by one")
            try expect(
                bytes.withUnsafeBufferPointer { Array($0) } == record(at),
                because: "record \(at) is what was appended"
            )
            position += 1
        }
        try expect(feed.next == position, because: "a feed stands behind what it gave")
    }
    return position - 1
}
