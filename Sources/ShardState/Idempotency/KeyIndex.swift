import ShardRecords

/// Finds the place of a key in its table's slab: pages of slots with linear probing, and a
/// directory of pages by the first bits of a mixed digest (extendible hashing; Fagin and others,
/// 1979).
///
/// A page that is five sevenths full is divided. So the index takes memory as keys come, and what
/// is in use stays together in caches. An insertion waits for one page of 320 keys to be divided.
/// Each time that the keys have doubled, one insertion waits for a copy of the directory, too: 4
/// bytes a page. A page that has emptied stays for the keys to come.
///
/// Memory: 5.6 to 11.2 bytes a key at the most keys that there ever were.
struct KeyIndex {
    private static let pageSlots = 448
    /// The most keys of a page: five sevenths of its slots. At a number of keys that is a power of
    /// two, pages hold 256 each.
    private static let pageCapacity = 320
    /// Far more than any number of mixed digests needs.
    private static let maximumDepth = 40

    /// Places plus one, 0 for a free slot; page by page.
    private var slots: [UInt32]
    /// By page: keys, and how many bits all of them share.
    private var pages: [(count: UInt16, depth: UInt8)]
    /// Pages by the first `depth` bits.
    private var directory: [UInt32]
    private var depth: UInt8 = 0

    /// - Parameter capacity: keys for which address space is taken at once, so that pages do not
    ///   move.
    init(capacity: Int) {
        slots = []
        slots.reserveCapacity((capacity / (Self.pageCapacity / 2) + 2) * Self.pageSlots)
        slots.append(contentsOf: repeatElement(0, count: Self.pageSlots))
        pages = [(0, 0)]
        directory = [0]
    }

    var reservedBytes: Int { (slots.count + directory.count) * 4 + pages.count * 4 }

    /// The place at a slot plus one; 0 when it is free.
    subscript(slot: Int) -> UInt32 { slots[slot] }

    /// The slot where the search for a digest begins.
    func home(_ digest: KeyDigest) -> Int { page(of: Self.mixed(digest)) * Self.pageSlots + Self.offset(digest) }

    /// The slot where it goes on: the next one of the same page.
    func after(_ slot: Int) -> Int {
        let next = slot + 1
        return next % Self.pageSlots == 0 ? next - Self.pageSlots : next
    }

    /// The place of the home in its page.
    private static func offset(_ digest: KeyDigest) -> Int {
        Int(truncatingIfNeeded: UInt64(UInt32(truncatingIfNeeded: digest.low)) * UInt64(pageSlots) / (1 << 32))
    }

    /// Adds a key that is not here.
    /// - Parameter slab: where the digests of the others are.
    mutating func insert(_ place: Int, of digest: KeyDigest, in slab: [IdempotencyTable.Entry]) {
        let mixed = Self.mixed(digest)
        while pages[page(of: mixed)].count == Self.pageCapacity { divide(mixed, slab) }
        pages[page(of: mixed)].count += 1
        put(UInt32(place + 1), digest)
    }

    /// Removes the key at a slot and moves followers into the hole, so that no tombstones pile up.
    mutating func remove(_ slot: Int, in slab: [IdempotencyTable.Entry]) {
        pages[slot / Self.pageSlots].count -= 1
        let first = slot - slot % Self.pageSlots
        var hole = slot
        var next = after(hole)
        while slots[next] != 0 {
            let home = first + Self.offset(slab[Int(slots[next]) - 1].digest)
            if Self.distance(from: home, to: next) >= Self.distance(from: hole, to: next) {
                slots[hole] = slots[next]
                hole = next
            }
            next = after(next)
        }
        slots[hole] = 0
    }

    /// Steps of `after` between two slots of a page.
    private static func distance(from slot: Int, to other: Int) -> Int {
        other >= slot ? other - slot : other - slot + pageSlots
    }

    private mutating func put(_ word: UInt32, _ digest: KeyDigest) {
        var slot = home(digest)
        while slots[slot] != 0 { slot = after(slot) }
        slots[slot] = word
    }

    /// Divides the page of a digest by one bit more.
    private mutating func divide(_ mixed: UInt64, _ slab: [IdempotencyTable.Entry]) {
        let old = page(of: mixed)
        let shared = pages[old].depth
        precondition(shared < Self.maximumDepth, "digests are not spread")
        if shared == depth {
            directory = directory.flatMap { [$0, $0] }
            depth += 1
        }
        let new = pages.count
        pages[old] = (0, shared + 1)
        pages.append((0, shared + 1))
        let range = 1 << Int(depth - shared)
        let start = Self.first(depth, bitsOf: mixed) & ~(range - 1)
        for entry in start + range / 2..<start + range { directory[entry] = UInt32(new) }
        let ofPage = old * Self.pageSlots..<(old + 1) * Self.pageSlots
        let words = slots[ofPage].filter { $0 != 0 }
        for slot in ofPage { slots[slot] = 0 }
        slots.append(contentsOf: repeatElement(0, count: Self.pageSlots))
        for word in words {
            let digest = slab[Int(word) - 1].digest
            pages[page(of: Self.mixed(digest))].count += 1
            put(word, digest)
        }
    }

    private func page(of mixed: UInt64) -> Int { Int(directory[Self.first(depth, bitsOf: mixed)]) }

    private static func first(_ count: UInt8, bitsOf mixed: UInt64) -> Int {
        // Two shifts: one by 64 would be none.
        Int(truncatingIfNeeded: (mixed >> 1) >> (63 - UInt64(count)))
    }

    /// Digests are keyed hashes already. Tests use small numbers, and those spread, too.
    private static func mixed(_ digest: KeyDigest) -> UInt64 { (digest.low ^ digest.high) &* 0x9E37_79B9_7F4A_7C15 }
}
