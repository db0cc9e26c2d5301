import CMillrace
import Crypto
import Foundation

/// What the hash chain costs: the same batches sealed with both checksums, and with checksums and
/// SHA-256, in turns.
enum ChainBenchmark {
    /// Nanoseconds per batch without and with the hash, medians over the rounds.
    static func run(payloadBytes: Int, rounds: Int) -> (plain: Double, chained: Double) {
        let payload = [UInt8](repeating: 0xA5, count: payloadBytes)
        var frame = [UInt8](repeating: 0, count: 256 + payloadBytes)
        var plain: [Double] = []
        var chained: [Double] = []
        let batches = max(50, 4_000_000 / payloadBytes)
        for _ in 0..<rounds {
            plain.append(time(batches) { seal(payload, &frame, isChained: false) })
            chained.append(time(batches) { seal(payload, &frame, isChained: true) })
        }
        return (plain.median, chained.median)
    }

    private static func time(_ batches: Int, _ body: () -> Void) -> Double {
        let start = Clocks.threadCPU()
        for _ in 0..<batches { body() }
        return Double(Clocks.threadCPU() - start) / Double(batches)
    }

    /// The work of `BatchHeader.seal`: the payload's copy, its checksum, the header's, and the hash
    /// over all but the checksums.
    @inline(never)
    private static func seal(_ payload: [UInt8], _ frame: inout [UInt8], isChained: Bool) {
        frame.withUnsafeMutableBytes { frame in
            payload.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: frame[256...]).copyMemory(from: $0) }
            guard let base = frame.baseAddress else { return }
            let checksum = millrace_crc32c(0, base + 256, payload.count)
            frame.storeBytes(of: checksum, toByteOffset: 4, as: UInt32.self)
            frame.storeBytes(of: millrace_crc32c(7, base + 4, 252), toByteOffset: 0, as: UInt32.self)
            guard isChained else { return }
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: frame[8...]))
            hash.finalize().withUnsafeBytes {
                frame.storeBytes(
                    of: $0.loadUnaligned(as: SIMD32<UInt8>.self),
                    toByteOffset: 112,
                    as: SIMD32<UInt8>.self
                )
            }
        }
    }
}
