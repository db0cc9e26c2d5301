import Journal
package import Payments

/// The bytes of one payment with its details, references, refunds and disputes. They are the same
/// in snapshots, in cold files and under the state digest (docs/records.md, "Payments in
/// snapshots").
package enum PaymentEntry {
    /// Length of the whole `u32`, bytes of a payment's fixed part `u16`, of a refund's `u16`.
    package static let headerBytes = 8
    /// The largest: details, 1,000 refunds, 16 disputes with their evidence, references of up to
    /// 255 bytes.
    package static let maximumBytes = 768 << 10

    /// The size of an entry, and the notes that are put together for it.
    package struct Size {
        package var bytes: Int
        package var refunds: UInt16
        /// The notes in one piece.
        var notes: [UInt8]
    }

    /// What the entry at the beginning of `bytes` is.
    package static func head(_ bytes: UnsafeRawBufferPointer) throws(PaymentLayoutError) -> ColdHead {
        let smallest = headerBytes + PaymentLayout.paymentBytes
        guard bytes.count >= smallest else { throw PaymentLayoutError() }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self)))
        guard count <= bytes.count, count >= smallest else { throw PaymentLayoutError() }
        let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 8, as: UInt64.self))
        let record = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 72, as: UInt64.self))
        let merchant = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: headerBytes + 16, as: UInt64.self))
        let owner = MerchantID(rawValue: merchant)
        return ColdHead(sequence: low, merchant: owner, lastRecord: record, byteCount: count)
    }
}

extension UnsafeMutableRawBufferPointer {
    @inline(__always)
    package func from(_ offset: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: self[offset...])
    }
}
