/// Finds the merchant or operator of a key by the key's digest. It is a flat open-addressing table
/// by the digest's first word. Nobody can choose a 256-bit secret so that its digest gets a certain
/// slot. A constant-time comparison of the whole digest decides.
struct MerchantDirectory: Sendable {
    private struct Slot: Sendable {
        var digest = Digest256(words: (0, 0, 0, 0))
        /// Index into the configuration's merchants, and behind them its operators; negative when
        /// the slot is empty.
        var principal: Int32 = -1
    }

    private var slots: [Slot]
    private let mask: Int

    private let merchantCount: Int

    init(
        _ merchants: [APIConfiguration.Merchant],
        operators: [APIConfiguration.Operator]
    ) throws(APIConfigurationError) {
        let keys = merchants.reduce(0) { $0 + $1.keyHashes.count } + operators.reduce(0) { $0 + $1.keyHashes.count }
        guard keys <= APIConfiguration.maximumKeys else { throw .tooManyKeys }
        var capacity = 16
        while capacity < keys * 2 { capacity *= 2 }
        self.slots = Array(repeating: Slot(), count: capacity)
        self.mask = capacity - 1
        self.merchantCount = merchants.count
        for (index, merchant) in merchants.enumerated() {
            for hash in merchant.keyHashes {
                guard insert(hash.digest, Int32(index)) else { throw .keyTwice(merchant: merchant.name) }
            }
        }
        for (index, `operator`) in operators.enumerated() {
            for hash in `operator`.keyHashes {
                guard insert(hash.digest, Int32(merchants.count + index)) else {
                    throw .keyTwice(merchant: `operator`.name)
                }
            }
        }
    }

    /// The merchant or operator whose key has this digest.
    func principal(of digest: Digest256) -> Principal? {
        var index = Int(truncatingIfNeeded: digest.words.0) & mask
        while slots[index].principal >= 0 {
            if slots[index].digest.constantTimeEquals(digest) {
                let number = Int(slots[index].principal)
                return number < merchantCount ? .merchant(number) : .operator(number - merchantCount)
            }
            index = (index + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ digest: Digest256, _ principal: Int32) -> Bool {
        var index = Int(truncatingIfNeeded: digest.words.0) & mask
        while slots[index].principal >= 0 {
            if slots[index].digest.constantTimeEquals(digest) { return false }
            index = (index + 1) & mask
        }
        slots[index] = Slot(digest: digest, principal: principal)
        return true
    }
}

/// Who sent a request: an index into the configuration's merchants, or operators.
enum Principal: Sendable, Equatable {
    case merchant(Int)
    case `operator`(Int)
}
