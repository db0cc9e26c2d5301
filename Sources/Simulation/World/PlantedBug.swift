/// A defect that the simulation puts in on purpose, from outside of the code under test, to show
/// that it would be found.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// The disk says that it has synced and has not.
    case skipSync = "skip-sync"
    /// Effects leave when their records are appended, not when they are durable.
    case answerBeforeDurable = "answer-before-durable"
    /// A key whose request is still running is not found.
    case forgetReservation = "forget-reservation"
    /// Each try of an operation has a PSP key of its own.
    case newProviderKey = "new-provider-key"
    /// All refunds of a payment have the same PSP key.
    case sameRefundKey = "same-refund-key"
    /// A start forgets the last record of the journal.
    case dropLastRecord = "drop-last-record"
    /// A PSP that knows nothing of an operation yet is believed at once.
    case believeNotFound = "believe-not-found"
    /// Voids by reference are said to be done, and never reach the PSP.
    case unsentVoid = "unsent-void"
    /// Each report of an event has a key of its own.
    case newEventKey = "new-event-key"
    /// Each try of a pay-out has a key of its own, until its answer is known.
    case doublePayout = "double-payout"
    /// A scorer that does not answer counts as one that allows the payment.
    case failOpen = "fail-open"
    /// The next connector is called after a definite refusal, and no record says so.
    case attemptWithoutRecord = "attempt-without-record"
    /// An adapter takes an answer that never came for a proof that nothing was executed.
    case failoverAfterUnknown = "failover-after-unknown"
    /// An owner that lost its journal goes on, as if its records were in it.
    case twoOwners = "two-owners"
    /// A feed gives records that are not durable.
    case undurableFeed = "undurable-feed"
    /// Nothing is kept for a cursor.
    case floorIgnored = "floor-ignored"
    /// A merge of runs takes keys for forgotten when half of their time is over.
    case keyRunForgotten = "key-run-forgotten"
    /// An event of a connector that a payment has left is taken for its own connector's.
    case earlierAsOwn = "earlier-as-own"
    /// An owner neither renews its lease nor stops before it ends.
    case leaseIgnored = "lease-ignored"
    /// A start counts the records of other shards in the log as the shard's own.
    case streamPositionShared = "stream-position-shared"
    /// Now and then a command goes to another shard than its merchant's.
    case wrongShard = "wrong-shard"
    /// A log's segments are retired as soon as one of its shards does not need them, and archived
    /// ones are soon deleted.
    case neighbourRetired = "neighbour-retired"
}
