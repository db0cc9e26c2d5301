package import Payments
package import Time

/// The operations whose outcome is not known, with no call under way: many more than there are
/// calls, and each of them small.
///
/// A slab in chunks: it grows by a chunk, never copies as a whole, and a snapshot shares the
/// chunks. No timer is kept for an entry. A search goes round the due times, a bounded number at a
/// tick, and finds the entries that are due. The times of 100,000 entries are 800 KB, which are
/// read once a round.
///
/// Limits: `capacity` entries, and a share of them for each merchant. An operation that finds no
/// room here keeps its slot among the calls. Entries leave when their operation ends, and while it
/// is resolved.
package struct WaitingOperations: Sendable {
    package static let chunkShift = 10
    private static let chunkCount = 1 << chunkShift

    /// The due time of a place that holds no operation.
    private static var free: Timestamp { .latest }

    private struct Chunk: Sendable {
        var entries: ContiguousArray<WaitingOperation?>
        var dueAt: ContiguousArray<Timestamp>
        /// Places of the merchants' counts.
        var owners: ContiguousArray<UInt32>
    }

    private var chunks: ContiguousArray<Chunk> = []
    private var freeSlots: [UInt32] = []
    private var merchants = MerchantCounts()
    /// Where the search for what is due goes on.
    private var cursor = 0
    package let capacity: Int
    /// The most entries of one merchant.
    package let merchantLimit: Int

    /// - Parameters:
    ///   - capacity: the most entries, below 2^31.
    ///   - share: the part of them that one merchant may hold.
    package init(capacity: Int, share: MerchantShare) {
        precondition(capacity > 0 && capacity < 1 << 31)
        self.capacity = capacity
        merchantLimit = share.of(capacity)
    }

    package var count: Int { merchants.total }
    /// Slots that were ever used; the search goes round them.
    package var slotCount: Int { chunks.count << Self.chunkShift }
    /// The most entries that one merchant holds.
    package var largestMerchantCount: Int { merchants.largestCount }

    /// The bytes that the table holds on to.
    package var reservedBytes: Int {
        slotCount
            * (MemoryLayout<WaitingOperation?>.stride + MemoryLayout<Timestamp>.stride + MemoryLayout<UInt32>.stride)
    }

    /// Entries of `merchant`.
    package func count(of merchant: MerchantID) -> Int { merchants.count(of: merchant) }

    /// Whether one entry more of `merchant` fits.
    package func hasRoom(for merchant: MerchantID) -> Bool {
        count < capacity && merchants.count(of: merchant) < merchantLimit
    }

    /// Adds an operation. It does not check the limits (`hasRoom`), because an operation that was
    /// accepted is never dropped.
    /// - Parameter dueAt: when it is resolved next.
    /// - Returns: its slot, which it keeps until it is removed.
    package mutating func insert(_ operation: WaitingOperation, of merchant: MerchantID, dueAt: Timestamp) -> Int {
        if freeSlots.isEmpty { grow() }
        let slot = Int(freeSlots.removeLast())
        let (chunk, place) = Self.split(slot)
        precondition(chunks[chunk].entries[place] == nil, "the free list holds free places only")
        chunks[chunk].entries[place] = operation
        chunks[chunk].dueAt[place] = min(dueAt, Self.free.subtracting(milliseconds: 1))
        chunks[chunk].owners[place] = merchants.add(merchant)
        return slot
    }

    /// - Precondition: the slot holds an operation.
    package subscript(slot: Int) -> WaitingOperation {
        let (chunk, place) = Self.split(slot)
        guard let operation = chunks[chunk].entries[place] else { preconditionFailure("the operation has ended") }
        return operation
    }

    /// The slot's operation leaves: it has ended, or a call about it begins.
    package mutating func remove(_ slot: Int) -> WaitingOperation {
        let operation = self[slot]
        let (chunk, place) = Self.split(slot)
        chunks[chunk].entries[place] = nil
        chunks[chunk].dueAt[place] = Self.free
        merchants.remove(place: chunks[chunk].owners[place])
        freeSlots.append(UInt32(slot))
        return operation
    }

    /// After a restart: the next resolution is at `dueAt`, and every call was sent by `sentAt`.
    package mutating func restart(_ slot: Int, dueAt: Timestamp, sentAt: Timestamp) {
        let (chunk, place) = Self.split(slot)
        precondition(chunks[chunk].entries[place] != nil, "the operation has ended")
        chunks[chunk].entries[place]?.tries = 0
        chunks[chunk].entries[place]?.sentAt = sentAt
        chunks[chunk].dueAt[place] = min(dueAt, Self.free.subtracting(milliseconds: 1))
    }

    /// Goes on round the table and finds the next entry that is due.
    /// - Parameters:
    ///   - time: entries due by then are found.
    ///   - looks: how many places may still be looked at. It falls by those that were.
    /// - Returns: the slot of an entry that is due; nil when no looks are left.
    package mutating func nextDue(by time: Timestamp, looks: inout Int) -> Int? {
        let end = slotCount
        guard end > 0 else { return nil }
        while looks > 0 {
            looks -= 1
            if cursor >= end { cursor = 0 }
            let slot = cursor
            cursor += 1
            let (chunk, place) = Self.split(slot)
            if chunks[chunk].dueAt[place] <= time { return slot }
        }
        return nil
    }

    /// Visits all entries, in the order of their slots.
    package func forEach(_ body: (_ slot: Int, _ operation: WaitingOperation) -> Void) {
        for chunk in chunks.indices {
            for place in 0..<Self.chunkCount {
                guard let operation = chunks[chunk].entries[place] else { continue }
                body(chunk << Self.chunkShift | place, operation)
            }
        }
    }

    private static func split(_ slot: Int) -> (chunk: Int, place: Int) {
        (slot >> chunkShift, slot & (chunkCount - 1))
    }

    private mutating func grow() {
        let base = slotCount
        chunks.append(
            Chunk(
                entries: ContiguousArray(repeating: nil, count: Self.chunkCount),
                dueAt: ContiguousArray(repeating: Self.free, count: Self.chunkCount),
                owners: ContiguousArray(repeating: 0, count: Self.chunkCount)
            )
        )
        // The lowest free slot is used first.
        for place in (0..<Self.chunkCount).reversed() { freeSlots.append(UInt32(base + place)) }
    }
}
