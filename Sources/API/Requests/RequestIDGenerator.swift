package import Payments

/// Makes request identifiers: 128 bits of xoshiro256** (Blackman, Vigna 2018), seeded by the
/// system. They need to be unique, not secret.
package struct RequestIDGenerator: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// A generator with a seed of its own from the system.
    package init() {
        var system = SystemRandomNumberGenerator()
        self.init(seed: (system.next(), system.next(), system.next(), system.next() | 1))
    }

    /// A generator that always makes the same identifiers; not all of `seed` may be zero.
    package init(seed: (UInt64, UInt64, UInt64, UInt64)) {
        precondition(seed.0 | seed.1 | seed.2 | seed.3 != 0)
        self.state = seed
    }

    package mutating func next() -> RequestID {
        RequestID(high: step(), low: step())
    }

    private mutating func step() -> UInt64 {
        let result = rotate(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotate(state.3, by: 45)
        return result
    }

    private func rotate(_ value: UInt64, by count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
