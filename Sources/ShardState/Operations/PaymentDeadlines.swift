package import Payments
package import Time

/// Payments that have a deadline soon: by second, in lists. An entry only says when to look at the
/// payment. The shard then decides by the payment itself. So no entry has to be removed when a
/// payment changes before.
///
/// Deadlines that are far away (an authorization lasts for days) are not here. A sweep over the
/// payments finds them in the last hour before (`DeadlineSweep`), so that a week of
/// authorizations takes no memory.
package struct PaymentDeadlines {
    /// A bucket is 1,024 ms.
    private static let shift: Int64 = 10
    private var buckets: [Int64: [Index<Payment>]] = [:]
    private var queued: Set<Index<Payment>> = []
    /// Buckets before this one are empty.
    private var next = Int64.max

    package init() {}

    private static func bucket(of time: Timestamp) -> Int64 { time.milliseconds >> shift }

    /// Payments waiting.
    package var count: Int { queued.count }

    /// Looks at a payment at `time` or up to a second later, unless it is waiting already. With
    /// `always` it adds an entry also then.
    package mutating func add(_ index: Index<Payment>, at time: Timestamp, always: Bool = false) {
        guard queued.insert(index).inserted || always else { return }
        let bucket = Self.bucket(of: time) + 1
        buckets[bucket, default: []].append(index)
        next = min(next, bucket)
    }

    /// Takes out the payments that are due, at most `limit`. The others are due the next time.
    package mutating func advance(to time: Timestamp, limit: Int, into due: inout [Index<Payment>]) {
        let last = Self.bucket(of: time)
        guard next <= last, !buckets.isEmpty else { return }
        // The clock may have jumped over more buckets than there are.
        let keys = last - next > Int64(buckets.count) ? buckets.keys.filter { $0 <= last }.sorted() : Array(next...last)
        for key in keys {
            next = key
            guard var numbers = buckets.removeValue(forKey: key) else { continue }
            while due.count < limit, let number = numbers.popLast() {
                queued.remove(number)
                due.append(number)
            }
            guard numbers.isEmpty else {
                buckets[key] = numbers
                return
            }
        }
        next = last
    }
}
