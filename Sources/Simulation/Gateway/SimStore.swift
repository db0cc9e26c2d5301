import Journal

/// The real stream of a log as one of a world's hosts has it: who acquires it gets the simulation's
/// engine. Planted bugs of owners, feeds and cursors are put in here, outside of the code under
/// test.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimStore: JournalStore, @unchecked Sendable {
    let stream: StreamStore
    private let journalLog: JournalLog
    private let loop: SimEventLoop
    private let planted: PlantedBug?
    /// How long the journal grants leases for, whatever the host believes; nil for what it asks
    /// for.
    private let claimNanoseconds: UInt64?
    /// Given what this host needs no more, says what no host needs any more; nil where the archive
    /// keeps everything.
    private let floor: ((RecordPosition) -> RecordPosition)?
    /// Every owner that this host ever was, so that all of them are deaf when its process is gone.
    private var owners: [SimOwner] = []

    /// - Parameter loop: the host's.
    init(
        _ stream: StreamStore,
        journalLog: JournalLog,
        loop: SimEventLoop,
        planted: PlantedBug?,
        claimNanoseconds: UInt64? = nil,
        floor: ((RecordPosition) -> RecordPosition)? = nil
    ) {
        self.stream = stream
        self.journalLog = journalLog
        self.loop = loop
        self.planted = planted
        self.claimNanoseconds = claimNanoseconds
        self.floor = floor
    }

    /// How many more records the journal counts than its owners. It is 0 unless a planted bug
    /// forgot records.
    private var surplus: RecordPosition { RecordPosition(journalLog.forgotten.count) }

    var durablePosition: RecordPosition { stream.durablePosition - surplus }

    func acquire(_ claim: JournalClaim, owner: any JournalOwner) throws(JournalError) -> any JournalEngine {
        let outer = SimOwner(owner, journalLog, loop: loop, isDeafToLoss: planted == .twoOwners)
        var claim = claim
        if let claimNanoseconds { claim.nanoseconds = claimNanoseconds }
        // It may be granted and not be durable before this throws.
        owners.append(outer)
        let journal = try stream.own(claim, owner: outer)
        let boasts = planted == .answerBeforeDurable
        return SimEngine(
            journal,
            journalLog,
            owner: outer,
            boast: boasts ? { outer.journalDurable(upTo: $0) } : nil,
            usurps: planted == .twoOwners,
            floor: floor
        )
    }

    func feed(from position: RecordPosition) throws(JournalError) -> any JournalFeed {
        SimFeed(
            try stream.feed(from: journalLog.place(of: position)),
            journalLog,
            from: position,
            boasts: planted == .undurableFeed
        )
    }

    // MARK: Cursors

    func createCursor(_ name: JournalCursorName, at position: RecordPosition) throws(JournalError) {
        try stream.createCursor(name, at: position + surplus)
    }

    /// Planted bug: whatever the consumer says, nothing is kept for it.
    func advanceCursor(_ name: JournalCursorName, to position: RecordPosition) throws(JournalError) {
        let ignoresFloor = planted == .floorIgnored
        try stream.advanceCursor(name, to: ignoresFloor ? stream.durablePosition : position + surplus)
    }

    func deleteCursor(_ name: JournalCursorName) throws(JournalError) { try stream.deleteCursor(name) }

    var cursors: [JournalCursor] { stream.cursors }

    /// The process is gone: its owners receive no reports any more.
    func silence() {
        for owner in owners { owner.processEnded() }
    }

    func close() { stream.close() }
}

/// A feed of the real journal, with the positions that owners count.
///
/// Proof that `@unchecked Sendable` holds: as `DiskSession`.
final class SimFeed: JournalFeed, @unchecked Sendable {
    private let inner: any JournalFeed
    private let journalLog: JournalLog
    /// Planted bug: it gives what was appended, durable or not.
    private let boasts: Bool
    private(set) var next: RecordPosition

    /// - Parameter position: of the first record that it gives, as owners count.
    init(_ inner: any JournalFeed, _ journalLog: JournalLog, from position: RecordPosition, boasts: Bool) {
        self.inner = inner
        self.journalLog = journalLog
        self.boasts = boasts
        next = position
    }

    func read() throws(JournalError) -> JournalFeedBatch? {
        while let batch = try inner.read() {
            let records = records(of: batch)
            if records.isEmpty { continue }
            return give(records, epoch: batch.epoch)
        }
        guard boasts else { return nil }
        let records = journalLog.appended(from: next)
        return records.isEmpty ? nil : give(records, epoch: 1)
    }

    /// Without those that a start forgot.
    private func records(of batch: JournalFeedBatch) -> [[UInt8]] {
        let first = journalLog.place(of: next)
        var records: [[UInt8]] = []
        batch.forEach { position, bytes in
            guard position >= first, !journalLog.forgotten.contains(position) else { return }
            records.append(bytes.withUnsafeBufferPointer(Array.init))
        }
        return records
    }

    private func give(_ records: [[UInt8]], epoch: UInt64) -> JournalFeedBatch {
        var payload: [UInt8] = []
        var ranges: [Range<Int>] = []
        for record in records {
            ranges.append(payload.count..<payload.count + record.count)
            payload += record
        }
        defer { next += RecordPosition(records.count) }
        return JournalFeedBatch(firstPosition: next, epoch: epoch, payload: payload, records: ranges[...])
    }

    func whenMore(_ wake: @escaping @Sendable () -> Void) { inner.whenMore(wake) }

    func close() { inner.close() }
}
