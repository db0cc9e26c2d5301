import Journal
import ShardHost

/// The real stream of a log as its owner has it, with a note of what goes in.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimEngine: JournalEngine, @unchecked Sendable {
    let journal: StreamJournal
    private let journalLog: JournalLog
    private let owner: SimOwner
    /// Planted bug: says that everything is durable at once.
    private var boast: ((RecordPosition) -> Void)?
    /// Planted bug: goes on when another owner has the journal, as if its records were in it.
    private let usurps: Bool
    /// Says what no host needs any more; nil where the archive keeps everything.
    private let floor: ((RecordPosition) -> RecordPosition)?
    /// Something was appended since the last look.
    var hasNews = false
    /// The owner wants more room, or less, than at the last look.
    var hasNewWish = false
    /// Records were retired since the last look.
    var hasRetired = false
    private var wishedBytes = 0

    init(
        _ journal: StreamJournal,
        _ journalLog: JournalLog,
        owner: SimOwner,
        boast: ((RecordPosition) -> Void)?,
        usurps: Bool,
        floor: ((RecordPosition) -> RecordPosition)?
    ) {
        self.journal = journal
        self.journalLog = journalLog
        self.owner = owner
        self.boast = boast
        self.usurps = usurps
        self.floor = floor
    }

    /// How many more records the journal counts than its owner. It is 0 unless a planted bug forgot
    /// records.
    private var surplus: RecordPosition { RecordPosition(journalLog.forgotten.count) }

    var epoch: UInt64 { journal.epoch }
    var lastPosition: RecordPosition { journal.lastPosition - surplus }
    var isOwner: Bool { usurps || journal.isOwner }
    var roomBytes: Int { journal.roomBytes }
    var largestAppendBytes: Int { journal.largestAppendBytes }

    func wantRoom(bytes: Int) {
        journal.wantRoom(bytes: bytes)
        if bytes != wishedBytes { hasNewWish = true }
        wishedBytes = bytes
    }

    func append(records: borrowing [UInt8], count: Int, expecting: RecordPosition, epoch: UInt64) throws(JournalError) {
        do throws(JournalError) {
            try journal.append(records: records, count: count, expecting: expecting + surplus, epoch: epoch)
        } catch {
            guard usurps, error.code == .fenced, !owner.isOver else { throw error }
            return owner.pretend(durableUpTo: expecting + RecordPosition(count))
        }
        journalLog.append(framed: copy records, count: count)
        hasNews = true
        boast?(lastPosition)
    }

    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        try journal.read(at: journalLog.place(of: position))
    }

    func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        try journal.read(at: journalLog.place(of: position), cache: &cache)
    }

    func renew(at now: UInt64) throws(JournalError) -> UInt64 { try journal.renew(at: now) }

    func confirm() throws(JournalError) { try journal.confirm() }

    func retire(upTo position: RecordPosition) {
        journal.retire(upTo: floor?(position) ?? position)
        hasRetired = true
    }

    func close() {
        journal.close()
        boast = nil
    }

    /// The host of this engine has ended.
    func hostEnded() { owner.hostEnded() }
}

/// The owner that the journal calls, in front of the shard's host. It notes what was reported
/// durable, and reports nothing once the process has ended.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimOwner: JournalOwner, @unchecked Sendable {
    /// The host's bridge to the journal; nil when the host has ended. The bridge holds the host,
    /// the host its engine, the engine this.
    private var inner: (any JournalOwner)?
    private let journalLog: JournalLog
    private let loop: SimEventLoop
    /// Planted bug: it is not told that another owner has the journal.
    private let isDeafToLoss: Bool
    private var told: RecordPosition = 0
    private(set) var isOver = false

    /// - Parameter loop: the owner's.
    init(_ inner: any JournalOwner, _ journalLog: JournalLog, loop: SimEventLoop, isDeafToLoss: Bool) {
        self.inner = inner
        self.journalLog = journalLog
        self.loop = loop
        self.isDeafToLoss = isDeafToLoss
    }

    /// The host has ended and ignores every report.
    func hostEnded() { inner = nil }

    /// The process has ended: nothing is reported any more.
    func processEnded() {
        isOver = true
        inner = nil
    }

    func journalDurable(upTo position: RecordPosition) {
        guard !isOver else { return }
        let position = position - RecordPosition(journalLog.forgotten.count)
        guard position > told else { return }
        told = position
        // A record counts as promised when its owner has heard of it. The report of a blocking job
        // comes when the job has ended.
        loop.execute {
            guard !self.isOver, position > self.journalLog.acknowledged else { return }
            self.journalLog.acknowledged = position
        }
        inner?.journalDurable(upTo: position)
    }

    /// Planted bug: reports records as durable that are nowhere.
    func pretend(durableUpTo position: RecordPosition) { inner?.journalDurable(upTo: position) }

    func journalFailed(_ error: JournalError) {
        guard !isOver else { return }
        inner?.journalFailed(error)
    }

    func journalLost(_ error: JournalError) {
        guard !isOver, !isDeafToLoss else { return }
        inner?.journalLost(error)
    }
}

/// Blocking jobs with something that happens before each of them.
struct SpoiledReads: BlockingReads {
    private let inner: SimReads
    private let spoil: @Sendable () -> Void

    init(_ inner: SimReads, _ spoil: @escaping @Sendable () -> Void) {
        self.inner = inner
        self.spoil = spoil
    }

    func run(_ body: @escaping @Sendable () -> Void) {
        let spoil = self.spoil
        inner.run {
            spoil()
            body()
        }
    }
}

/// Reads of stored answers, which wait until the world lets them happen.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimReads: BlockingReads, @unchecked Sendable {
    private(set) var waiting: [@Sendable () -> Void] = []

    func run(_ body: @escaping @Sendable () -> Void) { waiting.append(body) }

    /// The process is gone. What waits holds the shard that asked for it, and that holds this.
    func drop() { waiting = [] }

    func takeAll() -> [@Sendable () -> Void] {
        defer { waiting = [] }
        return waiting
    }
}
