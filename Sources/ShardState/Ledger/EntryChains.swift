package import Journal
import Payments
package import ShardRecords

/// The chains of all merchants of a shard: an open-addressing table (linear probing, at most half
/// full) of indices into a dense array, like `Balances`. It never shrinks. A merchant enters it
/// with its first booking. So it has no more entries than the ledger has merchants' accounts, and
/// the same bound.
package struct EntryChains: Sendable {
    package private(set) var chains: [EntryChain] = []
    /// Index into `chains` plus one; 0 is free. The count is a power of two.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)
    /// After so many records of a merchant its next mark is due.
    package let recordsPerMark: UInt64
    /// Index into `chains` plus one of a merchant whose mark is due; 0 for none.
    private var due: UInt32 = 0

    package init(recordsPerMark: Int) {
        precondition(recordsPerMark > 0)
        self.recordsPerMark = UInt64(recordsPerMark)
    }

    package var count: Int { chains.count }

    /// The merchant whose mark is to be written now, if there is one.
    package var chainWithDueMark: EntryChain? { due == 0 ? nil : chains[Int(due) - 1] }

    /// Makes `position` the newest record that books something for the merchant. The same position
    /// again changes nothing.
    /// - Returns: what the record has to name as the one before it.
    package mutating func link(_ merchant: UInt64, at position: RecordPosition) -> RecordPosition {
        var slot = slot(of: merchant)
        if slots[slot] == 0 { slot = open(EntryChain(merchant: merchant), slot) }
        let index = Int(slots[slot]) - 1
        let before = chains[index].newest
        assert(before < position || before == 0, "records are linked in order")
        chains[index].newest = position
        chains[index].records += 1
        chains[index].recordsSinceMark += 1
        if chains[index].recordsSinceMark >= recordsPerMark { due = UInt32(index + 1) }
        return before
    }

    /// Makes `position` the merchant's newest mark.
    /// - Returns: false, and nothing is changed, when the mark does not follow from the chain.
    package mutating func mark(_ mark: BalanceMark, at position: RecordPosition) -> Bool {
        let slot = slot(of: mark.merchant.rawValue)
        guard slots[slot] != 0 else { return false }
        var chain = chains[Int(slots[slot]) - 1]
        guard mark.number == chain.marks + 1, mark.newest == chain.newest, mark.previousMark == chain.newestMark,
            mark.previousFarMark == chain.newestFarMark, mark.previousFarthestMark == chain.newestFarthestMark
        else { return false }
        chain.records = mark.records
        chain.recordsSinceMark = 0
        chain.marks = mark.number
        chain.newestMark = position
        if mark.number % BalanceMark.stride == 0 { chain.newestFarMark = position }
        if mark.number % (BalanceMark.stride * BalanceMark.stride) == 0 { chain.newestFarthestMark = position }
        chains[Int(slots[slot]) - 1] = chain
        if due == slots[slot] { due = 0 }
        return true
    }

    package subscript(merchant: UInt64) -> EntryChain? {
        let slot = slot(of: merchant)
        return slots[slot] == 0 ? nil : chains[Int(slots[slot]) - 1]
    }

    /// Takes in what a snapshot holds.
    /// - Returns: false when the merchant is there already.
    package mutating func restore(_ chain: EntryChain) -> Bool {
        let slot = slot(of: chain.merchant)
        guard slots[slot] == 0 else { return false }
        _ = open(chain, slot)
        return true
    }

    /// - Returns: the slot, which may be another after growth.
    private mutating func open(_ chain: EntryChain, _ slot: Int) -> Int {
        chains.append(chain)
        slots[slot] = UInt32(chains.count)
        guard chains.count * 2 > slots.count else { return slot }
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in chains.indices { slots[self.slot(of: chains[index].merchant)] = UInt32(index + 1) }
        return self.slot(of: chain.merchant)
    }

    /// The slot that holds the merchant, or the free slot where it belongs. Merchants' identifiers
    /// are digests already.
    private func slot(of merchant: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: merchant ^ merchant >> 32) & mask
        while slots[slot] != 0, chains[Int(slots[slot]) - 1].merchant != merchant { slot = (slot + 1) & mask }
        return slot
    }
}
