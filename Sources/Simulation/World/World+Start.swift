import Journal
import KeyRuns
import ShardCore
import ShardHost
import ShardStorage

/// The gateway's process begins: its shards are recovered side by side, and each has a first owner.
extension World {
    func start() {
        boots += 1
        counts.starts += 1
        trace.note(now, "start", boots)
        let session = DiskSession(disk)
        let process = GatewayProcess(boot: boots, world: self, session: session, clock: wallClock)
        do throws(JournalError) {
            for shard in 0..<scenario.shards { try open(shard, of: process) }
            gateway = process
            // The shards recover side by side.
            let ready = process.shards.reduce(now) { max($0, disk.idleAt(.recovery, of: $1.number)) }
            queue.schedule(.up(boot: boots), at: ready)
            scheduleCrash(process, ready: ready)
        } catch {
            session.end()
            process.drop()
            startRefused(error)
        }
    }

    private func open(_ number: Int, of process: GatewayProcess) throws(JournalError) {
        disk.use(.recovery, of: number)
        // Any of the hosts is the first to own the shard.
        let first = handovers.below(scenario.hosts)
        let storage = Self.storage(of: number, host: first, process.session, keys)
        var replay = try Replay(
            configuration: shardConfiguration(of: number),
            storage: storage,
            log: logs[number],
            plantsLoss: scenario.planted == .dropLastRecord
        )
        let (local, report) = try openJournal(of: number, process.session, from: replay.origin) { position, bytes in
            replay.take(bytes, at: position)
        }
        replay.finish()
        if let failure = replay.failure {
            process.session.end()
            local.close()
            throw failure
        }
        check(replay, report, storage, shard: number)
        if number == 0 { checkConsumer(replay, local) }
        let shard = SimShard(process, number: number, local: local)
        for index in 0..<scenario.hosts { shard.add(SimHost(shard, index: index)) }
        process.add(shard)
        for host in shard.hosts { host.begin(setup(of: host)) }
        try begin(shard, shard.hosts[first], with: replay.follower)
    }

    /// The one place where a world's journals are made.
    private func openJournal(
        of shard: Int,
        _ session: DiskSession,
        from origin: RecordPosition,
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (LocalJournalStore, RecoveryReport) {
        try LocalJournalStore.open(
            directory: Self.directory(ofShard: shard),
            configuration: journalConfiguration(of: shard),
            from: origin,
            fileSystem: session,
            replay: replay
        )
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

    /// The first owner acquires the journal while the process starts: nothing else happens meanwhile.
    private func begin(
        _ shard: SimShard,
        _ host: SimHost,
        with follower: ShardFollower
    ) throws(JournalError) {
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
