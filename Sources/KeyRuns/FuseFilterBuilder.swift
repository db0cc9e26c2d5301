/// Builds filters. It keeps its working memory (some 25 bytes a key) for the next one.
struct FuseFilterBuilder {
    /// Seeds tried before a filter is given up; one seed fails in less than one of ten cases.
    static let defaultAttempts = 64

    private let maximumAttempts: Int
    /// For each slot the number of keys that probe it, times four, and the exclusive-or of their
    /// probes' numbers.
    private var counts: [UInt32] = []
    /// For each slot the exclusive-or of the hashes that probe it.
    private var hashes: [UInt64] = []
    /// Slots that one key alone probes.
    private var alone: [UInt32] = []
    /// Keys in the order in which they were peeled off, and which of their probes was alone.
    private var order: [(hash: UInt64, probe: UInt8)] = []

    init(maximumAttempts: Int = defaultAttempts) {
        self.maximumAttempts = maximumAttempts
    }

    /// Builds the filter of different digests and appends its slots to `fingerprints`. The same
    /// digests give the same filter. When every seed fails, nothing is appended and the filter
    /// answers "maybe" to all.
    mutating func build(_ digests: [StoredKeyDigest], appendingTo fingerprints: inout [UInt16]) -> FuseFilter {
        guard let first = digests.first else { return .unknown }
        for attempt in 0..<maximumAttempts {
            let seed = first.high &+ first.low &* 31 &+ UInt64(attempt) &* 0x9E37_79B9_7F4A_7C15
            let filter = FuseFilter(keyCount: digests.count, seed: seed)
            guard peel(digests, filter) else { continue }
            assign(filter, appendingTo: &fingerprints)
            return filter
        }
        return .unknown
    }

    /// Orders the keys so that each has a slot that no later one probes; false if the seed does not
    /// allow it.
    private mutating func peel(_ digests: [StoredKeyDigest], _ filter: FuseFilter) -> Bool {
        counts.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
        alone.removeAll(keepingCapacity: true)
        counts.append(contentsOf: repeatElement(0, count: filter.slotCount))
        hashes.append(contentsOf: repeatElement(0, count: filter.slotCount))
        for digest in digests {
            let hash = filter.hash(digest)
            let (first, second, third) = filter.slots(hash)
            add(hash, first, probe: 0)
            add(hash, second, probe: 1)
            add(hash, third, probe: 2)
        }
        for slot in counts.indices where counts[slot] >> 2 == 1 { alone.append(UInt32(slot)) }
        while let slot = alone.popLast() {
            guard counts[Int(slot)] >> 2 == 1 else { continue }
            let hash = hashes[Int(slot)]
            let probe = UInt8(counts[Int(slot)] & 3)
            order.append((hash, probe))
            let (first, second, third) = filter.slots(hash)
            take(hash, first, probe: 0)
            take(hash, second, probe: 1)
            take(hash, third, probe: 2)
        }
        return order.count == digests.count
    }

    private mutating func add(_ hash: UInt64, _ slot: Int, probe: UInt32) {
        counts[slot] = (counts[slot] &+ 4) ^ probe
        hashes[slot] ^= hash
    }

    private mutating func take(_ hash: UInt64, _ slot: Int, probe: UInt32) {
        counts[slot] = (counts[slot] &- 4) ^ probe
        hashes[slot] ^= hash
        if counts[slot] >> 2 == 1 { alone.append(UInt32(slot)) }
    }

    private func assign(_ filter: FuseFilter, appendingTo fingerprints: inout [UInt16]) {
        let base = fingerprints.count
        fingerprints.append(contentsOf: repeatElement(0, count: filter.slotCount))
        for (hash, probe) in order.reversed() {
            let (first, second, third) = filter.slots(hash)
            let free = base + (probe == 0 ? first : probe == 1 ? second : third)
            // The free slot is still zero, so the exclusive-or may include all three slots.
            fingerprints[free] =
                FuseFilter.fingerprint(hash) ^ fingerprints[base + first] ^ fingerprints[base + second]
                ^ fingerprints[base + third]
        }
    }
}
