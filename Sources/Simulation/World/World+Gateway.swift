import Journal
import Payments
import ShardCore
import ShardHost
import ShardStorage

/// The gateway's process: it works and ends.
extension World {
    /// How long a key is remembered: longer than it may take until all is final.
    static let keySeconds: UInt32 = 10 * 86_400

    /// What a shard has beside its log.
    static func directory(ofShard shard: Int) -> String { "data/shard-000\(shard)" }

    static func directory(ofLog log: Int) -> String { "data/log-00\(log)" }

    /// As the gateway's own: the wall clock when the process begins, from then on the monotonic
    /// one.
    var wallClock: @Sendable () -> Int64 {
        let offset = Self.epoch + wallOffset
        return { [clock] in offset + clock.now / 1_000 }
    }

    /// Room for the keys of every request. No shard of several has more than twice its part of the
    /// merchants.
    private var keyCapacity: Int {
        let keys = max(1_024, scenario.intents * 6)
        return scenario.shards == 1 ? keys : max(1_024, keys * 2 / scenario.shards)
    }

    func shardConfiguration(of shard: Int) -> ShardConfiguration {
        var resolution = ResolutionPolicy()
        resolution.abandonAfter = scenario.abandonAfter
        resolution.means.voidByReference = scenario.voidsByReference
        if scenario.planted == .believeNotFound { resolution.inFlightHorizon = -10_000 }
        return ShardConfiguration(
            shard: UInt16(shard),
            connectors: ConnectorTable(registry: registry, configured: connectors(resolution)),
            idempotencyCapacity: keyCapacity,
            idempotencySeconds: Self.keySeconds,
            paymentCapacity: 1 << 20,
            operationCapacity: scenario.operationCapacity,
            waitingCapacity: scenario.operationCapacity * 2,
            resolutionCapacity: max(4, scenario.operationCapacity / 8),
            eventCapacity: keyCapacity,
            actionLifetime: scenario.actionLifetime,
            risk: scenario.risk
        )
    }

    private func connectors(_ resolution: ResolutionPolicy) -> [ConnectorSettings] {
        registry.names.compactMap { name in
            registry[name].map { id in
                ConnectorSettings(
                    id: id,
                    name: name,
                    capabilities: PaymentCapabilities(
                        overCaptureBasisPoints: scenario.overCaptureBasisPoints
                    ),
                    resolution: resolution,
                    disputes: DisputePolicy(reservesOnWarning: scenario.seed % 2 == 0)
                )
            }
        }
    }

    /// Milliseconds until an archived segment is deleted that no cursor needs; nil for never.
    private var archiveKeep: Int64? {
        scenario.planted == .neighbourRetired ? 1_000 : scenario.archiveKeep
    }

    /// Where archived segments are deleted, a segment goes when no host needs it for a start.
    func floor(ofShard shard: Int, host: Int) -> ((RecordPosition) -> RecordPosition)? {
        guard archiveKeep != nil else { return nil }
        let floors = snapshotFloors[shard]
        return { floors.raise(ofHost: host, to: $0) }
    }

    func journalConfiguration(ofLog log: Int) -> JournalConfiguration {
        var configuration = JournalConfiguration(
            journalID: UInt64(log),
            // What the gateway asks for: so much of a segment is kept for each shard.
            segmentBytes: shards(ofLog: log).count << 20,
            batchBytes: 128 << 10,
            backlogBytes: 256 << 10,
            floorNanoseconds: UInt64(scenario.floorMicroseconds) * 1_000,
            indexEntries: 256
        )
        configuration.keys = keys
        configuration.checkpoints = checkpoints
        if scenario.takesSnapshots, scenario.archives {
            configuration.archive = JournalArchiveConfiguration(
                directory: Self.directory(ofLog: log) + "/archive",
                keepMilliseconds: archiveKeep,
                spareSegments: 2
            )
        }
        configuration.driving = .steps
        configuration.clock = { [clock] in UInt64(clock.now) * 1_000 }
        configuration.wallClock = { [clock] in Self.epoch + clock.now / 1_000 }
        return configuration
    }

    /// Small and often, so that a short world has many, and starts from them.
    static var snapshotPolicy: SnapshotPolicy {
        SnapshotPolicy(
            journalBytes: 256 << 10,
            payments: 400,
            interval: 60_000,
            coldAfter: 20_000,
            retryAfter: 5_000,
            releaseChunks: 2
        )
    }

    func up(_ process: GatewayProcess) {
        guard process.shards.allSatisfy({ $0.host != nil }) else { return }
        process.isUp = true
        for shard in process.shards {
            guard let host = shard.host else { continue }
            // Only now: a crash while it recovers may still take what no process had said to be
            // durable.
            shard.journalLog.acknowledged = host.core.lastPosition
            noteEpoch(of: shard)
            trace.note("up", at: now, of: process.boot, with: Int(host.core.lastPosition))
            _ = host.resume()
        }
        queue.schedule(.tick(boot: process.boot), at: now)
        for log in process.logs {
            wakeWriter(log)
            wakeKeeper(log, isForced: true)
            wakeArchiver(log)
        }
        for shard in process.shards { beginHandovers(shard) }
        if scenario.hasConsumer { queue.schedule(.consume(boot: process.boot), at: now + 1_000) }
        settle(process)
    }

    // MARK: Work

    /// After anything that a host did.
    func settle(_ process: GatewayProcess) {
        for shard in process.shards { settle(shard) }
        if let failure = process.failure { exit(process, failure) }
    }

    private func settle(_ shard: SimShard) {
        let boot = shard.process.boot
        for host in shard.hosts {
            if !host.isFrozen { host.loop.run() }
            if let engine = host.engine { look(at: engine, of: shard.log) }
            if !host.reads.waiting.isEmpty, !host.readsAreScheduled {
                host.readsAreScheduled = true
                queue.schedule(.reads(boot: boot, shard: shard.number), at: now + 100)
            }
            if !host.snapshotJobs.waiting.isEmpty {
                queue.schedule(.snapshot(boot: boot, shard: shard.number), at: now)
            }
            if !host.replicaJobs.waiting.isEmpty, host.cutOffUntil <= now {
                queue.schedule(.replicas(boot: boot, shard: shard.number), at: now)
            }
        }
        checkReplicas(shard)
    }

    /// The log's tasks hear what an owner did.
    private func look(at engine: SimEngine, of log: SimLog) {
        if engine.hasNews { wakeWriter(log) }
        if engine.hasNewWish { wakeKeeper(log, isForced: false) }
        if engine.hasRetired {
            if scenario.planted == .neighbourRetired { retireNeighbours(of: engine, in: log) }
            wakeArchiver(log)
        }
        engine.hasNews = false
        engine.hasNewWish = false
        engine.hasRetired = false
    }

    /// Planted bug: nobody asks what the other shards of the log still need for a start.
    private func retireNeighbours(of engine: SimEngine, in log: SimLog) {
        for shard in log.shards where !shard.hosts.contains(where: { $0.engine === engine }) {
            guard let journal = shard.serving?.engine?.journal else { continue }
            journal.retire(upTo: journal.lastPosition)
        }
    }

    /// A job that blocks on the disk: what it reports comes when its last operation has ended.
    func block(_ actor: SimDisk.Actor, _ jobs: SimReads, of host: SimHost) {
        disk.use(actor)
        let process = host.shard.process
        for job in jobs.takeAll() {
            process.reports.append(host.shard.log.holding(job))
            if case .writer(let log) = actor { waitForWriter(of: log) }
            queue.schedule(.reported(boot: process.boot, process.reports.count - 1), at: disk.idleAt(actor))
        }
    }

    /// The log's other tasks know at once what the writer did in a job. They must not use it before
    /// it has happened.
    private func waitForWriter(of log: Int) {
        disk.delay(.keeper(log: log), until: disk.idleAt(.writer(log: log)))
        disk.delay(.archiver(log: log), until: disk.idleAt(.writer(log: log)))
    }

    func reported(_ process: GatewayProcess, _ number: Int) {
        for held in process.reports[number] { held.loop.add(held.tasks) }
        process.reports[number] = []
        settle(process)
    }

    func writeSnapshot(_ shard: SimShard) {
        for host in shard.hosts where !host.snapshotJobs.waiting.isEmpty {
            block(.snapshot(shard: shard.number), host.snapshotJobs, of: host)
        }
        trace.note("snapshot", at: now, of: shard.process.boot)
    }

    /// About every 10 ms while there is work; seldom when there is none, to save the simulation's
    /// time. After the faults work may wait for hours, for a PSP that is asked again ever more
    /// rarely.
    func tick(_ process: GatewayProcess) {
        for shard in process.shards {
            tickReplicas(shard)
            for host in shard.hosts where !host.isFrozen { host.host?.tick() }
        }
        let isBusy = process.isRunning || openRequests > 0
        // In a world that only waits for the end of a hold, days later, still more seldom.
        let patient: Int64 = now > scenario.duration + 7_200_000_000 ? 60_000_000 : 5_000_000
        let isWaiting = isCalm && process.isQuiet
        let busy: Int64 = isCalm ? 100_000 : 10_000
        var interval: Int64 = isWaiting && (isBusy || patient > 5_000_000) ? patient : isBusy ? busy : 1_000_000
        if let oldKeys { interval = oldKeys.tickInterval(now, isQuiet: process.isQuiet) }
        // An owner looks at its lease often enough to renew it, and to stop in time.
        if let lease = scenario.lease, let slowAt = leasesSlowAt {
            interval = min(interval, (now < slowAt ? lease : lease * 1_000) / 16)
        }
        queue.schedule(.tick(boot: process.boot), at: now + interval)
        settle(process)
        if process.isStopping { stopIfQuiet(process) }
        if isCalm, oldKeys?.isOver ?? true, isFinished { isDone = !beginOldKeys() }
    }

    func runReads(_ shard: SimShard) {
        for host in shard.hosts where host.readsAreScheduled {
            host.readsAreScheduled = false
            block(.reader(shard: shard.number), host.reads, of: host)
        }
        counts.storedAnswers += 1
    }

    // MARK: End

    func scheduleCrash(_ process: GatewayProcess, ready: Int64) {
        let early = crashes.chance(150_000)
        let delay = crashes.skewed(scenario.crashInterval)
        let during = crashes.between(0, max(1, ready - now))
        guard has(.kill) || has(.power) else { return }
        queue.schedule(.crash(boot: process.boot), at: early ? now + during : ready + delay)
    }

    func crash(_ process: GatewayProcess) {
        let isPower = crashes.chance(500_000)
        let isPolite = crashes.chance(100_000)
        guard !isCalm, !process.isStopping else { return }
        if isPolite, process.isUp {
            process.isStopping = true
            for shard in process.shards { for host in shard.hosts { host.host?.drain() } }
            trace.note("asked to stop", at: now, of: process.boot)
            return
        }
        let power = has(.power) && (isPower || !has(.kill))
        if power { counts.powerFailures += 1 } else { counts.kills += 1 }
        if !process.isUp { counts.duringRecovery += 1 }
        end(process, power: power)
    }

    /// Asked to stop: it closes its logs when nothing is in flight.
    private func stopIfQuiet(_ process: GatewayProcess) {
        guard gateway === process, process.isQuiet, process.shards.allSatisfy(\.isAcknowledged) else { return }
        counts.cleanStops += 1
        process.isUp = false
        var end = now
        for log in process.logs {
            disk.use(.writer(log: log.number))
            log.log.close()
            end = max(end, disk.idleAt(.writer(log: log.number)))
        }
        queue.schedule(.closed(boot: process.boot), at: end)
    }

    /// The journal failed: the process says why and exits; the supervisor starts it again.
    private func exit(_ process: GatewayProcess, _ failure: JournalError) {
        trace.note("exit", at: now, of: process.boot)
        counts.exits += 1
        if !scenario.faults.contains(.diskErrors), !scenario.faults.contains(.diskFull) {
            fail("the journal failed on a sound disk: \(failure)")
        }
        end(process, power: false)
    }

    func end(_ process: GatewayProcess, power: Bool) {
        trace.note(power ? "power failure" : "end of process", at: now, of: process.boot)
        lastLives = [:]
        for shard in process.shards {
            guard let serving = shard.serving, let host = serving.host, let storage = serving.storage else { continue }
            lastLives[shard.number] = (host.core.lastPosition, digest(host.core, storage))
        }
        process.session.end()
        process.drop()
        for shard in shardConsumers.indices { shardConsumers[shard].processEnded(at: now) }
        if power { disk.powerFailed() } else { disk.processEnded() }
        gateway = nil
        loseConnections(of: process.boot)
        happenWhileDown()
        let pause = crashes.between(200_000, power ? 30_000_000 : 5_000_000)
        queue.schedule(.start, at: now + pause)
    }

    /// The digest of a shard's state. It reads payments that left memory without faults and without
    /// taking time, because only the simulation looks.
    func digest(_ core: borrowing ShardCore, _ storage: ShardStorage) -> UInt64 {
        disk.isWatched = true
        defer { disk.isWatched = false }
        return core.stateDigest { item in
            do throws(JournalError) { return try storage.load(item) } catch {
                fail("what left memory cannot be read: \(error)")
                return nil
            }
        }
    }

    func startRefused(_ error: JournalError) {
        trace.note("start refused", at: now, of: boots)
        let isDamage = error.code == .corrupt || error.code == .format
        if isDamage, damage != nil {
            repair()
            counts.bitFlipsRefused += 1
        } else if isDamage {
            fail("refused to start although nothing was damaged: \(error)")
        } else if error.code == .fenced {
            fail("refused to start: \(error)")
        } else if !scenario.faults.contains(.diskErrors), !scenario.faults.contains(.diskFull) {
            fail("could not start on a sound disk: \(error)")
        }
        disk.processEnded()
        queue.schedule(.start, at: now + crashes.between(500_000, 5_000_000))
    }

    /// Applies the faults that happen while the process is down: the clock is set, a bit flips.
    private func happenWhileDown() {
        let jump = damages.between(-3_600_000, 3_600_000)
        let jumps = damages.chance(200_000)
        let flips = damages.chance(100_000)
        let place = damages.next()
        let bit = damages.below(8)
        if has(.clock), jumps, abs(wallOffset + jump) < 12 * 3_600_000 {
            wallOffset += jump
            counts.clockJumps += 1
            trace.note("clock jumps", at: now, of: Int(jump))
        }
        if has(.bitFlips), flips { flip(place, bit) }
    }

    /// The operator restores the undamaged copy, unless something else was written there since.
    func repair() {
        guard let found = damage else { return }
        damage = nil
        guard found.byte < found.inode.cached.count, found.inode.cached[found.byte] == found.value else { return }
        disk.flip(found.inode, byte: found.byte, bit: found.bit)
    }

    /// Damages acknowledged bytes, or unused ones. It spares the last batches. Without a later
    /// batch or a witness, damage there looks like a write that was never finished
    /// (docs/journal.md, "What remains").
    private func flip(_ place: UInt64, _ bit: Int) {
        let directories = (0..<scenario.logs).map { Self.directory(ofLog: $0) + "/" }
        let candidates = disk.files.filter { file in
            guard let directory = directories.first(where: file.path.hasPrefix) else { return false }
            return file.path.dropFirst(directory.count).allSatisfy { $0 != "/" }
                && (file.path.hasSuffix(".journal") || file.path.hasSuffix("/witness"))
        }
        guard !candidates.isEmpty else { return }
        let chosen = candidates[Int(place % UInt64(candidates.count))]
        var limit = chosen.inode.cached.count
        if chosen.path.hasSuffix(".journal"), let spared = chosen.inode.lastDurable.first { limit = min(limit, spared) }
        guard limit > 0 else { return }
        let byte = Int(place >> 16) % limit
        disk.flip(chosen.inode, byte: byte, bit: bit)
        damage = (chosen.inode, byte, bit, chosen.inode.cached[byte])
        trace.note("bit flip", at: now, of: byte, with: bit)
    }
}
