package import Journal
import Payments

/// What the last bytes of a record of version 3 hold: where the merchant's ledger goes on backwards.
package enum EntryLink {
    /// Nothing was booked for the merchant before; also in records that book nothing.
    package static let none: RecordPosition = 0
    /// The records before are of a version that was not linked, and not known to the one that wrote this: the list ends here,
    /// the ledger does not begin here.
    package static let unknown: RecordPosition = .max
}

/// The end of a merchant's ledger: the newest of its records that book something, each of which names the one before it, and
/// the newest of its balance marks. 64 bytes.
package struct EntryChain: Sendable, Equatable {
    /// `MerchantID.rawValue`.
    package var merchant: UInt64
    /// The newest record that books something for the merchant.
    package var newest: RecordPosition = 0
    /// Records that book something for it, since records are linked or since this shard knows of it.
    package var records: UInt64 = 0
    /// How many of them stand behind the newest mark.
    package var recordsSinceMark: UInt64 = 0
    /// Marks written.
    package var marks: UInt64 = 0
    /// The newest mark, and the newest whose number is a multiple of `BalanceMark.stride`, and of its square; 0 for none.
    package var newestMark: RecordPosition = 0
    package var newestFarMark: RecordPosition = 0
    package var newestFarthestMark: RecordPosition = 0

    init(merchant: UInt64) { self.merchant = merchant }
}

/// The chains of all merchants of a shard: an open-addressing table (linear probing, at most half full) of indices into a dense
/// array, like `Balances`. Never shrinks; has fewer entries than the ledger has accounts, because a merchant comes into it with
/// its first booking, and so shares the bound of `Balances.hasRoom`.
struct EntryChains: Sendable {
    private(set) var chains: [EntryChain] = []
    /// Index into `chains` plus one; 0 is free. The count is a power of two.
    private var slots: [UInt32] = [UInt32](repeating: 0, count: 64)
    /// Behind so many records of a merchant its next mark is due.
    let recordsPerMark: UInt64
    /// Index into `chains` plus one of a merchant whose mark is due; 0 for none.
    private var due: UInt32 = 0
    /// The shard began from a snapshot of a version that had no chains: a merchant that is not in the table may have a past.
    var hasUnknownPast = false

    init(recordsPerMark: Int) {
        precondition(recordsPerMark > 0)
        self.recordsPerMark = UInt64(recordsPerMark)
    }

    var count: Int { chains.count }

    /// The merchant whose mark is to be written now, if there is one.
    var chainWithDueMark: EntryChain? { due == 0 ? nil : chains[Int(due) - 1] }

    /// Makes `position` the newest record that books something for the merchant. The same position again changes nothing.
    /// - Returns: what the record has to name as the one before it.
    mutating func link(_ merchant: UInt64, at position: RecordPosition) -> RecordPosition {
        var slot = slot(of: merchant)
        if slots[slot] == 0 { slot = open(EntryChain(merchant: merchant), slot) }
        let index = Int(slots[slot]) - 1
        let before = chains[index].newest
        assert(before < position || before == 0, "records are linked in order")
        chains[index].newest = position
        chains[index].records += 1
        chains[index].recordsSinceMark += 1
        if chains[index].recordsSinceMark >= recordsPerMark { due = UInt32(index + 1) }
        return before == 0 && hasUnknownPast ? EntryLink.unknown : before
    }

    /// Makes `position` the merchant's newest mark.
    /// - Returns: false, and nothing is changed, when the mark does not follow from the chain.
    mutating func mark(_ mark: BalanceMark, at position: RecordPosition) -> Bool {
        let slot = slot(of: mark.merchant.rawValue)
        guard slots[slot] != 0 else { return false }
        var chain = chains[Int(slots[slot]) - 1]
        guard mark.number == chain.marks + 1, mark.newest == chain.newest, mark.previousMark == chain.newestMark,
            mark.previousFarMark == chain.newestFarMark, mark.previousFarthestMark == chain.newestFarthestMark
        else { return false }
        // One who replays what came before the links counts more records than the writer of the mark could.
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

    subscript(merchant: UInt64) -> EntryChain? {
        let slot = slot(of: merchant)
        return slots[slot] == 0 ? nil : chains[Int(slots[slot]) - 1]
    }

    /// Takes in what a snapshot holds.
    /// - Returns: false when the merchant is there already.
    mutating func restore(_ chain: EntryChain) -> Bool {
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

    /// The slot that holds the merchant, or the free slot where it belongs. Merchants' identifiers are digests already.
    private func slot(of merchant: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: merchant ^ merchant >> 32) & mask
        while slots[slot] != 0, chains[Int(slots[slot]) - 1].merchant != merchant { slot = (slot + 1) & mask }
        return slot
    }
}
