import HTTPTransport
import Journal
import NIOCore
import ShardCore
import ShardHost
import ShardStorage

/// A shard's place at an event loop: its stream of the log, its replica, and what runs the shard
/// while this host owns it. While this host does not own it, the loop refuses the shard's commands
/// as `shard_unavailable`.
///
/// The gateway wants to own each of its shards. It follows a shard that another host took, and
/// claims it again a second later. As long as the other host keeps its lease, the claim is refused
/// and repeated.
final class ShardSlot {
    /// How long a shard that was lost is left to its new owner before the first claim, in
    /// nanoseconds.
    private static let claimDelay: UInt64 = 1_000_000_000
    /// Names this process in refusals of the journal, whose lock keeps other processes out.
    static let holder = "this gateway"

    /// nil until its log is open.
    private(set) var opened: StreamStore?
    /// The state as its files give it, until the log is open.
    private(set) var follower: ShardFollower?
    let restored: RestoreReport
    /// nil while this host does not own the shard.
    private(set) var shard: ShardRuntime?
    private var made: ShardReplica?
    private let plan: ShardPlan
    private let parts: ShardParts
    private unowned let runtime: LoopRuntime
    /// Fulfilled when the host owns the shard for the first time.
    private let firstOwnership: EventLoopPromise<Void>
    private var isStarting = true
    /// How often this host became the owner.
    private var ownerships: UInt32 = 0
    /// Whether the requests of the present owner that were not sent yet were withdrawn.
    private var isWithdrawn = false
    /// Whether the loop was told that this host owns the shard.
    private var isOwned = false
    /// The fraud hook as it is now; a reload changes it.
    private var risk: RiskParts
    private var isResumed = false
    private var isDraining = false
    private var isClosing = false
    private var claimsFrom: UInt64 = 0

    /// Brings a new shard to its newest snapshot. Blocks; on the loop, before anything else runs
    /// there.
    init(_ plan: ShardPlan, on runtime: LoopRuntime) throws(JournalError) {
        self.plan = plan
        self.runtime = runtime
        parts = ShardParts(plan, runtime.clients.providers)
        let follower = try parts.makeFollower()
        self.follower = follower
        restored = follower.restored
        risk = plan.risk
        firstOwnership = runtime.eventLoop.makePromise()
    }

    var store: StreamStore {
        guard let opened else { preconditionFailure("the logs are opened before anything asks") }
        return opened
    }

    var number: UInt16 { plan.shard.shard }

    var replica: ShardReplica {
        guard let made else { preconditionFailure("a slot has a replica from its start") }
        return made
    }

    /// Begins to acquire the shard: the follower has every record of the log behind its snapshot.
    /// Blocks; on the loop.
    func begin(_ store: StreamStore) throws {
        guard let follower = follower.take() else { preconditionFailure("a slot begins once") }
        opened = store
        do throws(ShardFollower.Failure) {
            try follower.check()
            try follower.follow(store)
        } catch {
            throw parts.refusal(error)
        }
        let replica = ShardReplica(mail: runtime.mail, setup: replicaSetup(), ports: self)
        made = replica
        replica.start(with: follower)
    }

    private func replicaSetup() -> ShardReplica.Setup {
        let parts = self.parts
        return ShardReplica.Setup(
            store: store,
            configuration: parts.configuration,
            renderer: parts.renderer,
            storage: { parts.openStorage() },
            holder: Self.holder,
            monotonic: plan.monotonic,
            jobs: plan.threadPool
        )
    }

    /// Succeeds when this host owns the shard for the first time.
    var owned: EventLoopFuture<Void> { firstOwnership.futureResult }

    // MARK: Inputs

    /// Resolves what was in flight, now and whenever the host owns the shard again. The loop's
    /// clients have been started.
    /// - Returns: the number of operations to resolve.
    func resume() -> Int {
        isResumed = true
        return shard?.host.resume() ?? 0
    }

    /// Time passes.
    /// - Parameter isTurn: it is the turn of a shard for which not every tick counts.
    func tick(isTurn: Bool) {
        if !isTurn, isOwned, let shard, !shard.host.needsTick { return }
        replica.tick()
        if replica.role.goal == .follower, replica.role.state == .following, plan.monotonic() >= claimsFrom {
            replica.want(.owner)
        }
        shard?.host.tick()
        noteRole()
    }

    /// New work is refused from now on, by later ownerships too.
    func drain() {
        isDraining = true
        shard?.host.drain()
    }

    func reload(_ risk: RiskParts) {
        self.risk = risk
        shard?.host.reload(risk: risk.policy, version: risk.configurationVersion)
    }

    /// The stream and its log are closed afterwards.
    func close() {
        isClosing = true
        follower = nil
        endStart(.failure(GatewayStopped()))
    }

    /// The journal has another owner: the shard refuses everything.
    func lost() {
        claimsFrom = plan.monotonic() + Self.claimDelay
        noteRole()
    }

    private func noteRole() {
        let isOwned = shard.map { !$0.host.isReleased } ?? false
        if !isOwned { withdrawCalls() }
        guard isOwned != self.isOwned else { return }
        self.isOwned = isOwned
        runtime.roles.set(number, isOwned: isOwned)
    }

    /// Withdraws the unsent calls of a shard that this host does not own any more.
    private func withdrawCalls() {
        guard let shard, !isWithdrawn else { return }
        isWithdrawn = true
        runtime.clients.withdraw(shard.origin.caller)
    }

    private func endStart(_ result: Result<Void, any Error>) {
        guard isStarting else { return }
        isStarting = false
        firstOwnership.completeWith(result)
    }
}

// MARK: - Ports of the replica

extension ShardSlot: ReplicaPorts {
    func own(_ ownership: ShardOwnership, for replica: ShardReplica) -> ShardHost {
        let host = ShardHost(
            eventLoop: runtime.eventLoop,
            core: ownership.takeCore(),
            journal: ownership.journal,
            acquiredAt: ownership.acquiredAt,
            threads: plan.readThreads,
            keyPool: plan.keyPool,
            snapshots: snapshots(ownership),
            limits: plan.hostLimits,
            clock: plan.clock.milliseconds,
            machineClock: plan.clock.machine.wall,
            ports: runtime
        )
        ownerships += 1
        isWithdrawn = false
        let origin = CallOrigin(caller: runtime.slot(of: number), ownership: ownerships)
        shard = ShardRuntime(host, ownership: ownership, origin: origin)
        // The new owner's room is watched anew.
        runtime.roles.set(number, isRoomShort: false)
        if isDraining { host.drain() }
        return host
    }

    private func snapshots(_ ownership: ShardOwnership) -> SnapshotSetup {
        SnapshotSetup(
            storage: ownership.storage,
            policy: plan.snapshots,
            writer: plan.snapshotPool,
            pace: plan.snapshotPace,
            turns: plan.snapshotTurns,
            merger: plan.mergePool,
            tailBytes: ownership.tailBytes,
            tailPayments: ownership.tailPayments
        )
    }

    func owned(_ host: ShardHost, by replica: ShardReplica) {
        noteRole()
        endStart(.success(()))
        guard isResumed, let shard else { return }
        // The rules may have been read anew since the configuration of the start.
        host.reload(risk: risk.policy, version: risk.configurationVersion)
        runtime.report(.ownedAgain(operations: shard.host.resume(), shard: number))
    }

    func ended(_ host: ShardHost, of replica: ShardReplica) {
        withdrawCalls()
        shard = nil
        noteRole()
    }

    func failed(_ failure: ShardFollower.Failure, _ replica: ShardReplica) {
        let error = parts.refusal(failure)
        noteRole()
        if isStarting { return endStart(.failure(error)) }
        // What a closed store answers is no failure.
        if isClosing { return }
        runtime.report(.failed(error, shard: number))
    }
}
