import DequeModule
import Journal
import KeyRuns
import Payments
import Risk
import ShardCore
import ShardRecords
import ShardState
import Time

/// The shard, what it decided, and what of that the journal has. The host brings it commands,
/// outcomes and time, on the host's event loop. Nothing in here calls the host or its ports. So a
/// turn is one access to the host's memory. In a class each access to a part is checked by itself.
struct ShardWork: ~Copyable {
    var core: ShardCore
    private let journal: any JournalEngine
    private let limits: ShardHost.Limits
    /// Bytes that the journal takes at once when nothing waits.
    private let largestAppendBytes: Int
    /// What was decided and not handed over.
    private var output = Turn()
    /// Effects whose records are not durable yet.
    private var waiting = Deque<Turn.Pending>(minimumCapacity: 1024)
    private(set) var backlog = JournalBacklog()
    private(set) var durablePosition: RecordPosition
    /// Why new work is refused, whatever room there is; nil while it is taken.
    var refusal: Refusal?
    /// Whether the journal's room is kept for the outcomes of operations in flight.
    private(set) var isRoomShort = false
    /// What the shard knows of the journal's room is older than its last append or flush.
    private var isAdmissionStale = false
    /// The time of the last tick, for uses that need not be exact.
    private var tickedAt = Timestamp.none
    /// The last tick left keys that may leave memory.
    private var hasKeysToRelease = false
    var schedule: SnapshotSchedule?
    var statistics = ShardHostStatistics()

    init(
        _ core: consuming ShardCore,
        journal: any JournalEngine,
        limits: ShardHost.Limits,
        schedule: SnapshotSchedule?
    ) {
        durablePosition = core.lastPosition
        self.core = core
        self.journal = journal
        self.limits = limits
        self.schedule = schedule
        largestAppendBytes = journal.largestAppendBytes
    }

    /// Nothing waits for the disk, and no request for its answer.
    var isQuiet: Bool { waiting.isEmpty && backlog.isEmpty && !core.hasWaitingReplies }

    // MARK: Decisions

    /// Commands that arrived together.
    mutating func handle(_ commands: [Command], at now: Timestamp) {
        let room = journal.roomBytes - backlog.frameBytes
        updateAdmission(room: room)
        for command in commands {
            core.handle(command, at: now, into: &output)
            // Each admitted command takes room, and reserves more for its outcome.
            if !isRoomShort, !hasRoom(room) { updateAdmission(room: room) }
        }
    }

    mutating func handle(_ outcome: ProviderOutcome, of token: UInt64, at now: Timestamp) {
        refreshAdmission()
        core.handle(outcome, of: token, at: now, into: &output)
    }

    mutating func handle(_ outcome: ScoreOutcome, of token: UInt64, at now: Timestamp) {
        refreshAdmission()
        core.handle(outcome, of: token, at: now, into: &output)
    }

    mutating func loaded(_ item: ColdItem, _ entry: [UInt8]?, at now: Timestamp) {
        updateAdmission()
        core.loaded(item, entry, at: now, into: &output)
    }

    mutating func keyLookedUp(_ digest: KeyDigest, _ found: KeyLookUp, at now: Timestamp) {
        updateAdmission()
        core.keyLookedUp(digest, found, at: now, into: &output)
    }

    mutating func tick(at now: Timestamp, isTimeCertain: Bool) {
        tickedAt = now
        core.isTimeCertain = isTimeCertain
        updateAdmission()
        journal.wantRoom(bytes: 2 * (core.outcomeReserveBytes + ShardCore.largestAdmissionBytes))
        core.tick(at: now, into: &output)
    }

    /// Lets keys leave memory that the runs hold, after each tick.
    mutating func releaseKeys() { hasKeysToRelease = !core.releaseKeys() }

    var needsTick: Bool {
        core.needsTick || isRoomShort || hasKeysToRelease || schedule?.isReleasing == true
    }

    // MARK: Effects

    /// Whether there is something to hand over.
    var hasOutput: Bool { !output.isEmpty }

    enum Release {
        case run(Effect)
        /// Its record will never be known to be durable, or the shard is not here any more.
        case giveUp(Effect)
    }

    /// The next effect of the output that need not wait for the disk. Those before it wait from now
    /// on.
    mutating func nextEffect(_ ending: ShardHost.Ending?) -> Release? {
        while let pending = output.takeEffect() {
            if pending.restsOn <= durablePosition, ending != .released { return .run(pending.effect) }
            if ending != nil { return .giveUp(pending.effect) }
            waiting.append(pending)
        }
        return nil
    }

    /// The next effect that has waited, if its records are durable.
    mutating func nextDurableEffect() -> Effect? {
        guard !waiting.isEmpty else {
            // The next one gets the first place again, whose memory is warm.
            waiting.removeAll(keepingCapacity: true)
            return nil
        }
        return waiting[0].restsOn <= durablePosition ? waiting.removeFirst().effect : nil
    }

    /// The next effect that has waited, durable or not.
    mutating func abandonEffect() -> Effect? { waiting.popFirst()?.effect }

    /// The records of the output are void.
    mutating func removeRecords() { output.removeRecords() }

    // MARK: The journal

    /// The journal is durable up to a position.
    mutating func durable(upTo position: RecordPosition) {
        precondition(position >= durablePosition, "durability never goes back")
        durablePosition = position
        backlog.durable(upTo: position)
        isAdmissionStale = true
    }

    /// Hands the records of the output to the journal, all at once if it takes so many. Records
    /// that it does not take stay in the output, and new work is refused then. The next durable
    /// batch makes room for them and for later ones.
    /// - Returns: why the journal takes no records any more; nil while it does.
    mutating func append(at now: Timestamp) -> JournalError? {
        guard output.recordCount > 0 else { return nil }
        isAdmissionStale = true
        do throws(JournalError) {
            if output.records.count > largestAppendBytes {
                try appendPieces(now)
            } else {
                try handOver(output.records, count: output.recordCount)
                took(bytes: output.records.count, count: output.recordCount, now)
            }
        } catch {
            guard error.code == .backlog else { return error }
            statistics.backlogWaits += 1
        }
        return nil
    }

    /// An output that is larger than all that may wait for the disk. It hands over as many whole
    /// records as there is room for. Effects leave as the records that they rest on become durable,
    /// as they do when the journal itself divides a batch.
    private mutating func appendPieces(_ now: Timestamp) throws(JournalError) {
        while output.recordCount > 0 {
            let piece = output.piece(limit: largestAppendBytes - backlog.bytes)
            guard piece.count > 0 else {
                statistics.backlogWaits += 1
                return
            }
            try handOver(piece.records, count: piece.count)
            took(bytes: piece.records.count, count: piece.count, now)
        }
    }

    /// The last record that was handed over.
    private var lastAppended: RecordPosition { core.lastPosition - RecordPosition(output.recordCount) }

    private func handOver(_ records: borrowing [UInt8], count: Int) throws(JournalError) {
        try journal.append(records: records, count: count, expecting: lastAppended, epoch: journal.epoch)
    }

    /// The journal took the first records of the output. Nobody else may hold their bytes here: the
    /// output's memory is used again.
    private mutating func took(bytes: Int, count: Int, _ now: Timestamp) {
        backlog.appended(bytes, upTo: lastAppended + RecordPosition(count), at: now)
        statistics.appended(bytes: bytes, count: count)
        schedule?.recorded(bytes: bytes)
        output.took(bytes: bytes, count: count)
    }

    // MARK: Admission

    /// Tells the shard what it may admit.
    mutating func updateAdmission() { updateAdmission(room: journal.roomBytes - backlog.frameBytes) }

    /// Before an outcome is decided on.
    private mutating func refreshAdmission() {
        if isAdmissionStale { updateAdmission() }
    }

    private mutating func updateAdmission(room: Int) {
        isAdmissionStale = false
        let free = freeBytes(room)
        let isShort = free < core.outcomeReserveBytes
        let isBehind = isDiskBehind
        isRoomShort = isShort
        core.room = AdmissionRoom(
            refusal: refusal ?? (isShort ? .journalRoomShort : isBehind ? .overloaded : nil),
            journalBytes: max(0, room),
            isJournalShort: isShort,
            takesEvents: !isBehind && free >= core.callReserveBytes
        )
    }

    /// Whether the journal has room for one operation more, beside everything that operations in
    /// flight can still write. On a full disk new work is refused early: before the journal needs a
    /// segment, the outcomes of the old operations always fit.
    private func hasRoom(_ room: Int) -> Bool { freeBytes(room) >= core.outcomeReserveBytes }

    /// What is left of the journal's room beside what is decided, and one operation more.
    private func freeBytes(_ room: Int) -> Int {
        let decided = output.recordCount == 0 ? 0 : JournalRoom.frameBytes(records: output.waitingBytes)
        return room - decided - ShardCore.largestAdmissionBytes
    }

    /// Too much waits for the disk, or it waits for too long.
    private var isDiskBehind: Bool {
        if output.recordCount > 0 || backlog.bytes > limits.unflushedBytes { return true }
        guard let oldest = backlog.oldest else { return false }
        return tickedAt.milliseconds(since: oldest) > limits.unflushedMilliseconds
    }
}
