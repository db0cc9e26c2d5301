import API
import HTTPTransport
import Journal
import Logging
import NIOCore
import NIOPosix
import Providers
import Scoring
import ShardCore
import ShardHost
import ShardStorage
import Synchronization
import Time

/// The running parts of a gateway, and their order of starting and stopping.
final class GatewayParts: Sendable {
    let readiness = Readiness()
    let failure = FailureSignal()
    let adminGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loops: [any EventLoop]
    private let group: MultiThreadedEventLoopGroup
    private let blueprint: GatewayBlueprint
    private let logger: Logger
    /// One for each loop; filled once by `openShards`, before anything reads it.
    private let runtimes: RuntimeTable
    private let table: SlotTable
    let logs: LogTable
    let roles: ShardRoles
    private let isClockBelieved = Atomic(false)
    private let marking = Mutex<RepeatedTask?>(nil)
    private let following = Mutex<RepeatedTask?>(nil)
    private let isClockApart = Atomic(false)

    init(blueprint: GatewayBlueprint, logger: Logger) {
        self.blueprint = blueprint
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: blueprint.loopCount)
        loops = Array(group.makeIterator())
        runtimes = RuntimeTable()
        table = SlotTable(shards: blueprint.shardCount, loops: blueprint.loopCount)
        logs = LogTable(count: blueprint.logCount)
        roles = ShardRoles(shards: blueprint.shardCount)
        blueprint.threadPool.start()
        for pool in [blueprint.coldPool, blueprint.timelinePool, blueprint.ledgerPool] { pool.start() }
        blueprint.keyPool.start()
        blueprint.mergePool.start()
        blueprint.snapshotPool.start()
    }

    // MARK: Start

    /// Reads the shards' snapshots, those of different loops side by side, then replays the logs,
    /// likewise, acquires every shard's stream, and connects the loops' mailboxes. When it throws,
    /// `close` closes what was opened.
    func openShards() async throws {
        var all: [NIOLoopBound<LoopRuntime>] = []
        for index in loops.indices { all.append(try await makeRuntime(index)) }
        let runtimes = all
        self.runtimes.set(runtimes)
        try await onEachLoop { $0.connect(runtimes) }
        var followers = [ShardFollower?](repeating: nil, count: blueprint.shardCount)
        try await withThrowingTaskGroup(of: [(Int, ShardFollower)].self) { group in
            for runtime in runtimes {
                group.addTask { try await self.restoreShards(of: runtime) }
            }
            for try await restored in group {
                for (number, follower) in restored { followers[number] = follower }
            }
        }
        try await openLogs(followers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for runtime in runtimes {
                group.addTask { try await self.beginShards(of: runtime) }
            }
            try await group.waitForAll()
        }
        try await checkClock()
    }

    /// Refuses a clock that cannot be right, before time passes for a shard. Throws
    /// `ConfigurationError`.
    private func checkClock() async throws {
        let newest = try await onEachLoop { runtime in
            runtime.shards.map { $0.host.core.lastRecordTime.milliseconds }.max() ?? 0
        }
        let mark = blueprint.clockMark
        let last = max(newest.max() ?? 0, try await onDisk { mark.read() ?? 0 })
        let now = blueprint.clock.milliseconds()
        if let refusal = ClockCheck.refusal(now: now, last: last, maximum: blueprint.maxClockJump) { throw refusal }
        isClockBelieved.store(true, ordering: .releasing)
        await markClock()
    }

    /// Notes that a gateway ran at this time.
    private func markClock() async {
        guard isClockBelieved.load(ordering: .acquiring) else { return }
        let (mark, now) = (blueprint.clockMark, blueprint.clock.milliseconds())
        do {
            try await onDisk { try mark.write(now) }
        } catch {
            logger.warning("The time could not be noted", metadata: ["error": "\(error)"])
        }
    }

    /// Notes the time once a minute, off the loops.
    private func startMarkingClock() {
        let parts = self
        marking.withLock { task in
            task = loops[0].scheduleRepeatedAsyncTask(
                initialDelay: .milliseconds(ClockMark.interval),
                delay: .milliseconds(ClockMark.interval)
            ) { _ in
                parts.loops[0].makeFutureWithTask { await parts.markClock() }
            }
        }
    }

    /// Follows the machine's clock, and logs when the gateway's time differs from it and when it no
    /// longer does.
    private func startFollowingClock() {
        let parts = self
        following.withLock { task in
            task = loops[0].scheduleRepeatedTask(
                initialDelay: .milliseconds(GatewayClock.interval),
                delay: .milliseconds(GatewayClock.interval)
            ) { _ in parts.followClock() }
        }
    }

    private func followClock() {
        let clock = blueprint.clock
        clock.follow()
        let error = clock.error
        let isApart = abs(error) > GatewayClock.tolerance
        guard isClockApart.exchange(isApart, ordering: .relaxed) != isApart else { return }
        logger.log(clockIsApart: isApart, error: error)
    }

    private func makeRuntime(_ index: Int) async throws -> NIOLoopBound<LoopRuntime> {
        let loop = loops[index]
        let blueprint = self.blueprint
        let failure = self.failure
        let logger = self.logger
        let table = self.table
        let roles = self.roles
        let readiness = self.readiness
        return try await loop.submit {
            let runtime = LoopRuntime(
                eventLoop: loop,
                index: index,
                table: table,
                roles: roles,
                renderer: blueprint.renderer,
                clients: blueprint.clients,
                budget: blueprint.budget,
                clock: blueprint.clock,
                onJournalEvent: { event in
                    logger.log(event)
                    guard case .failed(let error, _) = event else { return }
                    readiness.set(.journalFailed)
                    switch blueprint.onJournalFailure {
                    case .exit: failure.report(error)
                    case .serveReads: failure.hold(error)
                    }
                }
            )
            return NIOLoopBound(runtime, eventLoop: loop)
        }.get()
    }

    /// Brings the loop's shards to their newest snapshots.
    private func restoreShards(of runtime: NIOLoopBound<LoopRuntime>) async throws -> [(Int, ShardFollower)] {
        let blueprint = self.blueprint
        let table = self.table
        return try await runtime.eventLoop.submit {
            let runtime = runtime.value
            for number in table.shards(of: runtime.index) {
                runtime.add(try ShardSlot(blueprint.plan(shard: number), on: runtime))
            }
            return runtime.slots.compactMap { slot in slot.follower.map { (Int(slot.number), $0) } }
        }.get()
    }

    private func openLogs(_ followers: [ShardFollower?]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<blueprint.logCount {
                let plan = blueprint.plan(log: number)
                group.addTask {
                    let log = try await self.onDisk { try plan.open(followers) }
                    self.logs.set(log, at: number)
                    self.logger.log(recovered: log, number: number)
                }
            }
            try await group.waitForAll()
        }
    }

    /// Returns when this host owns the loop's shards.
    private func beginShards(of runtime: NIOLoopBound<LoopRuntime>) async throws {
        let directory = blueprint.directory
        let logger = self.logger
        let logs = self.logs
        try await runtime.eventLoop.flatSubmit { () -> EventLoopFuture<Void> in
            let runtime = runtime.value
            do {
                for slot in runtime.slots {
                    guard let log = logs.log(directory.log(of: Int(slot.number))) else { continue }
                    try slot.begin(log.store(of: slot.number))
                    logger.log(recovered: slot, log.report.streams.first { $0.number == slot.number })
                }
            } catch {
                return runtime.eventLoop.makeFailedFuture(error)
            }
            return EventLoopFuture.andAllSucceed(runtime.slots.map(\.owned), on: runtime.eventLoop)
        }.get()
    }

    func startServer() async throws -> HTTPServer {
        let runtimes = self.runtimes.all
        let api = blueprint.api
        return try await HTTPServer.start(loops: loops, configuration: blueprint.server) { loop in
            runtimes[loop.index].value.makeAPI(loop, api)
        }
    }

    /// Connects to the providers, resolves what was in flight, and lets time pass.
    func resume() async throws {
        let logger = self.logger
        try await onEachLoop { runtime in
            runtime.clients.start()
            for slot in runtime.slots {
                let count = slot.resume()
                guard count > 0 else { continue }
                logger.notice(
                    "Resolving operations that were in flight",
                    metadata: ["shard": "\(slot.number)", "operations": "\(count)"]
                )
            }
            runtime.startTicking()
        }
        startMarkingClock()
        startFollowingClock()
    }

    // MARK: Stop

    func refuseNewWork() async {
        _ = try? await onEachLoop { runtime in runtime.slots.forEach { $0.drain() } }
    }

    /// Closes providers, streams, logs and threads, those of different loops side by side; the
    /// server must have been drained. Afterwards `failure` has whatever went wrong until the end.
    func close() async {
        marking.withLock { task in
            task?.cancel()
            task = nil
        }
        following.withLock { task in
            task?.cancel()
            task = nil
        }
        await markClock()
        await withTaskGroup(of: Void.self) { group in
            for runtime in runtimes.all {
                group.addTask { await self.close(runtime) }
            }
        }
        await closeLogs()
        failure.report(GatewayStopped())
        for pool in [blueprint.coldPool, blueprint.timelinePool, blueprint.ledgerPool] {
            try? await pool.shutdownGracefully()
        }
        try? await blueprint.keyPool.shutdownGracefully()
        try? await blueprint.mergePool.shutdownGracefully()
        try? await blueprint.snapshotPool.shutdownGracefully()
        try? await blueprint.threadPool.shutdownGracefully()
        try? await group.shutdownGracefully()
        blueprint.directory.close()
    }

    private func close(_ runtime: NIOLoopBound<LoopRuntime>) async {
        blueprint.snapshotPace.cancel()
        let providers = runtime.eventLoop.flatSubmit {
            runtime.value.stopTicking()
            for slot in runtime.value.slots { slot.close() }
            return EventLoopFuture.andAllComplete(runtime.value.clients.shutdown(), on: runtime.eventLoop)
        }
        try? await providers.get()
        let streams = try? await runtime.eventLoop.submit { runtime.value.slots.compactMap(\.opened) }.get()
        await withTaskGroup(of: Void.self) { group in
            for stream in streams ?? [] {
                // Blocks while the last batch is flushed, so not on a thread that others wait for.
                group.addTask { try? await self.blueprint.threadPool.runIfActive { stream.close() } }
            }
        }
        // Waits until the loop has what the stream reported at its end, which comes before this.
        try? await runtime.eventLoop.submit {}.get()
    }

    private func closeLogs() async {
        await withTaskGroup(of: Void.self) { group in
            for (_, log) in logs.all {
                group.addTask { try? await self.blueprint.threadPool.runIfActive { log.close() } }
            }
        }
        // Waits until the loops have what a failed log reported.
        for loop in loops { try? await loop.submit {}.get() }
    }

    // MARK: Access

    /// Runs `body` on every loop, in turn, and gathers what it returns.
    @discardableResult
    func onEachLoop<Value: Sendable>(_ body: @escaping @Sendable (LoopRuntime) throws -> Value) async throws -> [Value]
    {
        var values: [Value] = []
        for runtime in runtimes.all {
            values.append(try await runtime.eventLoop.submit { try body(runtime.value) }.get())
        }
        return values
    }

    /// Runs `body` with the shard `number` on its loop. Throws `ShardNotOwned` while this host does
    /// not own it.
    func onShard<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardRuntime) throws -> Value
    ) async throws -> Value {
        try await onSlot(number) { slot in
            guard let shard = slot.shard, !shard.host.isReleased else { throw ShardNotOwned(shard: number) }
            return try body(shard)
        }
    }

    /// Runs `body` with the slot of shard `number` on its loop, whoever owns the shard.
    func onSlot<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardSlot) throws -> Value
    ) async throws -> Value {
        let place = table.place(of: UInt16(number))
        let runtime = runtimes.all[place.loop]
        return try await runtime.eventLoop.submit { try body(runtime.value.slots[place.slot]) }.get()
    }

    /// Runs `body`, which blocks on the disk, on a thread for that.
    func onDisk<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await blueprint.threadPool.runIfActive(body)
    }

    /// Makes the fraud hook anew from a configuration that was read again. Blocks while lists are
    /// read, and until the number of the configuration is durable.
    func riskParts(_ configuration: GatewayConfiguration) throws -> RiskParts {
        try blueprint.risk(reloaded: configuration)
    }

    var shardCount: Int { blueprint.shardCount }
    var protection: JournalProtection { blueprint.protection }
    var threadPool: NIOThreadPool { blueprint.threadPool }
    /// The time as the shards see it.
    var clock: GatewayClock { blueprint.clock }
}

extension Logger {
    fileprivate func log(_ event: JournalEvent) {
        switch event {
        case .failed(let error, let shard):
            critical("A journal failed", metadata: ["shard": "\(shard)", "error": "\(error)"])
        case .lost(let error, let shard):
            self.error(
                "Another host owns a shard; its commands are refused here, and it is followed",
                metadata: ["shard": "\(shard)", "error": "\(error)"]
            )
        case .ownedAgain(let operations, let shard):
            notice("Owns a shard again", metadata: ["shard": "\(shard)", "operations": "\(operations)"])
        case .room(isShort: true, let shard):
            error(
                """
                New payments are refused: the journal's prepared room is kept for operations in flight. \
                Either the disk is full, or its segments are too small for them (journal.segment_bytes).
                """,
                metadata: ["shard": "\(shard)"]
            )
        case .room(isShort: false, let shard):
            notice("The journal has room again", metadata: ["shard": "\(shard)"])
        case .snapshot(let written, let pause, let shard):
            info(
                "Wrote a snapshot",
                metadata: [
                    "shard": "\(shard)",
                    "position": "\(written.position)",
                    "bytes": "\(written.bytes)",
                    "milliseconds": "\(Int(written.seconds * 1_000))",
                    "pause_microseconds": "\(pause / 1_000)",
                    "cold_payments": "\(written.coldPayments)",
                    "retirable": "\(written.retirable)",
                ]
            )
        case .snapshotFailed(let error, let shard):
            self.error("A snapshot failed", metadata: ["shard": "\(shard)", "error": "\(error)"])
        case .archiveFailed(let error, let shard):
            self.error(
                "Retired segments cannot be archived; they stay where they are, and it is tried again each minute",
                metadata: ["shard": "\(shard)", "error": "\(error)"]
            )
        }
    }

    fileprivate func log(clockIsApart isApart: Bool, error: Int64) {
        let metadata: Metadata = ["gateway_less_machine_milliseconds": "\(error)"]
        if isApart {
            warning(
                "The machine's clock was set. It is followed slowly; deadlines that move money wait until the two agree",
                metadata: metadata
            )
        } else {
            notice("The gateway's time and the machine's clock agree again", metadata: metadata)
        }
    }

    fileprivate func log(recovered shard: ShardSlot, _ report: StreamReport?) {
        for damage in shard.restored.damaged {
            warning("Passed over a damaged snapshot", metadata: ["shard": "\(shard.number)", "error": "\(damage)"])
        }
        info(
            "Recovered a shard",
            metadata: [
                "shard": "\(shard.number)",
                "snapshot_position": "\(shard.restored.position)",
                "snapshot_milliseconds": "\(Int(shard.restored.seconds * 1_000))",
                "snapshot_payments": "\(shard.restored.payments)",
                "cold_payments": "\(shard.restored.coldPayments)",
                "records": "\(report?.replayed ?? 0)",
                "bytes": "\(report?.bytes ?? 0)",
                "position": "\(report?.lastPosition ?? 0)",
            ]
        )
    }

    fileprivate func log(recovered log: StreamLog, number: Int) {
        let report = log.report.log
        info(
            "Recovered a log",
            metadata: [
                "log": "\(number)",
                "segments": "\(report.segments)",
                "runs": "\(report.records)",
                "bytes": "\(report.bytes)",
                "milliseconds": "\(report.nanoseconds / 1_000_000)",
                "position": "\(report.lastPosition)",
            ]
        )
        if report.checkpoints == .damaged {
            warning(
                "A log's list of checkpoints is damaged; if checkpoints are signed, it was set aside and a new one begun",
                metadata: ["log": "\(number)"]
            )
        }
        guard let torn = report.torn else { return }
        warning(
            "Cut an unacknowledged tail from a log",
            metadata: [
                "file": "\(torn.file)", "offset": "\(torn.offset)", "bytes": "\(torn.bytes)",
                "kept_in": "\(torn.keptIn)",
            ]
        )
    }
}
