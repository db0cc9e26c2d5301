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
    let journal: any JournalEngine
    let threads: ReadThreads
    let keyPool: any BlockingReads
    /// The files of payments that left memory; nil when none ever leaves.
    let storage: ShardStorage?
    let snapshots: SnapshotSetup?
    /// The shard, what it decided, and what of that the journal has.
    var work: ShardWork
    /// Its place in the order of snapshots, while one is due or under way.
    var snapshotTicket: SnapshotTurns.Ticket?
    package internal(set) var snapshotStatistics = SnapshotStatistics()
    let clock: ShardClock
    unowned let ports: any ShardPorts

    /// The reads that run off the loop, or wait for their turn.
    var reads: ReadSchedule<@Sendable () -> Void>
    /// Look-ups of keys under way.
    var lookUpsUnderWay = 0
    /// Why the shard takes no commands any more, as its answers say; nil while it goes on.
    var ending: Ending?
    /// Why new work is refused while what is in flight goes on; nil while it is taken.
    var draining: Refusal?
    var isMergingKeys = false

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
            ledgerReads: Int = 64
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
        self.journal = journal
        self.threads = threads
        self.keyPool = keyPool ?? threads[.storedAnswer]
        let configuration = core.configuration
        reads = ReadSchedule { Self.bounds(of: $0, limits, configuration) }
        self.storage = snapshots?.storage
        self.snapshots = snapshots
        self.clock = ShardClock(clock, machine: machineClock, notBefore: core.lastRecordTime)
        self.ports = ports
        let position = core.lastPosition
        let schedule = snapshots.map { SnapshotSchedule($0, position: position) }
        work = ShardWork(core, journal: journal, limits: limits, schedule: schedule)
        let now = self.clock()
        work.core.isTimeCertain = self.clock.isCertain(at: now)
    }

    // MARK: Inputs

    /// Handles the commands that arrived together.
    package func process(_ commands: [Command]) {
        eventLoop.assertInEventLoop()
        checkOwner()
        if isReleased { return refuse(commands) }
        let now = clock()
        work.handle(commands, at: now)
        commit(now)
    }

    /// A PSP call ended. Call `providerCompletionsDelivered` after those that ended together.
    package func providerCompleted(_ token: UInt64, _ outcome: ProviderOutcome) {
        if isReleased { return }
        work.handle(outcome, of: token, at: clock())
    }

    package func providerCompletionsDelivered() {
        commit(clock())
    }

    /// Whether time has to pass for the shard about every 10 ms: something waits for its time, or
    /// is done in small parts. Otherwise every 40 ms is enough.
    package var needsTick: Bool { work.needsTick }

    /// Time passes.
    package func tick() {
        checkOwner()
        if isReleased { return }
        let now = clock()
        work.tick(at: now, isTimeCertain: clock.isCertain(at: now))
        ports.journalRoom(isShort: work.isRoomShort, shard: shard)
        commit(now)
        work.releaseKeys()
        advanceSnapshot(now)
    }

    /// Tells the shard what the other shards of the process leave to it.
    package func share(_ share: ProcessShare) { work.core.share = share }

    /// Resolves operations that were in flight when the process ended. Call it once, when the
    /// providers are ready.
    /// - Returns: the number of operations to resolve.
    package func resume() -> Int {
        work.core.resume(at: clock())
    }

    /// New work is refused from now on; operations in flight go on.
    /// - Parameter refusal: the answer to new work.
    package func drain(as refusal: Refusal = .draining) {
        draining = refusal
        giveUpSnapshot()
        refuseNewWork()
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
        return work.schedule?.isWriting != true
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
        work.isQuiet && reads.count + lookUpsUnderWay == 0
    }

    // MARK: Views

    /// The shard itself, to look at.
    package var core: ShardCore { _read { yield work.core } }

    package var statistics: ShardHostStatistics { work.statistics }

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
            unflushedBytes: work.backlog.bytes,
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
        let now = clock()
        work.durable(upTo: position)
        append(now)
        writeSnapshot()
        while let effect = work.nextDurableEffect() { run(effect, now) }
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
        work.removeRecords()
        // The waiting effects rest on records that may or may not be on the disk. So these requests
        // are neither acknowledged nor refused, and their callers are told so.
        while let effect = work.abandonEffect() { giveUp(effect) }
        for (reply, requestID) in work.core.takeReplies() {
            ports.respond(core.refusal(ending.refusal, to: reply, requestID: requestID))
        }
        refuseNewWork()
        ports.effectsReleased()
    }

    private func refuseNewWork() {
        work.refusal = ending?.refusal ?? draining
        work.updateAdmission()
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
        guard work.hasOutput else { return }
        checkOwner()
        append(now)
        // Running one may bring the next command in. That commits, too, and goes on with the rest.
        while let next = work.nextEffect(ending) {
            switch next {
            case .run(let effect): run(effect, now)
            case .giveUp(let effect): giveUp(effect)
            }
        }
        ports.effectsReleased()
    }

    /// Hands what was decided to the journal.
    private func append(_ now: Timestamp) {
        guard ending == nil else { return work.removeRecords() }
        guard let error = work.append(at: now) else { return }
        work.removeRecords()
        if error.code == .fenced { lost(error) } else { failed(error) }
    }
}
