package import Payments
package import Time

/// Counters of what happened lately, one for each (rule, subject): a flat table of fixed size with
/// open addressing.
///
/// A counter is eight buckets. A bucket's width is a seventh of the window's length. So the eight
/// together always cover the whole window, and at most a seventh more. A limit may apply a little
/// too long, and never ends too early. Callers pass times and amounts; nothing here has a clock.
/// The same calls make the same table, slot for slot.
///
/// A slot takes 96 bytes and a quarter of the slots stays empty. So each counter of the capacity
/// takes 128 bytes, in chunks that take memory when they are first written. Each new counter
/// removes a few counters whose window has passed. When the table or the merchant's share of it is
/// full of counters that still count, a new subject is not counted. `hasRoom` tells that before,
/// and the policy decides about the payment.
package struct RiskCounters: Sendable {
    /// The bytes of one slot, in memory and in snapshots.
    package static let slotBytes = slotWords * 8
    package static let bucketCount = 8
    /// Words of a slot: digest high and low, newest bucket, width (0: empty) with the owner above
    /// it, eight buckets.
    static let slotWords = 4 + bucketCount
    /// A width is below 2^40 ms, 34 years. In a slot the 24 bits above it are the owner: a place in
    /// `merchants`.
    private static let widthBits: UInt64 = 40
    private static let chunkSlots = 256
    /// How many slots a new counter searches for counters whose window has passed. It searches many
    /// when hardly a place is left.
    private static let sweptSlots = 4
    private static let sweptSlotsWhenShort = 256

    /// Copied chunk by chunk when a snapshot still holds the old ones.
    private var chunks: [[UInt64]]
    private let slotCount: Int
    /// The most counters.
    package let capacity: Int
    /// The most counters of one merchant.
    package let merchantLimit: Int
    /// How many counters each merchant has.
    private var merchants = MerchantCounts()
    package private(set) var count = 0
    /// Where the search for counters whose window has passed goes on.
    private(set) var cursor = 0

    /// - Parameters:
    ///   - capacity: the most counters, from 1.
    ///   - merchantLimit: the most of one merchant, from 1.
    package init(capacity: Int, merchantLimit: Int) {
        precondition(capacity > 0 && capacity <= Self.maximumCapacity && merchantLimit > 0)
        self.capacity = capacity
        self.merchantLimit = merchantLimit
        let needed = capacity + capacity / 3 + 1
        let chunkCount = (needed + Self.chunkSlots - 1) / Self.chunkSlots
        slotCount = chunkCount * Self.chunkSlots
        // All chunks are the same one until they are written.
        let blank = [UInt64](repeating: 0, count: Self.chunkSlots * Self.slotWords)
        chunks = [[UInt64]](repeating: blank, count: chunkCount)
    }

    /// 2 GiB of counters.
    package static let maximumCapacity = 1 << 24

    /// The bytes that the table takes.
    package var reservedBytes: Int { slotCount * Self.slotBytes }

    /// Counters of one merchant.
    package func count(of merchant: MerchantID) -> Int { merchants.count(of: merchant) }
    /// The most counters that one merchant has.
    package var largestMerchantCount: Int { merchants.largestCount }

    /// A bucket's width for a window, both in milliseconds.
    package static func width(ofWindow window: Int64) -> Int64 { max(1, (window + 6) / 7) }

    /// The sum of what was added lately.
    /// - Parameters:
    ///   - width: `width(ofWindow:)` of the rule's window.
    package func value(_ digest: RiskDigest, width: Int64, at now: Timestamp) -> UInt64 {
        guard let slot = find(digest) else { return 0 }
        let newest = Int64(bitPattern: word(slot, 2))
        let current = max(newest, bucket(at: now, width: width))
        var sum: UInt64 = 0
        // Bucket b holds what happened in [b * width, (b + 1) * width); those up to `newest` - 7
        // are still here.
        for bucket in max(newest - 7, current - 7)...max(newest, current - 7) where bucket <= newest {
            let (added, overflow) = sum.addingReportingOverflow(word(slot, 4 + Int(bucket & 7)))
            sum = overflow ? .max : added
        }
        return sum
    }

    /// Whether the subject has a counter.
    package func contains(_ digest: RiskDigest) -> Bool { find(digest) != nil }

    /// Whether so many new subjects of a merchant can get counters at `now`. Places of counters
    /// that `add` would remove count as free.
    package func hasRoom(for new: Int, of merchant: MerchantID, at now: Timestamp) -> Bool {
        let free = capacity - count
        // No merchant has more than all together.
        if new <= free, count + new <= merchantLimit { return true }
        let freeOfMerchant = merchantLimit - merchants.count(of: merchant)
        guard new > free || new > freeOfMerchant else { return true }
        var past = 0
        var pastOfMerchant = 0
        var slot = cursor
        for _ in 0..<min(slotCount, Self.sweptSlotsWhenShort) {
            if isPast(slot, at: now) {
                past += 1
                if owner(slot) == merchant { pastOfMerchant += 1 }
            }
            slot = after(slot)
        }
        return new <= free + past && new <= freeOfMerchant + pastOfMerchant
    }

    /// Adds to a counter. It makes the counter when there is none.
    /// - Parameters:
    ///   - merchant: whose counter it is. The digest differs by merchant.
    ///   - width: `width(ofWindow:)` of the rule's window, below 2^40.
    /// - Returns: false when the table, or the merchant's share of it, is full.
    @discardableResult
    package mutating func add(
        _ amount: UInt64,
        to digest: RiskDigest,
        of merchant: MerchantID,
        width: Int64,
        at now: Timestamp
    ) -> Bool {
        if let slot = find(digest) {
            add(amount, toSlot: slot, width: width, at: now)
            return true
        }
        sweep(for: merchant, at: now)
        guard count < capacity, hasShare(merchant) else { return false }
        let slot = emptySlot(for: digest)
        set(slot, number: 0, value: digest.high)
        set(slot, number: 1, value: digest.low)
        set(slot, number: 2, value: UInt64(bitPattern: bucket(at: now, width: width)))
        take(slot, width: UInt64(width), for: merchant)
        for bucket in 0..<Self.bucketCount { set(slot, number: 4 + bucket, value: 0) }
        add(amount, toSlot: slot, width: width, at: now)
        return true
    }

    private mutating func add(_ amount: UInt64, toSlot slot: Int, width: Int64, at now: Timestamp) {
        let newest = Int64(bitPattern: word(slot, 2))
        // When the clock goes back, the amount counts in the newest bucket.
        let current = max(newest, bucket(at: now, width: width))
        if current > newest {
            for bucket in max(newest + 1, current - 7)...current { set(slot, number: 4 + Int(bucket & 7), value: 0) }
            set(slot, number: 2, value: UInt64(bitPattern: current))
        }
        let (sum, overflow) = word(slot, 4 + Int(current & 7)).addingReportingOverflow(amount)
        set(slot, number: 4 + Int(current & 7), value: overflow ? .max : sum)
    }

    /// Whether the merchant's share has room for one counter more.
    private func hasShare(_ merchant: MerchantID) -> Bool {
        count < merchantLimit || merchants.count(of: merchant) < merchantLimit
    }

    // MARK: Slots

    private func word(_ slot: Int, _ number: Int) -> UInt64 {
        chunks[slot / Self.chunkSlots][slot % Self.chunkSlots * Self.slotWords + number]
    }

    private mutating func set(_ slot: Int, number: Int, value: UInt64) {
        chunks[slot / Self.chunkSlots][slot % Self.chunkSlots * Self.slotWords + number] = value
    }

    /// The number of the bucket that a time falls into, from 1970 on.
    private func bucket(at time: Timestamp, width: Int64) -> Int64 { time.milliseconds / width }

    private func isEmpty(_ slot: Int) -> Bool { word(slot, 3) == 0 }

    private func width(_ slot: Int) -> UInt64 { word(slot, 3) & (1 << Self.widthBits - 1) }

    private func place(_ slot: Int) -> UInt32 { UInt32(word(slot, 3) >> Self.widthBits) }

    /// Whose counter it is.
    /// - Precondition: the slot is not empty.
    private func owner(_ slot: Int) -> MerchantID { merchants.merchant(atPlace: place(slot)) }

    /// The slot is no longer empty: it is counted for its merchant.
    private mutating func take(_ slot: Int, width: UInt64, for merchant: MerchantID) {
        let place = UInt64(merchants.add(merchant))
        precondition(
            width >> Self.widthBits == 0 && place >> (64 - Self.widthBits) == 0,
            "a width or a place is too large"
        )
        set(slot, number: 3, value: width | place << Self.widthBits)
        count += 1
    }

    private func home(_ low: UInt64) -> Int {
        Int(truncatingIfNeeded: low.multipliedFullWidth(by: UInt64(slotCount)).high)
    }

    private func after(_ slot: Int) -> Int { slot + 1 == slotCount ? 0 : slot + 1 }

    private func distance(from slot: Int, to other: Int) -> Int {
        other >= slot ? other - slot : other - slot + slotCount
    }

    private func find(_ digest: RiskDigest) -> Int? {
        var slot = home(digest.low)
        while !isEmpty(slot) {
            if word(slot, 1) == digest.low, word(slot, 0) == digest.high { return slot }
            slot = after(slot)
        }
        return nil
    }

    private func emptySlot(for digest: RiskDigest) -> Int {
        var slot = home(digest.low)
        while !isEmpty(slot) { slot = after(slot) }
        return slot
    }

    /// Removes some of the counters that count nothing any more. When the table or the merchant's
    /// share is nearly full, it looks at as many slots as `hasRoom` does.
    private mutating func sweep(for merchant: MerchantID, at now: Timestamp) {
        let shortBelow = Self.sweptSlotsWhenShort / 4
        let isShort =
            capacity - count < shortBelow
            || (count + shortBelow > merchantLimit && merchantLimit - merchants.count(of: merchant) < shortBelow)
        var rest = min(slotCount, isShort ? Self.sweptSlotsWhenShort : Self.sweptSlots)
        while rest > 0 {
            // Removing a counter may move a later one into its slot, so the loop looks at the slot
            // again.
            while isPast(cursor, at: now) { remove(cursor) }
            cursor = after(cursor)
            rest -= 1
        }
    }

    private func isPast(_ slot: Int, at now: Timestamp) -> Bool {
        let bucketWidth = Int64(width(slot))
        return bucketWidth > 0
            && bucket(at: now, width: bucketWidth) - Int64(bitPattern: word(slot, 2)) >= Int64(Self.bucketCount)
    }

    /// Empties the slot and moves later counters that belong nearer to their home. So the table
    /// needs no marks for removed counters.
    private mutating func remove(_ slot: Int) {
        merchants.remove(place: place(slot))
        var hole = slot
        var next = after(hole)
        while !isEmpty(next) {
            if distance(from: home(word(next, 1)), to: next) >= distance(from: hole, to: next) {
                for number in 0..<Self.slotWords { set(hole, number: number, value: word(next, number)) }
                hole = next
            }
            next = after(next)
        }
        set(hole, number: 3, value: 0)
        count -= 1
    }
}

// MARK: - Snapshots

/// A counter as a snapshot holds it.
package struct StoredCounter: Sendable, Equatable {
    package static let byteCount = 8 + RiskCounters.slotBytes

    package var merchant: MerchantID
    /// Digest high and low, newest bucket, width, eight buckets.
    package var words: [UInt64]

    package init(merchant: MerchantID, words: [UInt64]) {
        self.merchant = merchant
        self.words = words
    }

    fileprivate var isCounter: Bool {
        words.count == RiskCounters.slotWords && words[3] > 0 && words[3] < 1 << 40 && Int64(bitPattern: words[2]) >= 0
    }
}

extension RiskCounters {
    /// The slots that hold counters, in the table's order.
    package var slotsInUse: [Int] { (0..<slotCount).filter { !isEmpty($0) } }

    /// - Precondition: the slot is in use.
    package func counter(at slot: Int) -> StoredCounter {
        let start = slot % Self.chunkSlots * Self.slotWords
        var words = Array(chunks[slot / Self.chunkSlots][start..<start + Self.slotWords])
        words[3] = width(slot)
        return StoredCounter(merchant: owner(slot), words: words)
    }

    /// Visits the counters in the table's order, each with its place.
    package func forEach(_ body: (_ slot: Int, StoredCounter) -> Void) {
        for slot in slotsInUse { body(slot, counter(at: slot)) }
    }

    /// The table's state beside its counters, for snapshots: its slots and the place of the search.
    package var shape: (slots: Int, cursor: Int) { (slotCount, cursor) }

    /// Puts a counter of a snapshot into its slot. It does not check the merchant's share, because
    /// the counter was in the table before.
    /// - Returns: false when it cannot have been there.
    package mutating func restore(slot: Int, _ counter: StoredCounter) -> Bool {
        guard counter.isCounter, slot >= 0, slot < slotCount, isEmpty(slot), count < capacity else { return false }
        for number in 0..<Self.slotWords where number != 3 { set(slot, number: number, value: counter.words[number]) }
        take(slot, width: counter.words[3], for: counter.merchant)
        return true
    }

    /// Takes a counter of a table of another size.
    /// - Returns: false when the table or the merchant's share of it is full. It is also false when
    ///   the counter's window has passed, or for words that are no counter.
    package mutating func adopt(_ counter: StoredCounter, at now: Timestamp) -> Bool {
        let words = counter.words
        guard counter.isCounter,
            bucket(at: now, width: Int64(words[3])) - Int64(bitPattern: words[2]) < Int64(Self.bucketCount),
            count < capacity,
            hasShare(counter.merchant),
            find(RiskDigest(high: words[0], low: words[1])) == nil
        else { return false }
        return restore(slot: emptySlot(for: RiskDigest(high: words[0], low: words[1])), counter)
    }

    /// Continues the search for old counters at the place that the snapshot holds.
    package mutating func restore(cursor: Int) {
        self.cursor = cursor >= 0 && cursor < slotCount ? cursor : 0
    }
}
