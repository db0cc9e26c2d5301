/// Finds a record's number by the hash of its name. Holds 32 bits of the hash and the number, not
/// the name: the caller compares names.
///
/// The hash's top bits divide it into segments, each an open-addressing table of its own. So growth
/// moves a thousandth of the entries at a time, and never rehashes millions at once.
struct HashIndex {
    private static let segmentBits = 10

    private struct Segment {
        /// Tag in the upper, number + 1 in the lower half; 0 is free.
        var slots: [UInt64]
        var count = 0
    }

    private var segments: [Segment]
    private(set) var count = 0

    init() {
        segments = Array(repeating: Segment(slots: Array(repeating: 0, count: 16)), count: 1 << Self.segmentBits)
    }

    /// The first record under `hash` that `matches` accepts.
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
        let segment = Int(hash >> (64 - UInt64(Self.segmentBits)))
        let tag = UInt32(truncatingIfNeeded: hash)
        let slots = segments[segment].slots
        let mask = slots.count - 1
        var position = Int(tag) & mask
        while slots[position] != 0 {
            if UInt32(slots[position] >> 32) == tag {
                let number = UInt32(truncatingIfNeeded: slots[position]) - 1
                if matches(number) { return number }
            }
            position = (position + 1) & mask
        }
        return nil
    }

    /// Adds a record that `find` did not find.
    mutating func insert(_ hash: UInt64, _ number: UInt32) {
        let segment = Int(hash >> (64 - UInt64(Self.segmentBits)))
        if segments[segment].count * 4 >= segments[segment].slots.count * 3 { grow(segment) }
        let entry = UInt64(UInt32(truncatingIfNeeded: hash)) << 32 | UInt64(number + 1)
        Self.place(entry, in: &segments[segment].slots)
        segments[segment].count += 1
        count += 1
    }

    private mutating func grow(_ segment: Int) {
        var larger = [UInt64](repeating: 0, count: segments[segment].slots.count * 2)
        for entry in segments[segment].slots where entry != 0 { Self.place(entry, in: &larger) }
        segments[segment].slots = larger
    }

    private static func place(_ entry: UInt64, in slots: inout [UInt64]) {
        let mask = slots.count - 1
        var position = Int(entry >> 32) & mask
        while slots[position] != 0 { position = (position + 1) & mask }
        slots[position] = entry
    }
}
