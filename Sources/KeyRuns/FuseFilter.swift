/// The shape of one binary fuse filter (Graf and Lemire, "Binary Fuse Filters", 2022). A look-up
/// makes three probes, and a slot has 16 bits. One in 65,536 look-ups of absent keys is a false
/// positive.
///
/// The slots stand in `segmentCount + 2` segments. The probes of a key fall into three neighbouring
/// segments.
struct FuseFilter: Sendable, Equatable {
    /// A power of two, at least 4.
    var segmentLength: UInt32
    /// The number of segments in which the first probe may fall. If it is 0, the filter could not
    /// be built, and every answer is "maybe".
    var segmentCount: UInt32
    var seed: UInt64

    /// Stands for a filter that could not be built: every key may be present.
    static let unknown = FuseFilter(segmentLength: 4, segmentCount: 0, seed: 0)

    var slotCount: Int { segmentCount == 0 ? 0 : Int(segmentCount + 2) * Int(segmentLength) }

    /// The shape for so many keys. The size is the paper's: enough slots that most seeds succeed.
    init(keyCount: Int, seed: UInt64) {
        precondition(keyCount > 0 && keyCount <= 1 << 24, "a filter is for 1 to 2^24 keys")
        var length: UInt32 = 4
        // The paper's log(n) / log(3.33) + 2.25, rounded down, as the exponent of two.
        var threshold = 2.465
        while Double(keyCount) >= threshold, length < 1 << 18 {
            length *= 2
            threshold *= 3.33
        }
        let slots = Int((Double(keyCount) * Self.slotsPerKey(keyCount)).rounded(.up))
        let segments = (slots + Int(length) - 1) / Int(length)
        segmentLength = length
        segmentCount = UInt32(max(1, segments - 2))
        self.seed = seed
    }

    init(segmentLength: UInt32, segmentCount: UInt32, seed: UInt64) {
        self.segmentLength = segmentLength
        self.segmentCount = segmentCount
        self.seed = seed
    }

    /// The paper's 0.875 + 0.25 * log(10^6) / log(n), at least 1.125. The logarithm is a lower
    /// bound, so that the filter is never smaller than the paper's and every machine computes the
    /// same.
    private static func slotsPerKey(_ keyCount: Int) -> Double {
        guard keyCount > 1 else { return 1 }
        let exponent = Int.bitWidth - 1 - keyCount.leadingZeroBitCount
        let logarithm = Double(exponent) + Double(keyCount) / Double(1 << exponent) - 1
        return max(1.125, 0.875 + 0.25 * 19.932 / logarithm)
    }

    /// The hash of a key under the filter's seed. Two different digests with the same hash under
    /// one seed have another chance under the next.
    func hash(_ digest: StoredKeyDigest) -> UInt64 {
        Self.mix(Self.mix(digest.high ^ seed) &+ digest.low)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        word = (word ^ (word >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return word ^ (word >> 33)
    }

    /// The three slots of a hash; all different.
    func slots(_ hash: UInt64) -> (Int, Int, Int) {
        let first = UInt32(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(segmentCount * segmentLength)).high)
        let mask = segmentLength - 1
        let second = (first + segmentLength) ^ (UInt32(truncatingIfNeeded: hash >> 18) & mask)
        let third = (first + 2 * segmentLength) ^ (UInt32(truncatingIfNeeded: hash) & mask)
        return (Int(first), Int(second), Int(third))
    }

    static func fingerprint(_ hash: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: hash ^ (hash >> 32)) }

    /// Whether the key may be among those the filter was built for; `false` is certain.
    /// - Parameter base: where the filter's slots begin in `fingerprints`.
    func mayContain(_ digest: StoredKeyDigest, _ fingerprints: [UInt16], base: Int) -> Bool {
        guard segmentCount > 0 else { return true }
        let hash = hash(digest)
        let (first, second, third) = slots(hash)
        let found = fingerprints[base + first] ^ fingerprints[base + second] ^ fingerprints[base + third]
        return found == Self.fingerprint(hash)
    }
}
