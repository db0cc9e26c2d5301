package import Payments
package import ShardRecords
package import Time

/// The idempotency keys of a shard's merchants: a hash table of fixed capacity, whose memory is
/// used as keys come.
///
/// Entries are in a slab and keep their place; `KeyIndex` finds them. The slab has its address
/// space from the start, and the index grows page by page. So no key waits while a table grows. The
/// digest is already a keyed hash: SHA-256 with the data directory's secret seed. So merchants
/// cannot choose colliding keys.
///
/// Expiry is a wheel of one-second buckets that hold intrusive lists of entries. An entry whose
/// request has no result yet is never evicted: it moves to a later bucket.
///
/// Memory: 56 bytes for each entry that was ever used, 5.6 to 11.2 bytes of index for each key at
/// the most that there were, and 4 bytes for each second of the time to live.
package struct IdempotencyTable {
    package struct Entry {
        package var digest: KeyDigest
        package var fingerprint: Fingerprint
        /// `reserved`: the running operation's token; `completed`: the journal position of the
        /// record that holds the stored answer.
        package var value: UInt64
        /// Seconds since 1970.
        package var expiresAt: UInt32
        /// The next entry of the same expiry bucket, or of the free list; plus one, 0 ends the
        /// list.
        package var next: UInt32
        /// The merchant whose key it is: a place in `held`.
        package var owner: UInt32
        /// 0 for a free slab place.
        package var state: State
    }

    package enum State: UInt8 {
        case free = 0
        case reserved = 1
        case completed = 2
    }

    /// What a look-up finds.
    package enum Lookup: Equatable {
        case absent
        /// The key is known for another request.
        case mismatch
        case reserved(operation: UInt64)
        case completed(record: UInt64)
    }

    /// After how many entries an `expire` call ends, to bound its pause (about 0.2 ms).
    package static let maximumExpiredPerCall = 2_048

    package let capacity: Int
    package private(set) var count = 0
    private let ttlSeconds: UInt32
    private var index: KeyIndex
    private var slab: [Entry]
    private var firstFree: UInt32
    private var buckets: [UInt32]
    /// The second up to which buckets were emptied.
    private var expiredSecond: UInt32
    /// The sweep that forgets keys which a run holds: up to which record, the bucket seen last, and
    /// how many are left.
    private var sweepCovered: UInt64 = 0
    private var sweepBucket = 0
    private var sweepRest = 0
    /// How many of the last places are for operators' commands.
    private let keptForOperators: Int
    /// How many keys each merchant has here.
    private var owners = MerchantPlaces()
    private var held: [Int] = []

    /// - Parameters:
    ///   - capacity: the most keys held at once, at most 2^30. Beyond it `reserve` returns false.
    ///   - ttlSeconds: how long a completed key is remembered (24 hours to 31 days in
    ///     configurations).
    ///   - keptForOperators: places that no merchant's key takes; below the capacity.
    package init(capacity: Int, ttlSeconds: UInt32, keptForOperators: Int = 0) {
        precondition(keptForOperators >= 0 && keptForOperators < capacity)
        self.keptForOperators = keptForOperators
        precondition(MemoryLayout<Entry>.stride == 56, "an entry has outgrown its budget")
        precondition(capacity > 0 && capacity <= 1 << 30)
        precondition(ttlSeconds >= 60, "a key is remembered for a minute at least")
        self.capacity = capacity
        self.ttlSeconds = ttlSeconds
        index = KeyIndex(capacity: capacity)
        slab = []
        // Address space alone: the system gives a page when an entry is written to it.
        slab.reserveCapacity(capacity)
        firstFree = 0
        buckets = [UInt32](repeating: 0, count: Int(ttlSeconds) + 3)
        expiredSecond = 0
    }

    /// The bytes that the table takes: entries that were ever used, buckets, and the index.
    package var reservedBytes: Int { slab.count * MemoryLayout<Entry>.stride + index.reservedBytes + buckets.count * 4 }

    package func lookup(_ digest: KeyDigest, _ fingerprint: Fingerprint) -> Lookup {
        guard let slot = slot(of: digest) else { return .absent }
        let place = Int(index[slot]) - 1
        guard slab[place].fingerprint == fingerprint else { return .mismatch }
        switch slab[place].state {
        case .reserved: return .reserved(operation: slab[place].value)
        case .completed: return .completed(record: slab[place].value)
        case .free: preconditionFailure("the index leads to a free place")
        }
    }

    package var isFull: Bool { firstFree == 0 && slab.count == capacity }

    /// The most keys of one merchant: an eighth of the table is for the others.
    package var merchantShare: Int { Self.merchantShare(of: capacity) }

    private static func merchantShare(of most: Int) -> Int { most - most / 8 }

    /// Whether a new key of this merchant fits: into the table, and into the merchant's share of
    /// it.
    /// - Parameter limit: the most keys that the table may hold now, whatever its capacity is.
    package func hasRoom(for merchant: MerchantID, of limit: Int = .max) -> Bool {
        guard count < min(capacity - keptForOperators, limit) else { return false }
        let share = Self.merchantShare(of: min(capacity, limit))
        // No merchant has more than all together.
        guard count >= share, let owner = owners.place(of: merchant) else { return true }
        return held[Int(owner)] < share
    }

    private mutating func owner(_ merchant: MerchantID) -> UInt32 {
        let place = owners.add(merchant)
        if Int(place) == held.count { held.append(0) }
        return place
    }

    package func isReserved(_ digest: KeyDigest) -> Bool {
        guard let slot = slot(of: digest) else { return false }
        return slab[Int(index[slot]) - 1].state == .reserved
    }

    /// Reserves an absent key for the operation `operation`, and counts it for its merchant. It
    /// does not check the merchant's share (`hasRoom`), because a replay must follow the journal.
    /// - Returns: false when the table is full.
    package mutating func reserve(
        _ digest: KeyDigest,
        _ fingerprint: Fingerprint,
        operation: UInt64,
        of merchant: MerchantID,
        at time: Timestamp
    ) -> Bool {
        let now = time.seconds
        if expiredSecond == 0 { expiredSecond = now }
        let expiresAt = now &+ ttlSeconds
        if let slot = slot(of: digest) {
            renew(Int(index[slot]) - 1, fingerprint, operation: operation, expiresAt: expiresAt)
            return true
        }
        guard !isFull else { return false }
        let owner = owner(merchant)
        held[Int(owner)] += 1
        let place = insert(
            Entry(
                digest: digest,
                fingerprint: fingerprint,
                value: operation,
                expiresAt: expiresAt,
                next: 0,
                owner: owner,
                state: .reserved
            )
        )
        index.insert(place, of: digest, in: slab)
        link(place)
        count += 1
        return true
    }

    /// Puts an entry into a place that was freed, or into the next one that was never used.
    private mutating func insert(_ entry: Entry) -> Int {
        guard firstFree != 0 else {
            slab.append(entry)
            return slab.count - 1
        }
        let place = Int(firstFree) - 1
        firstFree = slab[place].next
        slab[place] = entry
        return place
    }

    /// A key that is reserved again although it is still here. That cannot happen live, because a
    /// look-up comes first. It can happen on replay: the journal shows that the key had been
    /// forgotten, and replay follows it whatever its own clock says. The entry stays in its bucket,
    /// where its new time is seen.
    private mutating func renew(_ place: Int, _ fingerprint: Fingerprint, operation: UInt64, expiresAt: UInt32) {
        precondition(slab[place].state == .completed, "a running request's key is never forgotten")
        slab[place].fingerprint = fingerprint
        slab[place].value = operation
        slab[place].expiresAt = expiresAt
        slab[place].state = .reserved
    }

    /// Stores the result of a reserved key. The key is remembered for its whole time from now on.
    /// So a merchant that waited for a day can still ask for the answer.
    /// - Returns: when it will be forgotten, in seconds since 1970; nil when it is not here.
    @discardableResult
    package mutating func complete(_ digest: KeyDigest, record: UInt64, at time: Timestamp) -> UInt32? {
        // The key is absent only when it was reserved longer ago than a restart's clock allows.
        // Then the table need not keep its result.
        guard let slot = slot(of: digest) else { return nil }
        let place = Int(index[slot]) - 1
        precondition(slab[place].state == .reserved, "a key's result never changes")
        slab[place].state = .completed
        slab[place].value = record
        slab[place].expiresAt = max(slab[place].expiresAt, time.seconds &+ ttlSeconds)
        return slab[place].expiresAt
    }

    /// Points a reserved key at its operation again (after a restart, operations have new tokens).
    package mutating func rebind(_ digest: KeyDigest, operation: UInt64) {
        guard let slot = slot(of: digest) else { return }
        let place = Int(index[slot]) - 1
        precondition(slab[place].state == .reserved, "only a running operation is bound to its key")
        slab[place].value = operation
    }

    /// Forgets completed keys whose time has passed. Looks at whole buckets until about `limit`
    /// entries were seen, so that catching up after a pause is spread over many calls.
    package mutating func expire(at time: Timestamp, limit: Int = maximumExpiredPerCall) {
        let now = time.seconds
        let bucketCount = UInt32(buckets.count)
        if expiredSecond > now {
            expiredSecond = now  // The clock went back: those buckets come again in their time.
        } else if now - expiredSecond > bucketCount {
            expiredSecond = now - bucketCount  // One round of the wheel covers everything.
        }
        var seen = 0
        while expiredSecond < now, seen < limit {
            seen += expireBucket(Int(expiredSecond % bucketCount), now: now)
            expiredSecond += 1
        }
    }

    private mutating func expireBucket(_ bucket: Int, now: UInt32) -> Int {
        var next = buckets[bucket]
        buckets[bucket] = 0
        var seen = 0
        while next != 0 {
            let place = Int(next) - 1
            next = slab[place].next
            seen += 1
            if slab[place].state == .completed, slab[place].expiresAt <= now {
                remove(place)
            } else {
                // A running request's key is looked at again in a minute. A completed key of
                // another round occurs only after clock jumps. It keeps its time, unless that is
                // further ahead than any valid one.
                let later = slab[place].state == .reserved ? now &+ 60 : slab[place].expiresAt
                slab[place].expiresAt = min(later, now &+ ttlSeconds)
                link(place)
            }
        }
        return seen
    }

    private mutating func link(_ place: Int) {
        // The second after the expiry, so that an emptied bucket holds nothing that is still valid.
        let bucket = Int((slab[place].expiresAt &+ 1) % UInt32(buckets.count))
        slab[place].next = buckets[bucket]
        buckets[bucket] = UInt32(place + 1)
    }

    /// Forgets completed keys that a run on the disk holds: those whose record is at most
    /// `covered`. It looks at whole buckets until it has seen about `limit` entries, or 16 times as
    /// many buckets. So a sweep is spread over many calls.
    /// - Returns: whether a sweep for `covered` has seen all buckets.
    package mutating func release(upTo covered: UInt64, limit: Int = maximumExpiredPerCall) -> Bool {
        if covered > sweepCovered {
            sweepCovered = covered
            sweepRest = buckets.count
        }
        var seen = 0
        var visited = 0
        while sweepRest > 0, seen < limit, visited < limit * 16 {
            sweepBucket = sweepBucket + 1 < buckets.count ? sweepBucket + 1 : 0
            seen += releaseBucket(sweepBucket)
            sweepRest -= 1
            visited += 1
        }
        return sweepRest == 0
    }

    private mutating func releaseBucket(_ bucket: Int) -> Int {
        var next = buckets[bucket]
        buckets[bucket] = 0
        var seen = 0
        while next != 0 {
            let place = Int(next) - 1
            next = slab[place].next
            seen += 1
            if slab[place].state == .completed, slab[place].value <= sweepCovered {
                remove(place)
            } else {
                // The entry goes back into its own bucket, even if its time belongs to another by
                // now.
                slab[place].next = buckets[bucket]
                buckets[bucket] = UInt32(place + 1)
            }
        }
        return seen
    }

    private func slot(of digest: KeyDigest) -> Int? {
        var slot = index.home(digest)
        while index[slot] != 0 {
            if slab[Int(index[slot]) - 1].digest == digest { return slot }
            slot = index.after(slot)
        }
        return nil
    }

    private mutating func remove(_ place: Int) {
        guard let slot = slot(of: slab[place].digest) else { preconditionFailure("an entry is not in the index") }
        index.remove(slot, in: slab)
        held[Int(slab[place].owner)] -= 1
        slab[place].state = .free
        slab[place].next = firstFree
        firstFree = UInt32(place + 1)
        count -= 1
    }
}
