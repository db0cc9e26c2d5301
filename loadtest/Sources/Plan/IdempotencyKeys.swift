/// Makes the idempotency keys of a run: version 4 UUIDs (RFC 9562) that follow from seed and
/// sequence number, so a journal or a report names a key by its number, and a rerun with the same
/// seed repeats them all.
struct IdempotencyKeys: Sendable {
    let seed: UInt64

    /// The two halves of the key's 128 bits; different for different sequence numbers of one seed.
    func bits(_ sequence: UInt64) -> (high: UInt64, low: UInt64) {
        let high = SplitMix64.mix(seed ^ sequence &* 0x9E37_79B9_7F4A_7C15)
        let low = SplitMix64.mix(sequence &+ 0xD1B5_4A32_D192_ED03 ^ (seed << 1 | 1))
        return (high & ~0xF000 | 0x4000, low & ~(3 << 62) | 2 << 62)
    }

    /// 36 characters: `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx`.
    func text(_ sequence: UInt64) -> String {
        let (high, low) = bits(sequence)
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var index = 0
            var shift = 124
            while shift >= 0 {
                if index == 8 || index == 13 || index == 18 || index == 23 {
                    buffer[index] = UInt8(ascii: "-")
                    index += 1
                }
                let word = shift >= 64 ? high >> UInt64(shift - 64) : low >> UInt64(shift)
                let digit = UInt8(truncatingIfNeeded: word & 15)
                buffer[index] = digit < 10 ? 48 + digit : 87 + digit
                index += 1
                shift -= 4
            }
            return index
        }
    }
}
