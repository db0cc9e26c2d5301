import Journal
import KeyRuns
import ShardCore
import ShardHost
import ShardStorage

/// What a start makes of one shard before anybody owns it.
struct ShardRecovery {
    let shard: Int
    /// The host that is the first to own the shard.
    let firstHost: Int
    let storage: ShardStorage
    var replay: Replay
}

/// The gateway's process begins: its logs are recovered side by side, and each shard has a first
/// owner.
extension World {
    func start() {
        boots += 1
        counts.starts += 1
        trace.note("start", at: now, of: boots)
        let session = DiskSession(disk)
        let process = GatewayProcess(boot: boots, world: self, session: session, clock: wallClock)
        do throws(JournalError) {
            var recoveries: [ShardRecovery] = []
            for log in 0..<scenario.logs { recoveries += try open(log, of: process) }
            passOverDamage()
            guard violation == nil else {
                // The world stops here, so no host may own the shards.
                gateway = process
                return
            }
            recoveries.sort { $0.shard < $1.shard }
            try begin(recoveries, in: process)
            gateway = process
            let ready = process.logs.reduce(now) { max($0, disk.idleAt(.recovery(log: $1.number))) }
            queue.schedule(.up(boot: boots), at: ready)
            scheduleCrash(process, ready: ready)
        } catch {
            session.end()
            process.drop()
            startRefused(error)
        }
    }

    /// Reads the snapshots of a log's shards, then the log once for all of them.
    private func open(_ number: Int, of process: GatewayProcess) throws(JournalError) -> [ShardRecovery] {
        disk.use(.recovery(log: number))
        var recoveries: [ShardRecovery] = []
        for shard in shards(ofLog: number) { recoveries.append(try recover(shard, process.session)) }
        let streams = recoveries.map { recovery in
            StreamSetup(
                number: StreamNumber(recovery.shard),
                directory: Self.directory(ofShard: recovery.shard),
                origin: recovery.replay.origin
            )
        }
        let log = try StreamLog.open(
            directory: Self.directory(ofLog: number),
            configuration: journalConfiguration(ofLog: number),
            streams: streams,
            fileSystem: process.session
        ) { stream, position, bytes in
            for place in recoveries.indices where mayTake(stream, recoveries[place]) {
                recoveries[place].replay.take(bytes, at: position)
            }
        }
        process.add(SimLog(process, number: number, log: log))
        if log.report.log.torn != nil { counts.tornTails += 1 }
        for place in recoveries.indices {
            recoveries[place].replay.finish()
            if let failure = recoveries[place].replay.failure { throw failure }
            check(recoveries[place], log.report.streams[place])
            checkConsumer(recoveries[place], log.store(of: StreamNumber(recoveries[place].shard)))
        }
        return recoveries
    }

    /// A shard takes its own stream's records. Planted bug: also those of other streams.
    private func mayTake(_ stream: StreamNumber, _ recovery: ShardRecovery) -> Bool {
        scenario.planted == .streamPositionShared || Int(stream) == recovery.shard
    }

    private func recover(_ shard: Int, _ session: DiskSession) throws(JournalError) -> ShardRecovery {
        // Any of the hosts is the first to own the shard.
        let first = handovers.below(scenario.hosts)
        let storage = Self.storage(of: shard, host: first, session, keys)
        let replay = try Replay(
            configuration: shardConfiguration(of: shard),
            storage: storage,
            journalLog: journalLogs[shard],
            plantsLoss: scenario.planted == .dropLastRecord
        )
        return ShardRecovery(shard: shard, firstHost: first, storage: storage, replay: replay)
    }

    /// Every log was opened in spite of a bit that turned: the operator puts the good copy back.
    private func passOverDamage() {
        guard damage != nil else { return }
        counts.bitFlipsTolerated += 1
        repair()
    }

    /// The files beside a journal, which each host has of its own.
    static func storage(of shard: Int, host: Int, _ session: DiskSession, _ keys: JournalKeys?) -> ShardStorage {
        ShardStorage(
            directory: directory(ofShard: shard, host: host),
            journalID: UInt64(shard),
            keys: keys,
            fileSystem: session,
            keyPolicy: KeyRunPolicy(ttlSeconds: keySeconds)
        )
    }

    private func begin(_ recoveries: [ShardRecovery], in process: GatewayProcess) throws(JournalError) {
        for recovery in recoveries {
            let shard = SimShard(process.logs[log(ofShard: recovery.shard)], number: recovery.shard)
            for index in 0..<scenario.hosts { shard.add(SimHost(shard, index: index)) }
            process.add(shard)
            for host in shard.hosts { host.begin(setup(of: host)) }
        }
        for (shard, recovery) in zip(process.shards, recoveries) {
            disk.use(.recovery(log: shard.log.number))
            try begin(shard.hosts[recovery.firstHost], with: recovery.replay.follower)
        }
    }

    /// The first owner acquires the journal while the process starts: nothing else happens
    /// meanwhile.
    private func begin(_ host: SimHost, with follower: ShardFollower) throws(JournalError) {
        do throws(ShardFollower.Failure) { try follower.follow(host.store) } catch {
            preconditionFailure("a journal that was just opened has no other feed: \(error)")
        }
        host.replica.start(with: follower)
        while host.host == nil, host.failure == nil, !host.replicaJobs.waiting.isEmpty {
            for job in host.replicaJobs.takeAll() { job() }
            host.loop.run()
        }
        guard host.host == nil else { return }
        guard case .journal(let error) = host.failure else {
            throw JournalError(.io, "the first owner could not acquire the journal")
        }
        throw error
    }
}
