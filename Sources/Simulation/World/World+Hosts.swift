import Journal
import KeyRuns
import Ledger
import ShardCore
import ShardHost
import ShardStorage

/// Two hosts of one shard: it moves between them, politely, by force, or away from one that is not there for a while.
extension World {
    /// The files of a host; the first has them beside the journal.
    static func directory(of host: Int) -> String { host == 0 ? directory : "data/host-\(host)" }

    func setup(of host: SimHost) -> ShardReplica.Setup {
        let keys = self.keys
        let session = host.process.session
        let directory = Self.directory(of: host.index)
        return ShardReplica.Setup(
            store: host.store,
            configuration: shardConfiguration,
            renderer: SimRenderer(),
            storage: {
                ShardStorage(
                    directory: directory,
                    journalID: 0,
                    keys: keys,
                    fileSystem: session,
                    keyPolicy: KeyRunPolicy(ttlSeconds: Self.keySeconds)
                )
            },
            // One name for all: a claim is granted whoever has the journal, so that hosts take it from each other. With leases
            // they wait for each other's end.
            holder: scenario.lease == nil ? "hosts" : "host-\(host.index)",
            leaseNanoseconds: trustedNanoseconds,
            monotonic: { [clock = host.clock] in clock.now },
            jobs: host.replicaJobs
        )
    }

    /// The hosts that do not own the shard follow it, and the next handover is planned.
    func beginHandovers(_ process: GatewayProcess) {
        guard process.hosts.count > 1 else { return }
        for host in process.hosts where host.host == nil { host.replica.want(.follower) }
        planHandover(process)
    }

    private func planHandover(_ process: GatewayProcess) {
        guard has(.handovers) else { return }
        queue.schedule(.handover(boot: process.boot), at: now + handovers.skewed(scenario.handoverInterval))
    }

    func handOver(_ process: GatewayProcess) {
        let kind = handovers.below(3)
        let pause = handovers.between(50_000, 10_000_000)
        planHandover(process)
        guard has(.handovers), !process.isStopping, process.zombie == nil, let from = process.serving, !from.isAway,
            let to = process.hosts.first(where: { $0.replica.role.state == .following })
        else { return }
        counts.handovers += 1
        if let lease = scenario.lease { return endLease(lease, of: from, for: to) }
        trace.note(now, "handover", to.index, kind)
        switch kind {
        case 0:
            from.replica.want(.follower)
            to.isHeir = true
        case 1: to.replica.want(.owner)
        default:
            from.freeze()
            to.replica.want(.owner)
            queue.schedule(.thaw(boot: process.boot, host: from.index), at: now + pause)
        }
        settle(process)
    }

    /// Commands go to the owner, and sometimes to one that was replaced; without an owner they are refused.
    func deliver(_ commands: [Command], to process: GatewayProcess) {
        let isAstray = process.hosts.count > 1 && handovers.chance(300_000)
        if let host = (isAstray ? process.zombie : nil) ?? process.serving {
            return host.perform { $0.process(commands) }
        }
        for command in commands {
            process.respond(SimRenderer().refusal(.shardUnavailable, command.reply, command.requestID))
        }
    }

    func thaw(_ process: GatewayProcess, _ index: Int) {
        trace.note(now, "thaw", index)
        process.hosts[index].thaw()
        if scenario.lease != nil { process.hosts[index].replica.tick() }
        settle(process)
    }

    func tickReplicas(_ process: GatewayProcess) {
        for host in process.hosts where !host.isFrozen {
            host.replica.tick()
            if host.isHeir, process.hosts.allSatisfy({ $0 === host || $0.host == nil }) {
                host.isHeir = false
                host.replica.want(.owner)
            }
        }
    }

    /// What a replica does off its loop.
    func runReplicaJobs(_ process: GatewayProcess) {
        for host in process.hosts where !host.replicaJobs.waiting.isEmpty && host.cutOffUntil <= now {
            // A change of owner is the writer's work.
            let isWriters = host.replica.role.state == .acquiring || host.replica.role.state == .stopping
            block(isWriters ? .writer : .reader, host.replicaJobs, of: host)
        }
        wakeWriter(process)
        wakeKeeper(process, isForced: false)
    }

    /// A host owns the shard while the process runs.
    func ownedAgain(_ at: SimHost, _ host: ShardHost) {
        trace.note(now, "owns", at.index, Int(host.core.lastPosition))
        log.acknowledged = max(log.acknowledged, host.core.lastPosition)
        _ = host.resume()
        if at.process.isStopping { host.drain() }
        wakeWriter(at.process)
    }

    /// A new owner has the state of the former one, when that had recorded as much.
    func checkOwner(_ core: borrowing ShardCore, of at: SimHost, _ ownership: ShardOwnership) {
        if core.trialBalance().isBalanced == false { fail("the ledger does not sum to zero") }
        for other in at.process.hosts where other !== at {
            guard let host = other.host, let storage = other.storage, host.core.lastPosition == ownership.acquiredAt
            else { continue }
            let digest = digest(core, ownership.storage)
            if digest != self.digest(host.core, storage) {
                fail("the state of the new owner from \(ownership.acquiredAt) records is not the former one's")
            }
        }
    }

    /// A replica that cannot go on. The process goes on with another owner, if there is one.
    func checkReplicas(_ process: GatewayProcess) {
        for host in process.hosts {
            guard let failure = host.failure else { continue }
            let mayFail = scenario.faults.contains(.diskErrors) || scenario.faults.contains(.diskFull)
            // A process that stops closes its journal while the other host still follows it.
            if process.isStopping, case .journal(let error) = failure, error.code == .fenced { continue }
            switch failure {
            case .record(let error, let position):
                return fail("a follower cannot apply record \(position): \(error)")
            case .journal(let error) where !mayFail:
                return fail("a follower failed on a sound disk: \(error)")
            case .journal(let error):
                let isNeeded = process.serving == nil && process.hosts.allSatisfy { $0.host == nil }
                if isNeeded { process.journalFailed(error, shard: 0) }
            }
        }
    }
}
