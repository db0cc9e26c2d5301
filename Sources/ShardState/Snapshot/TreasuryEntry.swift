package import Payments
import ShardRecords

/// The bytes of a pay-out or of a wallet in a cold file, and under the state digest. They are the
/// length of the whole (`u32`), zeros (`u32`), the fields as in a snapshot, and zeros up to a
/// multiple of eight.
package enum TreasuryEntry {
    private static let headerBytes = 8
    /// No text is longer than 128 bytes.
    private static let maximumBytes = 1 << 10

    package static func bytes(_ payout: Payout) -> [UInt8] { bytes(payout.store) }

    package static func bytes(_ wallet: Wallet) -> [UInt8] { bytes(wallet.store) }

    private static func bytes(_ store: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerBytes)
        store(&bytes)
        while bytes.count % 8 != 0 { bytes.append(0) }
        precondition(bytes.count <= maximumBytes, "a text is longer than the API takes")
        let length = UInt32(bytes.count)
        for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> UInt32(index * 8)) }
        return bytes
    }

    /// - Returns: the pay-out at the beginning of `bytes`, and the bytes of its entry.
    package static func payout(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> (Payout, Int) {
        try load(bytes) { reader, fields throws(RecordDecodingError) in try Payout(&reader, fields) }
    }

    /// - Returns: the wallet at the beginning of `bytes`, and the bytes of its entry.
    package static func wallet(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> (Wallet, Int) {
        try load(bytes) { reader, fields throws(RecordDecodingError) in try Wallet(&reader, fields) }
    }

    private static func load<Element>(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (inout RecordReader, Span<UInt8>) throws(RecordDecodingError) -> Element
    ) throws(PaymentLayoutError) -> (Element, Int) {
        guard bytes.count >= headerBytes else { throw PaymentLayoutError() }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        guard count > headerBytes, count <= min(bytes.count, maximumBytes), count % 8 == 0 else {
            throw PaymentLayoutError()
        }
        let entry = UnsafeRawBufferPointer(rebasing: bytes[..<count]).bindMemory(to: UInt8.self)
        var reader = RecordReader(offset: headerBytes)
        let element: Element
        do throws(RecordDecodingError) { element = try body(&reader, entry.span) } catch { throw PaymentLayoutError() }
        guard count - reader.offset < 8 else { throw PaymentLayoutError() }
        return (element, count)
    }
}
