package import Journal
package import NIOCore
package import ShardCore
package import ShardStorage

/// One shard at one host: runs what `ReplicaRole` decides. Everything but the work that blocks
/// happens on one event loop.
///
/// A replica follows the journal off its loop. As the owner it has a `ShardHost`; before and after
/// it has none, and its event loop refuses commands as `shardUnavailable`. An owner that lost its
/// journal is built again from its snapshot and the journal, without a restart of the process.
package final class ShardReplica {
    private let mail: JournalMail
    package let setup: Setup
    private(set) package var role: ReplicaRole
    /// The shard as its owner has it; nil while the host is no owner.
    package private(set) var host: ShardHost?
    private var follower: ShardFollower?
    private var engine: (any JournalEngine)?
    private var bridge: JournalBridge?
    /// Whether the owner that stops has given the journal up.
    private var isClosing = false
    private unowned let ports: any ReplicaPorts
    /// Why the role is `failed`.
    package private(set) var failure: ShardFollower.Failure?
    package private(set) var statistics = ReplicaStatistics()

    /// What a replica is made from.
    package struct Setup: Sendable {
        package var store: any JournalStore
        package var configuration: ShardConfiguration
        package var renderer: any ResponseRenderer
        /// Opens the files beside the journal. They are this host's alone: no two hosts share
        /// snapshots, cold payments or runs of keys.
        package var storage: @Sendable () -> ShardStorage
        /// Names the host in refusals of the journal.
        package var holder: String
        /// How long a lease lasts unless it is renewed; `.max` for one without an end.
        package var leaseNanoseconds: UInt64
        /// A refused claim is repeated this much later.
        package var retryNanoseconds: UInt64
        /// Nanoseconds that never go back; of one clock for all hosts of the store.
        package var monotonic: @Sendable () -> UInt64
        /// Runs what blocks.
        package var jobs: any BlockingReads

        package init(
            store: any JournalStore,
            configuration: ShardConfiguration,
            renderer: any ResponseRenderer,
            storage: @escaping @Sendable () -> ShardStorage,
            holder: String,
            leaseNanoseconds: UInt64 = .max,
            retryNanoseconds: UInt64 = 100_000_000,
            monotonic: @escaping @Sendable () -> UInt64,
            jobs: any BlockingReads
        ) {
            self.store = store
            self.configuration = configuration
            self.renderer = renderer
            self.storage = storage
            self.holder = holder
            self.leaseNanoseconds = leaseNanoseconds
            self.retryNanoseconds = retryNanoseconds
            self.monotonic = monotonic
            self.jobs = jobs
        }
    }

    /// Must be made on the mail's event loop. Nothing happens before `want`.
    /// - Parameter mail: of the loop; the loop's other replicas have the same one.
    package init(mail: JournalMail, setup: Setup, ports: any ReplicaPorts) {
        self.mail = mail
        self.setup = setup
        self.ports = ports
        role = ReplicaRole(leaseNanoseconds: setup.leaseNanoseconds, retryNanoseconds: setup.retryNanoseconds)
    }

    package var eventLoop: any EventLoop { mail.eventLoop }

    package var shard: UInt16 { setup.configuration.shard }

    /// The role of the host for the shard, for operators. A host that builds, replays, claims or
    /// stops takes no commands, and is a follower.
    package enum RoleName: String, Sendable, CaseIterable {
        case released
        case follower
        case owner
        case failed
    }

    package var roleName: RoleName {
        switch role.state {
        case .released: .released
        case .building, .following, .replaying, .acquiring, .stopping: .follower
        case .owner: host?.isReleased == true ? .follower : .owner
        case .failed: .failed
        }
    }

    /// Durable records that were not applied; 0 for an owner. While the state is built, that is all
    /// of them.
    package var lag: UInt64 {
        guard roleName != .owner else { return 0 }
        let durable = setup.store.durablePosition
        let applied = follower?.position ?? 0
        return durable > applied ? durable - applied : 0
    }

    // MARK: Inputs

    /// Sets the wanted role of the host, which it gets as soon as it can.
    package func want(_ goal: ReplicaRole.Goal) {
        eventLoop.assertInEventLoop()
        perform(role.want(goal))
    }

    /// Becomes the owner, beginning with a state that was built already and follows the store.
    package func start(with follower: ShardFollower) {
        precondition(role.want(.owner) == .build, "a replica starts once")
        self.follower = follower
        perform(role.replayed())
    }

    /// Time passes; call about every 10 ms.
    package func tick() {
        if let host {
            if host.isReleased, role.isOwner { return perform(role.lost()) }
            if role.state == .stopping { return finishStopping(host) }
        }
        let hasMore = role.state == .following && setup.store.durablePosition > (follower?.position ?? .max)
        perform(role.tick(at: setup.monotonic(), hasMore: hasMore))
    }

    // MARK: Work

    private func perform(_ work: ReplicaRole.Work) {
        switch work {
        case .nothing: break
        case .build: build()
        case .replay: replay()
        case .acquire: acquire()
        case .own: own()
        case .renew: renew()
        case .stop(let reason): stop(reason)
        case .discard: discard()
        }
    }

    /// Runs blocking work on a thread for that, and goes on with its result on the loop.
    private func run<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value,
        then: @escaping @Sendable (ShardReplica, Value) -> Void
    ) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = self.eventLoop
        setup.jobs.run {
            let value = body()
            eventLoop.execute { then(bound.value, value) }
        }
    }

    private func build() {
        let setup = self.setup
        statistics.builds += 1
        run({ Self.follower(setup) }) { replica, result in
            switch result {
            case .success(let follower):
                replica.follower = follower
                replica.perform(replica.role.replayed())
            case .failure(let failure): replica.fail(failure)
            }
        }
    }

    private static func follower(_ setup: Setup) -> Result<ShardFollower, ShardFollower.Failure> {
        let follower: ShardFollower
        do throws(JournalError) {
            follower = try ShardFollower(
                configuration: setup.configuration,
                renderer: setup.renderer,
                storage: setup.storage()
            )
        } catch {
            return .failure(.journal(error))
        }
        do throws(ShardFollower.Failure) {
            try follower.follow(setup.store)
            try follower.catchUp()
            try follower.check()
            return .success(follower)
        } catch {
            follower.close()
            return .failure(error)
        }
    }

    private func replay() {
        guard let follower else { preconditionFailure("a follower replays") }
        run({ Self.catchUp(follower) }) { replica, failure in
            if let failure { return replica.fail(failure) }
            replica.perform(replica.role.replayed())
        }
    }

    private static func catchUp(_ follower: ShardFollower) -> ShardFollower.Failure? {
        do throws(ShardFollower.Failure) { try follower.catchUp() } catch { return error }
        return nil
    }

    private enum Acquisition: Sendable {
        case acquired(any JournalEngine, at: UInt64)
        case refused
        case failed(ShardFollower.Failure)
    }

    private func acquire() {
        guard let follower else { preconditionFailure("a follower acquires the journal") }
        let bridge = JournalBridge(mail)
        self.bridge = bridge
        let setup = self.setup
        run({ Self.acquire(setup, follower, owner: bridge) }) { replica, result in
            switch result {
            case .acquired(let engine, let time):
                replica.engine = engine
                replica.perform(replica.role.acquired(epoch: engine.epoch, at: time))
            case .refused:
                replica.statistics.claimsRefused += 1
                replica.perform(replica.role.refused())
            case .failed(let failure): replica.fail(failure)
            }
        }
    }

    /// The former owner's records are durable when the claim is granted, so the follower applies
    /// them all.
    private static func acquire(
        _ setup: Setup,
        _ follower: ShardFollower,
        owner bridge: JournalBridge
    ) -> Acquisition {
        let now = setup.monotonic()
        let engine: any JournalEngine
        do throws(JournalError) {
            let claim = JournalClaim(holder: setup.holder, now: now, nanoseconds: setup.leaseNanoseconds)
            engine = try setup.store.acquire(claim, owner: bridge)
        } catch {
            return error.code == .fenced ? .refused : .failed(.journal(error))
        }
        if let failure = catchUp(follower) {
            engine.close()
            return .failed(failure)
        }
        let isComplete = follower.position == engine.lastPosition
        do throws(JournalError) { try engine.confirm() } catch {
            // Another host was granted a claim meanwhile.
            engine.close()
            return error.code == .fenced ? .refused : .failed(.journal(error))
        }
        precondition(isComplete, "the journal of its only owner holds a record that no feed gives")
        return .acquired(engine, at: now)
    }

    private func own() {
        guard let engine, let bridge, let follower else { preconditionFailure("an owner has a journal and a state") }
        self.follower = nil
        statistics.acquisitions += 1
        let host = ports.own(ShardOwnership(journal: engine, follower), for: self)
        self.host = host
        bridge.bind(host)
        ports.owned(host, by: self)
    }

    private func renew() {
        guard let engine else { preconditionFailure("an owner has a journal") }
        let now = setup.monotonic()
        run({ Self.renew(engine, now) }) { replica, isRenewed in
            guard replica.engine === engine else { return }
            if isRenewed { replica.role.renewed(at: now) } else { replica.perform(replica.role.lost()) }
        }
    }

    private static func renew(_ engine: any JournalEngine, _ now: UInt64) -> Bool {
        do throws(JournalError) { try engine.renew(at: now) } catch { return false }
        return true
    }

    // MARK: The end of an ownership

    private func stop(_ reason: ReplicaRole.StopReason) {
        switch reason {
        case .handedOver:
            statistics.handovers += 1
            // What was appended becomes durable and is reported before the journal is given up.
            host?.drain(as: .shardUnavailable)
        case .lost:
            statistics.losses += 1
            host?.release()
        case .expired:
            statistics.expiries += 1
            host?.release()
        }
        closeJournal()
    }

    private func closeJournal() {
        guard let engine else { return ended() }
        isClosing = true
        run({ engine.close() }) { replica, _ in
            replica.isClosing = false
            // The journal's last report came to the loop before this.
            replica.host?.release()
            guard replica.host == nil else { return }
            replica.ended()
        }
    }

    private func finishStopping(_ host: ShardHost) {
        guard !isClosing, host.isIdle else { return }
        ports.ended(host, of: self)
        self.host = nil
        ended()
    }

    private func ended() {
        engine = nil
        bridge = nil
        follower?.close()
        follower = nil
        perform(role.stopped())
    }

    private func discard() {
        follower?.close()
        follower = nil
    }

    private func fail(_ failure: ShardFollower.Failure) {
        discard()
        self.failure = failure
        perform(role.failed())
        ports.failed(failure, self)
    }
}

/// What a new owner begins with.
package struct ShardOwnership {
    package let journal: any JournalEngine
    /// The journal's last record when it was acquired.
    package let acquiredAt: RecordPosition
    package let storage: ShardStorage
    package let restored: RestoreReport
    /// Bytes of records behind the snapshot that the state was built from.
    package let tailBytes: UInt64
    /// Payments made behind it.
    package let tailPayments: Int
    private let follower: ShardFollower

    init(journal: any JournalEngine, _ follower: ShardFollower) {
        self.journal = journal
        self.follower = follower
        acquiredAt = follower.position
        storage = follower.storage
        restored = follower.restored
        (tailBytes, tailPayments) = follower.tail
    }

    /// The state of the shard, for its host; taken once.
    package func takeCore() -> ShardCore {
        guard let core = follower.takeCore() else { preconditionFailure("the state was taken already") }
        return core
    }
}

/// What a replica needs of its surroundings. All calls come on the replica's event loop.
package protocol ReplicaPorts: AnyObject {
    /// The host owns the shard: makes what runs it. Nothing has been reported by the journal to it
    /// yet.
    func own(_ ownership: ShardOwnership, for replica: ShardReplica) -> ShardHost
    /// The host takes commands now.
    func owned(_ host: ShardHost, by replica: ShardReplica)
    /// The host is no owner any more and refuses everything; whatever was made for it may go.
    func ended(_ host: ShardHost, of replica: ShardReplica)
    /// The shard cannot be built here. Final until the process starts again.
    func failed(_ failure: ShardFollower.Failure, _ replica: ShardReplica)
}

/// Plain counters of one replica, since the process started.
package struct ReplicaStatistics: Sendable {
    /// Times that the state was built from snapshot and journal.
    package internal(set) var builds = 0
    package internal(set) var acquisitions = 0
    /// Claims that another owner's lease kept out.
    package internal(set) var claimsRefused = 0
    /// Ownerships that ended because another host asked for the shard.
    package internal(set) var handovers = 0
    /// Ownerships that another host took.
    package internal(set) var losses = 0
    /// Ownerships that ended because the lease was not renewed in time.
    package internal(set) var expiries = 0
}
