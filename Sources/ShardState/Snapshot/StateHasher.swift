import Payments
package import Risk
import ShardRecords

/// FNV-1a over 64-bit words: compares states in tests and audits, protects nothing.
package struct StateHasher {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func combine(_ word: UInt64) {
        value = (value ^ word) &* 0x0000_0100_0000_01b3
        value ^= value >> 29
    }

    package mutating func combine(_ words: InlineArray<4, UInt64>) {
        for index in words.indices { combine(words[index]) }
    }

    package mutating func combine(_ text: String) { for byte in text.utf8 { combine(UInt64(byte)) } }

    package mutating func combine(_ bytes: Span<UInt8>) { for index in bytes.indices { combine(UInt64(bytes[index])) } }
}

extension EntryChains {
    /// Of all chains, free of their order.
    package var digest: UInt64 {
        chains.reduce(0) { sum, chain in
            var line = StateHasher()
            line.combine([chain.merchant, chain.newest, chain.records, chain.recordsSinceMark])
            line.combine([chain.marks, chain.newestMark, chain.newestFarMark, chain.newestFarthestMark])
            return sum &+ line.value
        }
    }
}

extension StateHasher {
    /// The table is the same slot for slot after a replay, and so is where its search goes on.
    package mutating func combine(_ counters: RiskCounters) {
        combine([UInt64(counters.count), UInt64(counters.shape.cursor), 0, 0])
        counters.forEach { slot, counter in
            combine(UInt64(slot))
            combine(counter.merchant.rawValue)
            for word in counter.words { combine(word) }
        }
    }

    /// - Precondition: the bytes are a multiple of eight, as entries are.
    package mutating func combine(words bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count % 8 == 0)
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
    }
}
