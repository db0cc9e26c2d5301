import Foundation

/// Steele, Lea and Flood's SplitMix64: eight bytes of state, the same everywhere. What the harness
/// draws all its decisions from, so that a seed repeats a run.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A number in [0, 1).
    mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number in `range`, by multiplication: the bias is below 2^-32 for the ranges used here.
    mutating func next(in range: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int64(next().multipliedFullWidth(by: width).high)
    }

    /// The finalizer alone: a stateless bijection of 64 bits.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Draws an index by weight in one comparison on average (Walker's alias method), whatever the
/// number of weights.
struct WeightedIndex: Sendable {
    private let thresholds: [Double]
    private let aliases: [Int32]

    /// `weights` are not negative and not all zero.
    init(_ weights: [Double]) {
        let total = weights.reduce(0, +)
        precondition(total > 0 && weights.allSatisfy { $0 >= 0 }, "weights must be positive")
        var scaled = weights.map { $0 * Double(weights.count) / total }
        var aliases = weights.indices.map { Int32($0) }
        var small = scaled.indices.filter { scaled[$0] < 1 }
        var large = scaled.indices.filter { scaled[$0] >= 1 }
        while let less = small.popLast(), let more = large.last {
            aliases[less] = Int32(more)
            scaled[more] -= 1 - scaled[less]
            if scaled[more] < 1 {
                large.removeLast()
                small.append(more)
            }
        }
        self.thresholds = scaled
        self.aliases = aliases
    }

    /// Zipf's law: the k-th of `count` has weight `1 / k^exponent`.
    init(zipf count: Int, exponent: Double) {
        self.init((1...count).map { zipfWeight($0, exponent) })
    }

    func pick(_ random: inout SplitMix64) -> Int {
        guard thresholds.count > 1 else { return 0 }
        let index = Int(random.next(in: 0...Int64(thresholds.count - 1)))
        return random.nextUnit() < thresholds[index] ? index : Int(aliases[index])
    }
}

private func zipfWeight(_ rank: Int, _ exponent: Double) -> Double {
    pow(Double(rank), -exponent)
}
