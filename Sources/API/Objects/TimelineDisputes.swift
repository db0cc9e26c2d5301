import Payments
import ShardRecords
import Time

/// Names the disputes of a payment by the records that opened them, in the order of the timeline.
struct TimelineDisputes {
    /// Whether the timeline has its beginning. Otherwise the record that opened a dispute may be
    /// missing, and its time is a part of the identifier.
    private let isComplete: Bool
    /// By number, from 1.
    private var identifiers: [DisputeID] = []

    init(isComplete: Bool) { self.isComplete = isComplete }

    /// The dispute that an event is about; nil for none, and for one that cannot be named.
    mutating func identifier(of record: EventApplied) -> DisputeID? {
        guard isComplete, record.dispute > 0 else { return nil }
        if Int(record.dispute) == identifiers.count + 1 {
            let payment = record.payment
            identifiers.append(
                DisputeID(
                    createdAt: max(.none, record.time),
                    shard: payment.shard,
                    paymentSequence: payment.sequence,
                    ordinal: record.dispute
                )
            )
        }
        return Int(record.dispute) <= identifiers.count ? identifiers[Int(record.dispute) - 1] : nil
    }
}
