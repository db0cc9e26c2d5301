import ShardHost

/// Leases that end: an owner that does not renew its lease in time stops by itself, and another
/// host owns the shard behind the end.
extension World {
    /// From then on the clock of leases goes slowly: long enough after the faults that every host
    /// is there again, and shards have owners.
    var leasesSlowAt: Int64? { scenario.lease == nil ? nil : scenario.duration + 120_000_000 }

    /// How long the journal grants a lease for.
    var leaseNanoseconds: UInt64 { scenario.lease.map { UInt64($0) * 1_000 } ?? .max }

    /// How long an owner takes its lease to last. Planted bug: for ever.
    var trustedNanoseconds: UInt64 { scenario.planted == .leaseIgnored ? .max : leaseNanoseconds }

    /// Another host is to own the shard. The owner gives it up; or it cannot renew its lease, its
    /// clock stands still, or it is not there at all. Then the other waits for the end of the
    /// lease.
    func endLease(_ lease: Int64, of from: SimHost, for to: SimHost) {
        let kind = leases.below(4)
        let pause = leases.between(lease / 4, 3 * lease)
        trace.note("end of lease", at: now, of: from.index, with: kind)
        switch kind {
        case 0:
            from.replica.want(.follower)
            to.isHeir = true
        case 1: from.cutOffUntil = now + pause
        case 2: from.clock.stop()
        default: from.freeze()
        }
        if kind != 0 {
            to.replica.want(.owner)
            let boot = from.shard.process.boot
            queue.schedule(.thaw(boot: boot, shard: from.shard.number, host: from.index), at: now + pause)
        }
        settle(from.shard.process)
    }

    /// A new owner must be the only host that believes it owns the shard. A host that is paused, or
    /// whose clock stands still, cannot know that its lease has ended. The journal refuses what
    /// such a host appends.
    func checkIsAlone(_ owner: SimHost) {
        guard scenario.lease != nil else { return }
        for other in owner.shard.hosts where other !== owner && other.isServing && other.replica.role.isOwner {
            guard !other.isFrozen, !other.clock.standsStill else { continue }
            fail("host \(owner.index) owns the shard, and host \(other.index) goes on behind the end of its lease")
        }
    }
}
