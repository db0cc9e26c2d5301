/// The only source of randomness in a simulated world: SplitMix64, with one stream for each
/// concern. So another draw in one stream changes nothing in the others. Integers only:
/// floating-point libraries differ in their last bits.
struct SimRandom {
    /// Who draws.
    enum Stream: UInt64 {
        case scenario = 1
        case disk
        case crashes
        case network
        case edge
        case merchants
        case lastingFaults
        case damage
        case planted
        case operators
        case scorer
        case connectors
        case hosts = 100
        case handovers
        case consumers
        case oldKeys
        // These streams draw whether a world has a feature that older worlds had not. Their numbers
        // leave the worlds of the regression seeds unchanged.
        case earlierConnectors = 223
        case leases = 652
        case shards = 861
    }

    private var state: UInt64

    init(seed: UInt64, _ stream: Stream) {
        state = seed &* 0xD6E8_FEB8_6659_FD93 ^ (stream.rawValue &* 0xA076_1D64_78BD_642F)
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// True `count` times in a million. Draws once whatever the chance.
    mutating func chance(_ perMillion: Int) -> Bool { Int(next() % 1_000_000) < perMillion }

    /// 0..<count
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    mutating func between(_ low: Int64, _ high: Int64) -> Int64 { low + Int64(next() % UInt64(high - low + 1)) }

    /// Mostly near `typical`, sometimes up to ten times, rarely up to a hundred times as much.
    mutating func skewed(_ typical: Int64) -> Int64 {
        let scale: Int64 =
            switch below(100) {
            case 0: 100
            case 1...7: 10
            default: 1
            }
        return between(typical / 2, typical * 3 / 2) * scale
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}

/// FNV-1a over 64-bit words: compares, protects nothing.
struct WordHash {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func combine(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }

    mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= bytes.count {
            combine(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < bytes.count {
            combine(UInt64(bytes[offset]))
            offset += 1
        }
        combine(UInt64(bytes.count))
    }
}
