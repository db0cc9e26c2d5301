import Journal
import Ledger
import Payments
import ShardCore
import ShardHost
import ShardStorage

/// Two hosts of a shard. The shard moves between them: its owner gives it up, or another takes it,
/// or its owner pauses for a while.
extension World {
    /// The files of a host; the first has them beside the journal.
    static func directory(ofShard shard: Int, host: Int) -> String {
        guard host > 0 else { return directory(ofShard: shard) }
        return shard == 0 ? "data/host-\(host)" : "data/host-\(host)-shard-\(shard)"
    }

    func setup(of host: SimHost) -> ShardReplica.Setup {
        let (number, index, session) = (host.shard.number, host.index, host.shard.process.session)
        let keys = self.keys
        return ShardReplica.Setup(
            store: host.store,
            configuration: shardConfiguration(of: number),
            renderer: SimRenderer(),
            storage: { Self.storage(of: number, host: index, session, keys) },
            // Without leases all hosts have one name. Then a claim is granted whoever has the
            // journal, so that hosts take it from each other. With leases they wait for the end of
            // the other's lease.
            holder: scenario.lease == nil ? "hosts" : "host-\(host.index)",
            leaseNanoseconds: trustedNanoseconds,
            monotonic: { [clock = host.clock] in clock.now },
            jobs: host.replicaJobs
        )
    }

    /// The hosts that do not own the shard follow it, and the next handover is planned.
    func beginHandovers(_ shard: SimShard) {
        guard shard.hosts.count > 1 else { return }
        for host in shard.hosts where host.host == nil { host.replica.want(.follower) }
        planHandover(shard)
    }

    private func planHandover(_ shard: SimShard) {
        guard has(.handovers) else { return }
        let time = now + handovers.skewed(scenario.handoverInterval)
        queue.schedule(.handover(boot: shard.process.boot, shard: shard.number), at: time)
    }

    func handOver(_ shard: SimShard) {
        let kind = handovers.below(3)
        let pause = handovers.between(50_000, 10_000_000)
        planHandover(shard)
        guard has(.handovers), !shard.process.isStopping, shard.zombie == nil, let from = shard.serving, !from.isAway,
            let to = shard.hosts.first(where: { $0.replica.role.state == .following })
        else { return }
        counts.handovers += 1
        if let lease = scenario.lease { return endLease(lease, of: from, for: to) }
        trace.note("handover", at: now, of: to.index, with: kind)
        switch kind {
        case 0:
            from.replica.want(.follower)
            to.isHeir = true
        case 1: to.replica.want(.owner)
        default:
            from.freeze()
            to.replica.want(.owner)
            queue.schedule(.thaw(boot: shard.process.boot, shard: shard.number, host: from.index), at: now + pause)
        }
        settle(shard.process)
    }

    /// Commands go to their shard's owner, and sometimes to one that was replaced; without an owner
    /// they are refused.
    func deliver(_ commands: [Command], to process: GatewayProcess) {
        let places = commands.map { place(of: $0) }
        for shard in process.shards {
            let mine = zip(places, commands).filter { $0.0 == shard.number }.map(\.1)
            if !mine.isEmpty { deliver(mine, to: shard) }
        }
    }

    /// Planted bug: sometimes it is the next shard.
    private func place(of command: Command) -> Int {
        let place = command.operatorShard.map(Int.init) ?? shard(of: command.merchant.rawValue)
        guard scenario.planted == .wrongShard, plants.chance(20_000) else { return place }
        return (place + 1) % scenario.shards
    }

    private func deliver(_ commands: [Command], to shard: SimShard) {
        let isAstray = shard.hosts.count > 1 && handovers.chance(300_000)
        if let host = (isAstray ? shard.zombie : nil) ?? shard.serving {
            return host.perform { $0.process(commands) }
        }
        for command in commands {
            shard.process.respond(
                SimRenderer().refusal(.shardUnavailable, to: command.reply, requestID: command.requestID)
            )
        }
    }

    func thaw(_ shard: SimShard, _ index: Int) {
        trace.note("thaw", at: now, of: index)
        shard.hosts[index].thaw()
        if scenario.lease != nil { shard.hosts[index].replica.tick() }
        settle(shard.process)
    }

    func tickReplicas(_ shard: SimShard) {
        for host in shard.hosts where !host.isFrozen {
            host.replica.tick()
            if host.isHeir, shard.hosts.allSatisfy({ $0 === host || $0.host == nil }) {
                host.isHeir = false
                host.replica.want(.owner)
            }
        }
    }

    /// What a replica does off its loop.
    func runReplicaJobs(_ shard: SimShard) {
        for host in shard.hosts where !host.replicaJobs.waiting.isEmpty && host.cutOffUntil <= now {
            // A change of owner is the writer's work.
            let isWriters = host.replica.role.state == .acquiring || host.replica.role.state == .stopping
            block(
                isWriters ? .writer(log: shard.log.number) : .reader(shard: shard.number),
                host.replicaJobs,
                of: host
            )
        }
        wakeWriter(shard.log)
        wakeKeeper(shard.log, isForced: false)
    }

    /// A host owns the shard while the process runs.
    func ownedAgain(_ at: SimHost, _ host: ShardHost) {
        trace.note("owns", at: now, of: at.index, with: Int(host.core.lastPosition))
        let journalLog = at.shard.journalLog
        journalLog.acknowledged = max(journalLog.acknowledged, host.core.lastPosition)
        noteEpoch(of: at.shard)
        _ = host.resume()
        if at.shard.process.isStopping { host.drain() }
        wakeWriter(at.shard.log)
    }

    /// An owner that serves has an epoch that is durable.
    func noteEpoch(of shard: SimShard) {
        guard let engine = shard.serving?.engine else { return }
        shard.journalLog.epoch = max(shard.journalLog.epoch, engine.epoch)
    }

    /// A new owner has the state of the former one, when that had recorded as much.
    func checkOwner(_ core: borrowing ShardCore, of at: SimHost, _ ownership: ShardOwnership) {
        if core.trialBalance().isBalanced == false { fail("the ledger does not sum to zero") }
        for other in at.shard.hosts where other !== at {
            guard let host = other.host, let storage = other.storage, host.core.lastPosition == ownership.acquiredAt
            else { continue }
            let digest = digest(core, ownership.storage)
            if digest != self.digest(host.core, storage) {
                fail("the state of the new owner from \(ownership.acquiredAt) records is not the former one's")
            }
        }
    }

    /// A replica that cannot go on. The process goes on with another owner, if there is one.
    func checkReplicas(_ shard: SimShard) {
        for host in shard.hosts {
            guard let failure = host.failure else { continue }
            let mayFail = scenario.faults.contains(.diskErrors) || scenario.faults.contains(.diskFull)
            // A process that stops closes its journal while the other host still follows it.
            if shard.process.isStopping, case .journal(let error) = failure, error.code == .fenced { continue }
            switch failure {
            case .record(let error, let position):
                return fail("a follower cannot apply record \(position): \(error)")
            case .journal(let error) where !mayFail:
                return fail("a follower failed on a sound disk: \(error)")
            case .journal(let error):
                let isNeeded = shard.serving == nil && shard.hosts.allSatisfy { $0.host == nil }
                if isNeeded { shard.process.journalFailed(error, shard: UInt16(shard.number)) }
            }
        }
    }
}
