/// The chain of a stream: one checksum over all of its records from the first on, each with its
/// length. It also covers each owner's epoch, at its place among the records. It does not depend on
/// how the records were split into runs, batches and segments. So two different histories of a
/// shard have different chains, wherever they are stored.
///
/// It shows faults, not forgery: whoever can write the files can compute it. The log's chain of
/// SHA-256 and its signed checkpoints show forgery.
package struct StreamChain: Sendable, Equatable, CustomStringConvertible {
    /// Before the first record.
    static let genesis = StreamChain(value: 0)

    /// CRC-32C.
    let value: UInt32

    /// Eight hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The chain behind framed records.
    func appending(_ records: UnsafeRawBufferPointer) -> StreamChain {
        StreamChain(value: crc32c(records, seed: value))
    }

    /// The chain behind a new owner's epoch.
    func appending(epoch: UInt64) -> StreamChain {
        withUnsafeBytes(of: epoch.littleEndian) { appending($0) }
    }
}
