/// Who owns a journal, and until when. It has the rules of leases and epochs, without I/O, threads
/// or a clock.
///
/// A claim is granted first and takes effect when its epoch is durable. Between the two nobody owns
/// the journal: the former owner's appends are refused already, the new one's still.
struct OwnerTable {
    struct Lease: Equatable {
        let holder: String
        let epoch: UInt64
        let nanoseconds: UInt64
        /// Another holder may acquire the journal from then on.
        var end: UInt64
    }

    private enum State: Equatable {
        case free
        case owned(Lease)
        case acquiring(Lease)
        /// Given up; what was appended is becoming durable.
        case releasing(Lease)

        var ownersEpoch: UInt64? {
            guard case .owned(let lease) = self else { return nil }
            return lease.epoch
        }
    }

    enum ClaimResult: Equatable {
        /// The new owner's epoch, which is to be made durable; then `take`.
        case granted(epoch: UInt64)
        /// Another holder's lease lasts, for so many nanoseconds more.
        case held(by: String, nanoseconds: UInt64)
        /// Somebody is acquiring the journal at this moment.
        case acquiring(by: String)
        /// Its owner is giving the journal up at this moment.
        case releasing(by: String)
        /// No larger epoch can be made.
        case exhausted
    }

    enum RenewResult: Equatable {
        case renewed(end: UInt64)
        /// Another owner has the journal, or the lease was given up.
        case lost
    }

    private var state = State.free {
        didSet { epoch = state.ownersEpoch }
    }
    /// The owner's epoch; nil while nobody owns the journal. Stored, because every append asks for
    /// it.
    private(set) var epoch: UInt64?
    /// The largest epoch so far. It may not be durable yet.
    private(set) var lastEpoch: UInt64
    /// The latest time that any caller passed: time never goes back.
    private var now: UInt64 = 0

    /// - Parameter lastEpoch: the largest one that the journal's files name.
    init(lastEpoch: UInt64) { self.lastEpoch = lastEpoch }

    mutating func claim(_ claim: JournalClaim) -> ClaimResult {
        now = max(now, claim.now)
        switch state {
        case .acquiring(let lease): return .acquiring(by: lease.holder)
        case .releasing(let lease): return .releasing(by: lease.holder)
        case .owned(let lease) where lease.holder != claim.holder && now < lease.end:
            return .held(by: lease.holder, nanoseconds: lease.end - now)
        case .owned, .free: break
        }
        guard lastEpoch < .max else { return .exhausted }
        lastEpoch += 1
        var claim = claim
        claim.now = now
        state = .acquiring(
            Lease(holder: claim.holder, epoch: lastEpoch, nanoseconds: claim.nanoseconds, end: claim.end)
        )
        return .granted(epoch: lastEpoch)
    }

    /// The epoch that was granted last is durable.
    mutating func take() {
        guard case .acquiring(let lease) = state else { preconditionFailure("no claim was granted") }
        state = .owned(lease)
    }

    mutating func renew(epoch: UInt64, at time: UInt64) -> RenewResult {
        now = max(now, time)
        guard case .owned(var lease) = state, lease.epoch == epoch else { return .lost }
        let (end, isEndless) = now.addingReportingOverflow(lease.nanoseconds)
        lease.end = isEndless ? .max : end
        state = .owned(lease)
        return .renewed(end: lease.end)
    }

    /// Begins to give the journal up; `released` ends it. False if somebody else has it, or nobody.
    mutating func release(epoch: UInt64) -> Bool {
        guard case .owned(let lease) = state, lease.epoch == epoch else { return false }
        state = .releasing(lease)
        return true
    }

    mutating func released() {
        guard case .releasing = state else { preconditionFailure("nobody gives the journal up") }
        state = .free
    }

    /// The refusal of a claim, in words; nil for one that was granted.
    static func refusal(_ result: ClaimResult) -> JournalError? {
        switch result {
        case .granted: nil
        case .held(let holder, .max): JournalError(.fenced, "the journal is held by \(holder), without an end")
        case .held(let holder, let nanoseconds):
            JournalError(
                .fenced,
                "the journal is held by \(holder) for \(nanoseconds / 1_000_000) ms more unless it is renewed"
            )
        case .acquiring(let holder): JournalError(.fenced, "the journal is being acquired by \(holder)")
        case .releasing(let holder): JournalError(.fenced, "the journal is being given up by \(holder)")
        case .exhausted: JournalError(.corrupt, "no epoch is left: a file of the journal names the last one there is")
        }
    }
}
