import DequeModule
package import Journal
import KeyRuns
package import Ledger
package import NIOCore
package import Payments
package import ShardCore
import ShardRecords
import ShardState
import ShardStorage
import Time

/// Runs a shard on its event loop. It feeds the shard commands, outcomes and time, and hands its
/// records to the journal. It releases the shard's effects when the records that they rest on are
/// durable. It decides nothing itself. Everything here happens on one event loop.
package final class ShardHost {
    package let eventLoop: any EventLoop
    package let shard: UInt16
    package internal(set) var core: ShardCore
    let journal: any JournalEngine
    let threads: ReadThreads
    let keyPool: any BlockingReads
    /// The files of payments that left memory; nil when none ever leaves.
    let storage: ShardStorage?
    let snapshots: SnapshotSetup?
    var schedule: SnapshotSchedule?
    /// Its place in the order of snapshots, while one is due or under way.
    var snapshotTicket: SnapshotTurns.Ticket?
    package internal(set) var snapshotStatistics = SnapshotStatistics()
    let clock: ShardClock
    let limits: Limits
    unowned let ports: any ShardPorts

    /// Bytes that the journal takes at once when nothing waits.
    private let largestAppendBytes: Int
    var output = Turn()
    private var waiting = Deque<Turn.Pending>(minimumCapacity: 1024)
    private var backlog = JournalBacklog()
    var durablePosition: RecordPosition
    /// Whether the journal's room is kept for the outcomes of operations in flight.
    private var isRoomShort = false
    /// What the shard knows of the journal's room is older than its last append or flush.
    private var isAdmissionStale = false
    /// The time of the last tick, for uses that need not be exact.
    private var tickedAt = Timestamp.none
    /// The reads that run off the loop, or wait for their turn.
    var reads: ReadSchedule<@Sendable () -> Void>
    /// Look-ups of keys under way.
    var lookUpsUnderWay = 0
    /// Why the shard takes no commands any more, as its answers say; nil while it goes on.
    var ending: Ending?
    /// Why new work is refused while what is in flight goes on; nil while it is taken.
    var draining: Refusal?
    var isMergingKeys = false
    package internal(set) var statistics = ShardHostStatistics()

    package struct Limits: Sendable {
        /// New commands are refused (503) while more bytes than this wait for the disk. Outcomes of
        /// operations in flight are still taken, because the journal's own limit is far above.
        package var unflushedBytes: Int
        /// New commands are refused while a record waits longer than this for the disk, in
        /// milliseconds.
        package var unflushedMilliseconds: Int64
        /// The most stored answers that are read from the journal or wait for it; beyond it 503.
        package var reads: Int
        /// The most timelines, each of which may take hundreds of records; beyond it 503.
        package var timelines: Int
        /// The most reads of the ledger, each of which may take a thousand records; beyond it 503.
        package var ledgerReads: Int

        package init(
            unflushedBytes: Int = 4 << 20,
            unflushedMilliseconds: Int64 = 1_000,
            reads: Int = 1024,
            timelines: Int = 64,
            ledgerReads: Int = 8
        ) {
            self.unflushedBytes = unflushedBytes
            self.unflushedMilliseconds = unflushedMilliseconds
            self.reads = reads
            self.timelines = timelines
            self.ledgerReads = ledgerReads
        }
    }

    enum Ending {
        /// The journal failed. What was durable is still read.
        case failed
        /// Another host owns the shard, or may. What is in memory here may be out of date, so
        /// nothing is read from it.
        case released

        var refusal: Refusal {
            switch self {
            case .failed: .journalFailed
            case .released: .shardUnavailable
            }
        }
    }

    /// Must be made on `eventLoop`, after replay.
    /// - Parameter acquired: the journal's last record when this host acquired it. Another owner
    ///   may have gone on since, and then appends are refused. nil: the journal has no other owner,
    ///   and still ends there.
    /// - Parameter threads: run reads of the disk.
    /// - Parameter clock: milliseconds since 1970, never falling.
    /// - Parameter machineClock: the machine's clock. While the shard's time differs from it, no
    ///   deadline that moves money is decided. nil: `clock` is the only one.
    /// - Parameter keyPool: looks up idempotency keys that left memory, one block each. nil: as
    ///   stored answers.
    package init(
        eventLoop: any EventLoop,
        core: consuming ShardCore,
        journal: any JournalEngine,
        acquiredAt acquired: RecordPosition? = nil,
        threads: ReadThreads,
        keyPool: (any BlockingReads)? = nil,
        snapshots: SnapshotSetup? = nil,
        limits: Limits,
        clock: @escaping @Sendable () -> Int64,
        machineClock: (@Sendable () -> Int64)? = nil,
        ports: any ShardPorts
    ) {
        precondition(core.lastPosition == acquired ?? journal.lastPosition, "a shard starts where its journal ends")
        self.eventLoop = eventLoop
        self.shard = core.configuration.shard
        self.durablePosition = core.lastPosition
        self.journal = journal
        largestAppendBytes = journal.largestAppendBytes
        self.threads = threads
        self.keyPool = keyPool ?? threads[.storedAnswer]
        let configuration = core.configuration
        reads = ReadSchedule { Self.bounds(of: $0, limits, configuration) }
        self.storage = snapshots?.storage
        self.snapshots = snapshots
        schedule = snapshots.map { SnapshotSchedule($0, position: core.lastPosition) }
        self.limits = limits
        self.clock = ShardClock(clock, machine: machineClock, notBefore: core.lastRecordTime)
        self.ports = ports
        self.core = core
        let now = self.clock()
        self.core.isTimeCertain = self.clock.isCertain(at: now)
    }

    // MARK: Inputs

    /// Handles the commands that arrived together.
    package func process(_ commands: [Command]) {
        eventLoop.assertInEventLoop()
        checkOwner()
        if isReleased { return refuse(commands) }
        let now = clock()
        let room = journal.roomBytes - backlog.frameBytes
        updateAdmission(room: room)
        for command in commands {
            core.handle(command, at: now, into: &output)
            // Each admitted command takes room, and reserves more for its outcome.
            if !isRoomShort, !hasRoom(room) { updateAdmission(room: room) }
        }
        commit(now)
    }

    /// A PSP call ended. Call `providerCompletionsDelivered` after those that ended together.
    package func providerCompleted(_ token: UInt64, _ outcome: ProviderOutcome) {
        if isReleased { return }
        refreshAdmission()
        core.handle(outcome, of: token, at: clock(), into: &output)
    }

    package func providerCompletionsDelivered() {
        commit(clock())
    }

    /// Time passes; call about every 10 ms.
    package func tick() {
        checkOwner()
        if isReleased { return }
        let now = clock()
        tickedAt = now
        core.isTimeCertain = clock.isCertain(at: now)
        updateAdmission()
        ports.journalRoom(isShort: isRoomShort, shard: shard)
        journal.wantRoom(bytes: 2 * (core.outcomeReserveBytes + ShardCore.largestAdmissionBytes))
        core.tick(at: now, into: &output)
        commit(now)
        core.releaseKeys()
        advanceSnapshot(now)
    }

    /// Tells the shard what the other shards of the process leave to it.
    package func share(_ share: ProcessShare) { core.share = share }

    /// Resolves operations that were in flight when the process ended. Call it once, when the
    /// providers are ready.
    /// - Returns: the number of operations to resolve.
    package func resume() -> Int {
        core.resume(at: clock())
    }

    /// New work is refused from now on; operations in flight go on.
    /// - Parameter refusal: the answer to new work.
    package func drain(as refusal: Refusal = .draining) {
        draining = refusal
        giveUpSnapshot()
        updateAdmission()
    }

    /// Another host owns the shard from now on, or may own it. Nothing is acknowledged and nothing
    /// is sent any more. Every waiting request is refused as `shardUnavailable`, and so is every
    /// new one. The host is of no use afterwards.
    package func release() { end(.released) }

    /// The journal has another owner.
    func lost(_ error: JournalError) {
        guard !isReleased else { return }
        end(.released)
        ports.journalLost(error, shard: shard)
    }

    /// Stops at once when another host was granted the journal, even before the journal reports it.
    /// Called before every answer and call that leaves. The other host may have answered the same
    /// request with a later result.
    func checkOwner() {
        guard ending == nil, !journal.isOwner else { return }
        lost(JournalError(.fenced, "another host was granted the journal of epoch \(journal.epoch)"))
    }

    /// Whether nothing that this host began outside of its event loop is under way.
    package var isIdle: Bool {
        guard reads.count + lookUpsUnderWay == 0, !isMergingKeys else { return false }
        if case .writing = schedule?.phase { return false }
        return true
    }

    /// The host was released, or the journal has another owner.
    package var isReleased: Bool {
        if case .released = ending { return true }
        return false
    }

    private func refuse(_ commands: [Command]) {
        for command in commands {
            ports.respond(core.refusal(.shardUnavailable, to: command.reply, requestID: command.requestID))
        }
        ports.effectsReleased()
    }

    /// Nothing is in flight: no request waits for its answer, nothing waits for the disk.
    package var isQuiet: Bool {
        waiting.isEmpty && backlog.isEmpty && reads.count + lookUpsUnderWay == 0 && !core.hasWaitingReplies
    }

    // MARK: Views

    package var shardStatistics: ShardStatistics { core.statistics }

    /// What the shard's tables hold and take.
    package var occupancy: ShardOccupancy {
        ShardOccupancy(
            paymentTables: core.paymentOccupancy,
            parkedCommands: core.parkedCommands,
            parkedKeys: core.parkedKeys,
            keyRuns: core.keyRuns.occupancy,
            operations: core.operationOccupancy,
            eventKeys: core.eventKeyCount,
            eventCapacity: core.configuration.eventCapacity,
            idempotencyKeys: core.idempotencyCount,
            idempotencyCapacity: core.idempotencyCapacity,
            treasury: core.treasuryOccupancy,
            reads: ReadKind.allCases.map {
                TableOccupancy(name: $0.name, count: reads.count($0), capacity: reads.capacity($0))
            },
            reservedBytes: core.reservedBytes,
            unflushedBytes: backlog.bytes,
            journalRoomBytes: journal.roomBytes,
            outcomeReserveBytes: core.outcomeReserveBytes
        )
    }

    /// The sums of the shard's ledger.
    package func trialBalance() -> TrialBalance { core.trialBalance() }

    /// Visits payments by number, for audits; see `ShardCore.forEachPayment`.
    package func forEachPayment(
        from first: Int,
        count: Int,
        cold: (UInt64) -> Void = { _ in },
        _ body: (PaymentView, MerchantID) -> Void
    ) -> Int? {
        core.forEachPayment(from: first, count: count, cold: cold, body)
    }

    // MARK: Journal

    func durable(upTo position: RecordPosition) {
        checkOwner()
        if isReleased { return }
        precondition(position >= durablePosition, "durability never goes back")
        durablePosition = position
        backlog.durable(upTo: position)
        let now = clock()
        isAdmissionStale = true
        if output.recordCount > 0 { append(now) }
        if case .taken = schedule?.phase { writeSnapshot() }
        while !waiting.isEmpty, waiting[0].restsOn <= position {
            run(waiting.removeFirst().effect, now)
        }
        ports.effectsReleased()
    }

    func failed(_ error: JournalError) {
        guard ending == nil else { return }
        end(.failed)
        ports.journalFailed(error, shard: shard)
    }

    private func end(_ ending: Ending) {
        // A shard whose journal failed may still be released, so that it can be built again.
        if self.ending != nil, !(isFailed && ending == .released) { return }
        self.ending = ending
        giveUpSnapshot()
        output.removeRecords()
        // The waiting effects rest on records that may or may not be on the disk. So these requests
        // are neither acknowledged nor refused, and their callers are told so.
        while let pending = waiting.popFirst() { giveUp(pending.effect) }
        for (reply, requestID) in core.takeReplies() {
            ports.respond(core.refusal(ending.refusal, to: reply, requestID: requestID))
        }
        updateAdmission()
        ports.effectsReleased()
    }

    private var isFailed: Bool {
        if case .failed = ending { return true }
        return false
    }

    /// An effect whose record will never be known to be durable, or one of a shard that is not here
    /// any more.
    private func giveUp(_ effect: Effect) {
        let refusal = ending?.refusal ?? .journalFailed
        switch effect {
        case .callProvider, .score, .load, .lookUpKey: break
        case .respond(let response):
            ports.respond(core.refusal(refusal, to: response.reply, requestID: response.requestID))
        case .replay(let reply, let requestID, _, _), .history(let reply, let requestID, _, _, _),
            .ledgerEntries(let reply, let requestID, _), .pastBalance(let reply, let requestID, _):
            ports.respond(core.refusal(refusal, to: reply, requestID: requestID))
        }
    }

    func commit(_ now: Timestamp) {
        guard !output.isEmpty else { return }
        checkOwner()
        if output.recordCount > 0 { append(now) }
        // Running one may bring the next command in. That commits, too, and goes on with the rest.
        while let pending = output.takeEffect() {
            if pending.restsOn <= durablePosition, !isReleased {
                run(pending.effect, now)
            } else if ending != nil {
                giveUp(pending.effect)
            } else {
                waiting.append(pending)
            }
        }
        ports.effectsReleased()
    }

    /// Hands the records of the output to the journal, all at once if it takes so many. Records
    /// that it does not take stay in the output, and new work is refused then. The next durable
    /// batch makes room for them and for later ones.
    private func append(_ now: Timestamp) {
        guard ending == nil else { return output.removeRecords() }
        if output.records.count > largestAppendBytes { return appendPieces(now) }
        do throws(JournalError) {
            try journal.append(
                records: output.records,
                count: output.recordCount,
                expecting: core.lastPosition - RecordPosition(output.recordCount),
                epoch: journal.epoch
            )
        } catch {
            return appendFailed(error)
        }
        noteAppended(bytes: output.records.count, count: output.recordCount, now)
        isAdmissionStale = true
    }

    /// As `append`, for an output that is larger than all that may wait for the disk. It hands over
    /// as many whole records as there is room for. Effects leave as the records that they rest on
    /// become durable, as they do when the journal itself divides a batch.
    private func appendPieces(_ now: Timestamp) {
        while output.recordCount > 0 {
            let piece = output.piece(limit: largestAppendBytes - backlog.bytes)
            guard piece.count > 0 else {
                statistics.backlogWaits += 1
                break
            }
            do throws(JournalError) {
                try journal.append(
                    records: piece.records,
                    count: piece.count,
                    expecting: core.lastPosition - RecordPosition(output.recordCount),
                    epoch: journal.epoch
                )
            } catch {
                return appendFailed(error)
            }
            noteAppended(bytes: piece.records.count, count: piece.count, now)
        }
        isAdmissionStale = true
    }

    private func appendFailed(_ error: JournalError) {
        if error.code == .backlog {
            statistics.backlogWaits += 1
            isAdmissionStale = true
            return
        }
        output.removeRecords()
        if error.code == .fenced { lost(error) } else { failed(error) }
    }

    private func noteAppended(bytes: Int, count: Int, _ now: Timestamp) {
        let position = core.lastPosition - RecordPosition(output.recordCount - count)
        backlog.appended(bytes, upTo: position, at: now)
        statistics.appended(bytes: bytes, count: count)
        schedule?.recorded(bytes: bytes)
        output.took(bytes: bytes, count: count)
    }

    func updateAdmission() { updateAdmission(room: journal.roomBytes - backlog.frameBytes) }

    /// Before an outcome is decided on.
    func refreshAdmission() {
        if isAdmissionStale { updateAdmission() }
    }

    private func updateAdmission(room: Int) {
        isAdmissionStale = false
        let free = freeBytes(room)
        let isShort = free < core.outcomeReserveBytes
        let isBehind = isDiskBehind
        isRoomShort = isShort
        core.room = AdmissionRoom(
            refusal: ending?.refusal ?? draining ?? (isShort ? .journalRoomShort : isBehind ? .overloaded : nil),
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
