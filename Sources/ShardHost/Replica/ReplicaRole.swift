/// The role of a host for one shard: none, a follower that replays the journal, or its owner. It
/// has only the rules: no I/O, no clock, no thread. `ShardReplica` does the work that each event
/// returns, and reports its end.
///
/// At most one piece of work runs at a time. A new goal that comes meanwhile takes effect when the
/// work ends.
package struct ReplicaRole: Sendable, Equatable {
    /// The wanted role of the host.
    package enum Goal: Sendable, Equatable {
        case released
        case follower
        case owner
    }

    package enum State: Sendable, Equatable {
        /// Nothing of the shard is in memory.
        case released
        /// The snapshot and the records behind it are being read.
        case building
        /// All records that were durable have been applied; more may have come.
        case following
        /// Records that came are being applied.
        case replaying
        /// The journal was asked for a new epoch.
        case acquiring
        /// The shard takes commands here.
        case owner(ReplicaLease)
        /// It owned the shard. Work that it began outside of its thread is ending.
        case stopping
        /// Its journal or its files cannot be used. Only a restart of the process leaves this
        /// state.
        case failed
    }

    /// What the shell begins now. Every piece but `nothing`, `own` and `discard` reports its end by
    /// an event.
    package enum Work: Sendable, Equatable {
        case nothing
        /// Reads the snapshot and the journal behind it. Ends with `replayed` or `failed`.
        case build
        /// Applies the records that came. Ends with `replayed` or `failed`.
        case replay
        /// Acquires the journal and applies what its former owner still wrote. Ends with
        /// `acquired`, `refused` or `failed`.
        case acquire
        /// Takes commands, under the epoch of the state.
        case own
        /// Keeps the lease. Ends with `renewed` or `renewalRefused`.
        case renew
        /// Stops as the owner. Ends with `stopped`.
        case stop(StopReason)
        /// Forgets the shard.
        case discard
    }

    package enum StopReason: Sendable, Equatable {
        /// Another host asked for the shard: what was appended is made durable and reported first.
        case handedOver
        /// Another owner has the journal.
        case lost
        /// The lease was not renewed in time, so another host may own the journal at any moment.
        case expired
    }

    package private(set) var goal = Goal.released
    package private(set) var state = State.released
    /// How long a lease lasts, in nanoseconds; `.max` for one without an end.
    private let leaseNanoseconds: UInt64
    /// A refused claim is repeated this much later, in nanoseconds.
    private let retryNanoseconds: UInt64
    /// The latest time that a tick named.
    private var now: UInt64 = 0
    private var claimsNotBefore: UInt64 = 0

    package init(leaseNanoseconds: UInt64, retryNanoseconds: UInt64) {
        precondition(leaseNanoseconds > 0)
        self.leaseNanoseconds = leaseNanoseconds
        self.retryNanoseconds = retryNanoseconds
    }

    package var isOwner: Bool {
        guard case .owner = state else { return false }
        return true
    }

    // MARK: Events

    /// Sets the wanted role of the host.
    package mutating func want(_ goal: Goal) -> Work {
        self.goal = goal
        switch state {
        case .released: return goal == .released ? .nothing : begin(.building, .build)
        case .following: return decide()
        case .owner: return goal == .owner ? .nothing : begin(.stopping, .stop(.handedOver))
        case .building, .replaying, .acquiring, .stopping, .failed: return .nothing
        }
    }

    /// Every record that was durable when the work began has been applied.
    package mutating func replayed() -> Work {
        switch state {
        case .building, .replaying: return decide()
        case .released, .following, .acquiring, .owner, .stopping, .failed:
            preconditionFailure("nothing was being replayed in \(state)")
        }
    }

    /// The journal is this host's, and every record in it has been applied.
    /// - Parameter time: when the lease began, in nanoseconds.
    package mutating func acquired(epoch: UInt64, at time: UInt64) -> Work {
        guard state == .acquiring else { preconditionFailure("acquired in \(state)") }
        let lease = ReplicaLease(epoch: epoch, from: time, nanoseconds: leaseNanoseconds)
        guard goal == .owner else { return begin(.stopping, .stop(.handedOver)) }
        return begin(.owner(lease), .own)
    }

    /// The journal is another host's for now, or somebody is acquiring it.
    package mutating func refused() -> Work {
        guard state == .acquiring else { preconditionFailure("refused in \(state)") }
        let (time, isBeyond) = now.addingReportingOverflow(retryNanoseconds)
        claimsNotBefore = isBeyond ? .max : time
        return decide()
    }

    /// The work that runs failed for good.
    package mutating func failed() -> Work {
        state = .failed
        return .nothing
    }

    /// The journal has another owner. The host follows it, until it is asked to own the shard
    /// again.
    package mutating func lost() -> Work {
        guard isOwner else { return .nothing }
        if goal == .owner { goal = .follower }
        return begin(.stopping, .stop(.lost))
    }

    /// Nothing that the owner began is under way any more.
    package mutating func stopped() -> Work {
        guard state == .stopping else { preconditionFailure("stopped in \(state)") }
        // What the owner had in memory may rest on records that no journal holds, so it is never
        // used again.
        return goal == .released ? begin(.released, .discard) : begin(.building, .build)
    }

    package mutating func renewed(at time: UInt64) {
        guard case .owner(let lease) = state else { return }
        state = .owner(ReplicaLease(epoch: lease.epoch, from: time, nanoseconds: leaseNanoseconds))
    }

    /// Time passes.
    /// - Parameter hasMore: records came that a follower has not applied.
    package mutating func tick(at time: UInt64, hasMore: Bool) -> Work {
        now = max(now, time)
        switch state {
        case .following where hasMore: return begin(.replaying, .replay)
        case .following: return goal == .owner ? decide() : .nothing
        case .owner(var lease):
            // `goal` stays: nobody else is known to own the shard.
            if now >= lease.trustedUntil { return begin(.stopping, .stop(.expired)) }
            guard now >= lease.renewsAt, !lease.isRenewing else { return .nothing }
            lease.isRenewing = true
            state = .owner(lease)
            return .renew
        case .released, .building, .replaying, .acquiring, .stopping, .failed: return .nothing
        }
    }

    // MARK: Rules

    private mutating func decide() -> Work {
        switch goal {
        case .released: return begin(.released, .discard)
        case .follower: return begin(.following, .nothing)
        case .owner: return now < claimsNotBefore ? begin(.following, .nothing) : begin(.acquiring, .acquire)
        }
    }

    private mutating func begin(_ state: State, _ work: Work) -> Work {
        self.state = state
        return work
    }
}

/// For how long an owner relies on its lease. Its clock and the journal's may differ, so it relies
/// on half of it.
package struct ReplicaLease: Sendable, Equatable {
    package let epoch: UInt64
    /// The owner stops by itself from then on, in nanoseconds; `.max` for never.
    package let trustedUntil: UInt64
    /// The lease is renewed from then on.
    let renewsAt: UInt64
    var isRenewing = false

    init(epoch: UInt64, from time: UInt64, nanoseconds: UInt64) {
        self.epoch = epoch
        trustedUntil = nanoseconds == .max ? .max : Self.end(time, nanoseconds / 2)
        renewsAt = nanoseconds == .max ? .max : Self.end(time, nanoseconds / 4)
    }

    private static func end(_ time: UInt64, _ nanoseconds: UInt64) -> UInt64 {
        let (end, isBeyond) = time.addingReportingOverflow(nanoseconds)
        return isBeyond ? .max : end
    }
}
