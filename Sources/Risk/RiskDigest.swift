/// The secret that subjects are hashed under, so that nobody can choose customers whose counters
/// collide.
package struct RiskKey: Sendable, Equatable {
    package var first: UInt64
    package var second: UInt64

    package init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }
}

/// 128 bits of SipHash-2-4 over what a counter or a list entry is about; the text itself is not
/// kept.
package struct RiskDigest: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    /// Over two words and then bytes, in the little-endian order of SipHash's reference.
    init(_ key: RiskKey, first: UInt64, second: UInt64, bytes: Span<UInt8>) {
        var hash = SipHash128(key)
        hash.combine(first)
        hash.combine(second)
        (low, high) = hash.finish(bytes, before: 16)
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// SipHash-2-4 with 128 bits of output (Aumasson and Bernstein; the reference implementation's
/// `siphash` with outlen 16).
struct SipHash128 {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64

    init(_ key: RiskKey) {
        v0 = 0x736f_6d65_7073_6575 ^ key.first
        v1 = 0x646f_7261_6e64_6f6d ^ key.second ^ 0xee
        v2 = 0x6c79_6765_6e65_7261 ^ key.first
        v3 = 0x7465_6462_7974_6573 ^ key.second
    }

    mutating func combine(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
    }

    /// - Parameter count: the bytes combined before these, as words.
    mutating func finish(_ bytes: Span<UInt8>, before count: Int) -> (UInt64, UInt64) {
        var offset = 0
        while offset + 8 <= bytes.count {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
            combine(word)
            offset += 8
        }
        var last = UInt64(truncatingIfNeeded: count + bytes.count) << 56
        for index in offset..<bytes.count { last |= UInt64(bytes[index]) << UInt64(8 * (index - offset)) }
        combine(last)
        v2 ^= 0xee
        for _ in 0..<4 { round() }
        let first = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        for _ in 0..<4 { round() }
        return (first, v0 ^ v1 ^ v2 ^ v3)
    }

    private mutating func round() {
        v0 &+= v1
        v1 = (v1 << 13 | v1 >> 51) ^ v0
        v0 = v0 << 32 | v0 >> 32
        v2 &+= v3
        v3 = (v3 << 16 | v3 >> 48) ^ v2
        v0 &+= v3
        v3 = (v3 << 21 | v3 >> 43) ^ v0
        v2 &+= v1
        v1 = (v1 << 17 | v1 >> 47) ^ v2
        v2 = v2 << 32 | v2 >> 32
    }
}
