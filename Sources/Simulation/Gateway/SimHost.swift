import Journal
import KeyRuns
import Payments
import Risk
import ShardCore
import ShardHost
import ShardStorage

/// One of the hosts of a process: a replica of the shard, its files, and an event loop that runs
/// when the world says so.
final class SimHost: ReplicaPorts {
    let index: Int
    let loop = SimEventLoop()
    private let mail: JournalMail
    let reads = SimReads()
    /// Where snapshots are written.
    let snapshotJobs = SimReads()
    /// What the replica does off its loop.
    let replicaJobs = SimReads()
    let store: SimStore
    private(set) var replica: ShardReplica!
    /// What takes commands, while this host owns the shard or has not yet seen that it lost it.
    private(set) var host: ShardHost?
    private(set) var engine: SimEngine?
    private(set) var storage: ShardStorage?
    /// Numbers the ownerships of a world. Answers to calls of a former one are dropped.
    private(set) var ownership = 0
    /// It neither hears nor does anything: a long pause of its machine. What comes meanwhile waits.
    private(set) var isFrozen = false
    private var frozen: [(ShardHost) -> Void] = []
    /// What its leases are measured by.
    let clock: HostClock
    /// What its replica does off its loop waits until then: it cannot renew its lease.
    var cutOffUntil: Int64 = 0
    /// It is to own the shard as soon as the other host has given it up.
    var isHeir = false
    var readsAreScheduled = false
    /// Leases of its replica that ended, as far as they were counted.
    private var expiries = 0
    /// Why its replica cannot go on.
    private(set) var failure: ShardFollower.Failure?
    unowned let shard: SimShard

    init(_ shard: SimShard, index: Int) {
        self.shard = shard
        self.index = index
        mail = JournalMail(eventLoop: loop)
        let world = shard.process.world
        clock = HostClock(world.clock, slowAt: world.leasesSlowAt)
        store = SimStore(
            shard.stream,
            journalLog: shard.journalLog,
            loop: loop,
            planted: world.scenario.planted,
            claimNanoseconds: world.leaseNanoseconds,
            floor: world.floor(ofShard: shard.number, host: index)
        )
    }

    func begin(_ setup: ShardReplica.Setup) {
        replica = ShardReplica(mail: mail, setup: setup, ports: self)
    }

    /// It takes commands and knows of no other owner.
    var isServing: Bool { host.map { !$0.isReleased } ?? false }

    /// Does something with the shard, now or when the host goes on.
    func perform(_ body: @escaping (ShardHost) -> Void) {
        if isFrozen { return frozen.append(body) }
        if let host { body(host) }
    }

    /// It is frozen, or its leases are not kept.
    var isAway: Bool { isFrozen || clock.standsStill || cutOffUntil > shard.process.world.now }

    func freeze() { isFrozen = true }

    /// Ends the pause. The tasks that waited come first: the shard does not know yet what happened
    /// meanwhile.
    func thaw() {
        isFrozen = false
        clock.goOn()
        let waiting = frozen
        frozen = []
        for body in waiting { if let host { body(host) } }
    }

    // MARK: Ports of the replica

    func own(_ ownership: ShardOwnership, for replica: ShardReplica) -> ShardHost {
        guard let engine = ownership.journal as? SimEngine else { preconditionFailure("a world's engine is its own") }
        let world = shard.process.world
        world.checkIsAlone(self)
        world.ownerships += 1
        self.ownership = world.ownerships
        self.engine = engine
        storage = ownership.storage
        let snapshots = SnapshotSetup(
            storage: ownership.storage,
            policy: World.snapshotPolicy,
            writer: snapshotJobs,
            pace: WritePace(bytesPerSecond: 0),
            merger: merger(of: ownership.storage),
            tailBytes: ownership.tailBytes,
            tailPayments: ownership.tailPayments
        )
        let core = ownership.takeCore()
        world.checkOwner(core, of: self, ownership)
        let host = ShardHost(
            eventLoop: loop,
            core: core,
            journal: engine,
            acquiredAt: ownership.acquiredAt,
            threads: ReadThreads(reads),
            snapshots: world.scenario.takesSnapshots ? snapshots : nil,
            limits: .init(unflushedBytes: 128 << 10, unflushedMilliseconds: 1_000, reads: 4),
            clock: shard.process.clock,
            ports: shard.process
        )
        self.host = host
        return host
    }

    /// Where runs of keys are merged. Planted bug: a merge before the merge, with a clock that is
    /// ahead by half of the keys' time.
    private func merger(of storage: ShardStorage) -> any BlockingReads {
        guard shard.process.world.scenario.planted == .keyRunForgotten else { return snapshotJobs }
        let clock = shard.process.clock
        return SpoiledReads(snapshotJobs) {
            let second = UInt32(clock() / 1_000) + World.keySeconds / 2
            do throws(JournalError) { _ = try storage.keyRuns.merge(at: second) } catch {
                // The merge itself meets the same fault.
            }
        }
    }

    func owned(_ host: ShardHost, by replica: ShardReplica) {
        guard shard.process.isUp else { return }
        shard.process.world.ownedAgain(self, host)
    }

    func ended(_ host: ShardHost, of replica: ShardReplica) {
        engine?.hostEnded()
        self.host = nil
        engine = nil
        frozen = []
        shard.process.world.counts.leasesEnded += replica.statistics.expiries - expiries
        expiries = replica.statistics.expiries
    }

    func failed(_ failure: ShardFollower.Failure, _ replica: ShardReplica) { self.failure = failure }

    /// The process is gone.
    func drop() {
        host?.forgetReads()
        store.silence()
        loop.drop()
        mail.forget()
        for jobs in [reads, snapshotJobs, replicaJobs] { jobs.drop() }
        frozen = []
    }
}
