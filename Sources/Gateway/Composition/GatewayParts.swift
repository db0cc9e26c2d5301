import HTTPTransport
import Journal
import Logging
import NIOCore
import NIOPosix
import Providers
import Scoring
import ShardHost
import ShardStorage

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

    init(blueprint: GatewayBlueprint, logger: Logger) {
        self.blueprint = blueprint
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: blueprint.loopCount)
        loops = Array(group.makeIterator())
        runtimes = RuntimeTable()
        blueprint.threadPool.start()
        blueprint.historyPool.start()
        blueprint.keyPool.start()
        blueprint.mergePool.start()
        blueprint.snapshotPool.start()
    }

    // MARK: Start

    /// Opens and replays the journals, those of different loops side by side, and connects the loops' mailboxes.
    func openShards() async throws {
        let opened = try await withThrowingTaskGroup(of: (Int, NIOLoopBound<LoopRuntime>).self) { group in
            for index in loops.indices {
                group.addTask { (index, try await self.openRuntime(index)) }
            }
            return try await group.reduce(into: [Int: NIOLoopBound<LoopRuntime>]()) { $0[$1.0] = $1.1 }
        }
        let all = loops.indices.compactMap { opened[$0] }
        runtimes.set(all)
        try await onEachLoop { $0.connect(all) }
    }

    private func openRuntime(_ index: Int) async throws -> NIOLoopBound<LoopRuntime> {
        let loop = loops[index]
        let blueprint = self.blueprint
        let failure = self.failure
        let logger = self.logger
        let loopCount = loops.count
        let readiness = self.readiness
        let policy = blueprint.onJournalFailure
        return try await loop.submit {
            let runtime = LoopRuntime(
                eventLoop: loop,
                index: index,
                loopCount: loopCount,
                shardCount: blueprint.shardCount,
                onJournalEvent: { event in
                    logger.log(event)
                    guard case .failed(let error, _) = event else { return }
                    readiness.set(.journalFailed)
                    switch policy {
                    case .exit: failure.report(error)
                    case .serveReads: failure.hold(error)
                    }
                }
            )
            for number in stride(from: index, to: blueprint.shardCount, by: loopCount) {
                let shard = try ShardRuntime.open(blueprint.plan(shard: number), on: runtime)
                logger.log(recovered: shard)
                runtime.add(shard)
            }
            return NIOLoopBound(runtime, eventLoop: loop)
        }.get()
    }

    func startServer() async throws -> HTTPServer {
        let runtimes = self.runtimes.all
        let api = blueprint.api
        return try await HTTPServer.start(loops: loops, configuration: blueprint.server) { loop in
            runtimes[loop.index].value.makeAPI(loop, api)
        }
    }

    /// Connects to the provider, resolves what was in flight, and lets time pass.
    func resume() async throws {
        let logger = self.logger
        try await onEachLoop { runtime in
            for shard in runtime.shards {
                for provider in shard.providers.all { provider.start() }
                shard.scorer?.start()
                let count = shard.host.resume()
                guard count > 0 else { continue }
                logger.notice(
                    "Resolving operations that were in flight",
                    metadata: ["shard": "\(shard.host.shard)", "operations": "\(count)"]
                )
            }
            runtime.startTicking()
        }
    }

    // MARK: Stop

    func refuseNewWork() async {
        _ = try? await onEachLoop { runtime in runtime.shards.forEach { $0.host.drain() } }
    }

    /// Closes providers, journals and threads, those of different loops side by side; the server must have been drained.
    /// Afterwards `failure` has whatever went wrong until the end.
    func close() async {
        await withTaskGroup(of: Void.self) { group in
            for runtime in runtimes.all {
                group.addTask { await self.close(runtime) }
            }
        }
        failure.report(GatewayStopped())
        try? await blueprint.historyPool.shutdownGracefully()
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
            let closing = runtime.value.shards.flatMap { $0.closeScorers() + $0.providers.all.map { $0.shutdown() } }
            return EventLoopFuture.andAllComplete(closing, on: runtime.eventLoop)
        }
        try? await providers.get()
        let journals = try? await runtime.eventLoop.submit { runtime.value.shards.map { $0.journal } }.get()
        await withTaskGroup(of: Void.self) { group in
            for journal in journals ?? [] {
                // Blocks while the last batch is flushed, so not on a thread that others wait for.
                group.addTask { try? await self.blueprint.threadPool.runIfActive { journal.close() } }
            }
        }
        // What a journal said at its end has come to the loop, and goes before this.
        try? await runtime.eventLoop.submit {}.get()
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

    /// Runs `body` with the shard `number` on its loop.
    func onShard<Value: Sendable>(
        _ number: Int,
        _ body: @escaping @Sendable (ShardRuntime) throws -> Value
    ) async throws -> Value {
        let runtimes = runtimes.all
        let runtime = runtimes[number % runtimes.count]
        return try await runtime.eventLoop.submit {
            try body(runtime.value.shards[number / runtimes.count])
        }.get()
    }

    /// Runs `body`, which blocks on the disk, on a thread for that.
    func onDisk<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await blueprint.threadPool.runIfActive(body)
    }

    /// Makes the fraud hook anew from a configuration that was read again. Blocks while lists are read.
    func riskParts(_ configuration: GatewayConfiguration) throws(ConfigurationError) -> RiskParts {
        try RiskParts(configuration, seed: blueprint.directory.digestSeed)
    }

    var shardCount: Int { blueprint.shardCount }
    var protection: JournalProtection { blueprint.protection }
    var threadPool: NIOThreadPool { blueprint.threadPool }
}

extension Logger {
    fileprivate func log(_ event: JournalEvent) {
        switch event {
        case .failed(let error, let shard):
            critical("A journal failed", metadata: ["shard": "\(shard)", "error": "\(error)"])
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

    fileprivate func log(recovered shard: ShardRuntime) {
        let report = shard.recovery
        for damage in shard.restored.damaged {
            warning("Passed over a damaged snapshot", metadata: ["shard": "\(shard.host.shard)", "error": "\(damage)"])
        }
        info(
            "Recovered a shard",
            metadata: [
                "shard": "\(shard.host.shard)",
                "snapshot_position": "\(shard.restored.position)",
                "snapshot_milliseconds": "\(Int(shard.restored.seconds * 1_000))",
                "snapshot_payments": "\(shard.restored.payments)",
                "cold_payments": "\(shard.restored.coldPayments)",
                "records": "\(report.records)",
                "bytes": "\(report.bytes)",
                "milliseconds": "\(report.nanoseconds / 1_000_000)",
                "position": "\(report.lastPosition)",
            ]
        )
        if report.checkpoints == .damaged {
            warning(
                "A journal's log of checkpoints is damaged; if checkpoints are signed, it was set aside and a new one begun",
                metadata: ["shard": "\(shard.host.shard)"]
            )
        }
        guard let torn = report.torn else { return }
        warning(
            "Cut an unacknowledged tail from a journal",
            metadata: [
                "file": "\(torn.file)", "offset": "\(torn.offset)", "bytes": "\(torn.bytes)",
                "kept_in": "\(torn.keptIn)",
            ]
        )
    }
}
