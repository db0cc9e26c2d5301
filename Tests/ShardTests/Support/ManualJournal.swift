import Journal
import Synchronization

/// A journal in memory whose disk is the test: records become durable, are refused or fail when the
/// test says so.
final class ManualJournal: JournalEngine {
    private struct State {
        var records: [[UInt8]] = []
        var failure: JournalError?
        var appends = 0
        var room = Int.max
        var limit = Int.max
        var isOwner = true
        var retired: [RecordPosition] = []
        /// Bytes of records that wait for the disk, with their lengths.
        var waiting = 0
    }

    private let state = Mutex(State())

    let epoch: UInt64 = 1

    /// What every append and read throws from now on; nil for none.
    var failure: JournalError? {
        get { state.withLock { $0.failure } }
        set { state.withLock { $0.failure = newValue } }
    }

    /// What the disk still takes, as the test says.
    var roomBytes: Int {
        get { state.withLock { $0.room } }
        set { state.withLock { $0.room = newValue } }
    }

    /// False when another host was granted the journal.
    var isOwner: Bool {
        get { state.withLock { $0.isOwner } }
        set { state.withLock { $0.isOwner = newValue } }
    }

    /// The most that waits for the disk: more is refused as `backlog`.
    var largestAppendBytes: Int {
        get { state.withLock { $0.limit } }
        set { state.withLock { $0.limit = newValue } }
    }

    /// Nothing waits for the disk any more.
    func noteDurable() { state.withLock { $0.waiting = 0 } }

    var appends: Int { state.withLock { $0.appends } }
    var records: [[UInt8]] { state.withLock { $0.records } }
    var lastPosition: RecordPosition { state.withLock { RecordPosition($0.records.count) } }

    func append(records: borrowing [UInt8], count: Int, expecting: RecordPosition, epoch: UInt64) throws(JournalError) {
        if let failure { throw failure }
        let split = Self.split(records)
        precondition(split.count == count && expecting == lastPosition && epoch == self.epoch)
        let bytes = records.count
        let isTaken = state.withLock { state in
            guard bytes <= state.limit - state.waiting else { return false }
            if state.limit < .max { state.waiting += bytes }
            state.records += split
            state.appends += 1
            return true
        }
        if !isTaken { throw JournalError(.backlog, "full") }
    }

    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        if let failure { throw failure }
        return records[Int(position) - 1]
    }

    /// What the owner said is not needed for a start any more.
    var retired: [RecordPosition] { state.withLock { $0.retired } }

    func retire(upTo position: RecordPosition) { state.withLock { $0.retired.append(position) } }

    func close() {}

    private static func split(_ framed: borrowing [UInt8]) -> [[UInt8]] {
        var split: [[UInt8]] = []
        var offset = 0
        while offset < framed.count {
            let length = (0..<4).reduce(0) { $0 | Int(framed[offset + $1]) << ($1 * 8) }
            split.append((offset + 4..<offset + 4 + length).map { framed[$0] })
            offset += 4 + length
        }
        return split
    }
}
