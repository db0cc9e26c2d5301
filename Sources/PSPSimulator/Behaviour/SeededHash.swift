/// A seeded 64-bit hash of bytes (folded multiplication). Its values are part of the simulator's
/// behaviour: the same seed and key must give the same decisions in every build. Swift's own
/// `Hasher` does not promise that.
struct SeededHash {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed ^ 0x9E37_79B9_7F4A_7C15
    }

    mutating func combine(_ word: UInt64) {
        let product = (state ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        state = product.high ^ product.low ^ 0xA076_1D64_78BD_642F
    }

    mutating func combine(_ bytes: Span<UInt8>) {
        let raw = bytes.bytes
        var offset = 0
        while offset + 8 <= raw.byteCount {
            combine(UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        var tail: UInt64 = 0
        while offset < raw.byteCount {
            tail = tail << 8 | UInt64(bytes[offset])
            offset += 1
        }
        combine(tail)
        // Tells "ab" + "c" from "a" + "bc" when strings follow each other.
        combine(UInt64(raw.byteCount))
    }

    /// The hash of what was combined so far.
    var value: UInt64 {
        var generator = SplitMix64(state: state)
        return generator.next()
    }
}
