/// Finds the merchant of a key's digest: a flat open-addressing table by the digest's first word. The digest of a
/// 256-bit secret can be aimed at no slot, and the last word is spoken by a constant-time comparison of all of it.
struct MerchantDirectory: Sendable {
    private struct Slot: Sendable {
        var digest = Digest256(words: (0, 0, 0, 0))
        /// Index into the configuration's merchants; negative when the slot is empty.
        var merchant: Int32 = -1
    }

    private var slots: [Slot]
    private let mask: Int

    init(_ merchants: [APIConfiguration.Merchant]) throws(APIConfigurationError) {
        let keys = merchants.reduce(0) { $0 + $1.keyHashes.count }
        guard keys <= APIConfiguration.maximumKeys else { throw .tooManyKeys }
        var capacity = 16
        while capacity < keys * 2 { capacity *= 2 }
        self.slots = Array(repeating: Slot(), count: capacity)
        self.mask = capacity - 1
        for (index, merchant) in merchants.enumerated() {
            for hash in merchant.keyHashes {
                guard insert(hash.digest, Int32(index)) else { throw .keyTwice(merchant: merchant.name) }
            }
        }
    }

    /// The index of the merchant whose key has this digest.
    func merchant(of digest: Digest256) -> Int? {
        var index = Int(truncatingIfNeeded: digest.words.0) & mask
        while slots[index].merchant >= 0 {
            if slots[index].digest.constantTimeEquals(digest) { return Int(slots[index].merchant) }
            index = (index + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ digest: Digest256, _ merchant: Int32) -> Bool {
        var index = Int(truncatingIfNeeded: digest.words.0) & mask
        while slots[index].merchant >= 0 {
            if slots[index].digest.constantTimeEquals(digest) { return false }
            index = (index + 1) & mask
        }
        slots[index] = Slot(digest: digest, merchant: merchant)
        return true
    }
}
