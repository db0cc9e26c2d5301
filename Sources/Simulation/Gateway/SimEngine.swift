import Journal
import ShardHost

/// The real journal, with a log of what goes in.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimEngine: JournalEngine, @unchecked Sendable {
    let journal: LocalJournal
    private let log: JournalLog
    /// Planted bug: says that everything is durable at once.
    private var boast: ((RecordPosition) -> Void)?
    /// Something was appended since the last look.
    var hasNews = false

    init(_ journal: LocalJournal, _ log: JournalLog, boast: ((RecordPosition) -> Void)?) {
        self.journal = journal
        self.log = log
        self.boast = boast
    }

    /// What the journal counts more than its owner; 0 unless a planted bug forgot records.
    private var surplus: RecordPosition { RecordPosition(log.forgotten.count) }

    var epoch: UInt64 { journal.epoch }
    var lastPosition: RecordPosition { journal.lastPosition - surplus }
    var roomBytes: Int { journal.roomBytes }

    func append(records: borrowing [UInt8], count: Int, expecting: RecordPosition, epoch: UInt64) throws(JournalError) {
        try journal.append(records: records, count: count, expecting: expecting + surplus, epoch: epoch)
        log.append(framed: copy records, count: count)
        hasNews = true
        boast?(lastPosition)
    }

    func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        var inner = position
        for forgotten in log.forgotten where forgotten <= inner { inner += 1 }
        return try journal.read(at: inner)
    }

    func renew(at now: UInt64) throws(JournalError) -> UInt64 { try journal.renew(at: now) }

    func confirm() throws(JournalError) { try journal.confirm() }

    func retire(upTo position: RecordPosition) { journal.retire(upTo: position) }

    func close() {
        journal.close()
        boast = nil
    }
}

/// Stands between the journal and the shard's host: keeps the account of what was promised, and is deaf once the process is gone.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimOwner: JournalOwner, @unchecked Sendable {
    private let inner: any JournalOwner
    private let log: JournalLog
    var isOver = false

    init(_ inner: any JournalOwner, _ log: JournalLog) {
        self.inner = inner
        self.log = log
    }

    func journalDurable(upTo position: RecordPosition) {
        guard !isOver else { return }
        let position = position - RecordPosition(log.forgotten.count)
        guard position > log.acknowledged else { return }
        log.acknowledged = position
        inner.journalDurable(upTo: position)
    }

    func journalFailed(_ error: JournalError) {
        guard !isOver else { return }
        inner.journalFailed(error)
    }

    func journalLost(_ error: JournalError) {
        guard !isOver else { return }
        inner.journalLost(error)
    }
}

/// Reads of stored answers, which wait until the world lets them happen.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimReads: BlockingReads, @unchecked Sendable {
    private(set) var waiting: [@Sendable () -> Void] = []

    func run(_ body: @escaping @Sendable () -> Void) { waiting.append(body) }

    func takeAll() -> [@Sendable () -> Void] {
        defer { waiting = [] }
        return waiting
    }
}
