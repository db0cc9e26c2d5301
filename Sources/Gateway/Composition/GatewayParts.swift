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
    /// The share of the loops' time that answers to operators have.
    let adminPace = AdminPace()
    private let visits = VisitGate()
    let scrubber: Scrubber
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
        scrubber = Scrubber(
            shards: blueprint.shardCount,
            pool: blueprint.scrubPool,
            settings: blueprint.scrubbing,
            logger: logger
        )
        blueprint.threadPool.start()
        for pool in [blueprint.coldPool, blueprint.timelinePool, blueprint.ledgerPool] { pool.start() }
        blueprint.keyPool.start()
        blueprint.mergePool.start()
        blueprint.snapshotPool.start()
        blueprint.adminPool.start()
        blueprint.scrubPool.start()
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
        try await inTurn { $0.connect(runtimes) }
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
        visits.open()
    }

    /// Refuses a clock that cannot be right, before time passes for a shard. Throws
    /// `ConfigurationError`.
    private func checkClock() async throws {
        let newest = try await inTurn { runtime in
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
        let logger = self.logger
        return try await runtime.eventLoop.submit {
            let runtime = runtime.value
            for number in table.shards(of: runtime.index) {
                var plan = blueprint.plan(shard: number)
                plan.onDamage = { error in
                    logger.error(
                        "What left memory cannot be read back; docs/operations.md says how to put its file back",
                        metadata: ["shard": "\(number)", "error": "\(error)"]
                    )
                }
                runtime.add(try ShardSlot(plan, on: runtime))
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
        let parts = self
        scrubber.start { shard in try await parts.onShard(shard) { $0.storage } }
    }

    // MARK: Stop

    func refuseNewWork() async {
        _ = try? await onEachLoop { runtime in runtime.slots.forEach { $0.drain() } }
    }

    /// Closes providers, streams, logs and threads, those of different loops side by side; the
    /// server must have been drained. Afterwards `failure` has whatever went wrong until the end.
    func close() async {
        await scrubber.stop()
        await visits.close()
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
        try? await blueprint.adminPool.shutdownGracefully()
        try? await blueprint.scrubPool.shutdownGracefully()
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

    /// Runs `body` on every loop, in turn, and gathers what it returns. Throws `GatewayNotServing`
    /// while the gateway starts and once it closes.
    @discardableResult
    func onEachLoop<Value: Sendable>(_ body: @escaping @Sendable (LoopRuntime) throws -> Value) async throws -> [Value]
    {
        try visits.enter()
        defer { visits.leave() }
        return try await inTurn(body)
    }

    @discardableResult
    private func inTurn<Value: Sendable>(
        _ body: @escaping @Sendable (LoopRuntime) throws -> Value
    ) async throws -> [Value] {
        var values: [Value] = []
        for runtime in runtimes.all {
            values.append(try await runtime.eventLoop.submit { try body(runtime.value) }.get())
        }
        return values
    }

    /// Runs `body` with the shard `number` on its loop. Throws `ShardNotOwned` while this host does
    /// not own it, and `GatewayNotServing` as `onEachLoop`.
    func onShard<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardRuntime) throws -> Value
    ) async throws -> Value {
        try await onSlot(number) { slot in
            guard let shard = slot.shard, !shard.host.isReleased else { throw ShardNotOwned(shard: number) }
            return try body(shard)
        }
    }

    /// Runs `body` with the slot of shard `number` on its loop, whoever owns the shard. Throws
    /// `GatewayNotServing` as `onEachLoop`.
    func onSlot<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardSlot) throws -> Value
    ) async throws -> Value {
        try visits.enter()
        defer { visits.leave() }
        let place = table.place(of: UInt16(number))
        let runtime = runtimes.all[place.loop]
        return try await runtime.eventLoop.submit { try body(runtime.value.slots[place.slot]) }.get()
    }

    /// Runs `body` with the shard `number` on its loop, for an operator: it waits for its turn, so
    /// that all such visits take an eighth of the loops' time at most. Throws as `onShard`.
    func onShardInTurn<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardRuntime) throws -> Value
    ) async throws -> Value {
        try await adminPace.turn()
        let (value, time) = try await onShard(number) { shard in
            let clock = ContinuousClock()
            let start = clock.now
            let value = try body(shard)
            return (value, clock.now - start)
        }
        adminPace.spent(time)
        return value
    }

    /// Runs `body`, which blocks on the disk for an operator, on a thread that no merchant waits
    /// for.
    func onAdminDisk<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await blueprint.adminPool.runIfActive(body)
    }

    /// Throws `GatewayNotServing` while the gateway starts and once it closes.
    func checkServing() throws(GatewayNotServing) {
        try visits.enter()
        visits.leave()
    }

    /// Requests that merchants wait for.
    func requestsInFlight() async throws -> Int {
        try await onEachLoop { $0.server?.statistics.requestsInFlight ?? 0 }.reduce(0, +)
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
