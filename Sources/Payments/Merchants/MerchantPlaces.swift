/// Numbers merchants from 0 in the order of their first use. A merchant keeps its number while the
/// process runs; there are at most as many as merchants in the configuration.
///
/// Open addressing with a multiplied identifier: a payment asks several tables for its merchant,
/// and a dictionary's keyed hash costs more than all else of the question. No client chooses
/// merchants' identifiers, so that none can make them collide.
package struct MerchantPlaces: Sendable {
    /// Merchants by their number.
    package private(set) var merchants: [MerchantID] = []
    /// A merchant's number plus one; 0 for a free slot. At most half of the slots are used.
    private var slots: [UInt32] = [0, 0]
    /// The bits of a product that are not the number of a slot.
    private var shift: UInt64 = 63

    package init() {}

    /// Nil for a merchant that was never added.
    package func place(of merchant: MerchantID) -> UInt32? {
        var slot = home(merchant)
        while slots[slot] != 0 {
            let place = slots[slot] - 1
            if merchants[Int(place)] == merchant { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The merchant's number; the next one for a merchant that was never added.
    package mutating func add(_ merchant: MerchantID) -> UInt32 {
        if let known = place(of: merchant) { return known }
        let new = UInt32(merchants.count)
        merchants.append(merchant)
        if merchants.count * 2 > slots.count { grow() } else { enter(new) }
        return new
    }

    private func home(_ merchant: MerchantID) -> Int {
        // 2^64 divided by the golden ratio: neighbours spread over all slots (Knuth, volume 3,
        // section 6.4).
        Int(truncatingIfNeeded: (merchant.rawValue &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    private mutating func enter(_ place: UInt32) {
        var slot = home(merchants[Int(place)])
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = place + 1
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        shift -= 1
        for place in merchants.indices { enter(UInt32(place)) }
    }
}
