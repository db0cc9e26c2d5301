package import Payments
package import Time

/// The fraud screening of one shard: the rules in force, and what they have counted. Without rules
/// nothing is looked at, and nothing is counted.
package struct RiskScreening: Sendable {
    /// The rules in force; nil for none.
    package private(set) var policy: RiskPolicy?
    /// What they have counted; nil where they count nothing.
    package private(set) var counters: RiskCounters?
    /// What one merchant may hold of the counters.
    private let share: MerchantShare

    package init(_ policy: RiskPolicy?, share: MerchantShare) {
        self.policy = policy
        self.share = share
        counters = Self.table(for: policy, share)
    }

    /// The table of counters that a policy needs.
    private static func table(for policy: RiskPolicy?, _ share: MerchantShare) -> RiskCounters? {
        policy?.neededCounters.map { RiskCounters(capacity: $0, merchantLimit: share.of($0)) }
    }

    /// Replaces the rules. Counters that both the old and the new rules use keep their counts.
    package mutating func reload(_ policy: RiskPolicy?, at time: Timestamp) {
        self.policy = policy
        let old = counters
        // A table is some megabytes of zeros, so it is made only when it is needed.
        if let old, old.capacity == policy?.neededCounters { return }
        counters = Self.table(for: policy, share)
        guard let old else { return }
        // The new table takes the counters that still count, and if it is smaller those that fit.
        // The others begin at zero.
        old.forEach { _, counter in adopt(counter, at: time) }
    }

    /// What the rules say of a payment about to be made; nil without rules. Changes nothing.
    package func assess(
        _ facts: RiskFacts,
        details: Span<UInt8>,
        at now: Timestamp
    ) -> RiskAssessment? {
        policy?.assess(facts, details: details, counters, at: now)
    }

    /// Counts a payment that was made, whatever was said of it.
    package mutating func count(_ facts: RiskFacts, details: Span<UInt8>, at time: Timestamp) {
        guard counters != nil else { return }
        policy?.count(facts, details: details, in: &counters, at: time)
    }

    /// The verdict with the scorer's answer. Where the rules that asked are gone, a manual review
    /// decides.
    package func combine(_ before: RiskAssessment, _ answer: ScoreOutcome) -> RiskAssessment {
        if let policy { return policy.combine(before, answer) }
        var after = before
        after.asksScorer = false
        after.band = max(before.band, .review)
        after.reasons.append(RiskReason.scorerFailed)
        return after
    }

    /// How long a payment waits for manual review, in milliseconds. It is a day when the rules that
    /// held the payment back are gone.
    package var reviewTimeout: Int64 { policy?.reviewTimeout ?? 86_400_000 }

    /// How full the counters are.
    package var occupancy: (counters: Int, capacity: Int, largestMerchant: Int) {
        (counters?.count ?? 0, counters?.capacity ?? 0, counters?.largestMerchantCount ?? 0)
    }

    /// The bytes of the counters.
    package var reservedBytes: Int { counters?.reservedBytes ?? 0 }

    // MARK: Snapshots

    /// Begins with the counters of a snapshot.
    /// - Parameters:
    ///   - slots: how many slots the snapshot's table has.
    ///   - count: how many counters it holds.
    ///   - cursor: where its search goes on.
    /// - Returns: whether each counter keeps its place (`restore`). If not, they are adopted.
    package mutating func beginRestore(slots: UInt64, count: UInt64, cursor: UInt64) -> Bool {
        guard let counters, UInt64(counters.shape.slots) == slots, count <= UInt64(counters.capacity) else {
            return false
        }
        self.counters?.restore(cursor: Int(clamping: cursor))
        return true
    }

    /// Moves a counter of a snapshot to its place.
    /// - Returns: false when it cannot have been there.
    package mutating func restore(slot: Int, _ counter: StoredCounter) -> Bool {
        counters?.restore(slot: slot, counter) == true
    }

    /// Takes a counter of a table of another size, if it still counts and fits.
    package mutating func adopt(_ counter: StoredCounter, at time: Timestamp) {
        _ = counters?.adopt(counter, at: time)
    }
}
