package import Journal
package import Ledger

/// Why a journal record cannot be understood. The bytes passed their checksums, so this is a record
/// of another version of this program, or a defect: start-up stops.
package enum RecordDecodingError: Error, Equatable {
    case truncated
    case unknownKind(UInt8)
    case unsupportedVersion(UInt8)
    case invalidValue
    case ledger(LedgerDecodingError)
    /// The journal holds more keys that are still to be remembered than the table has room for: its
    /// capacity was lowered.
    case idempotencyTableFull(capacity: Int)
    /// The record is about a payment that left memory, and its cold file cannot be read.
    case coldPaymentUnreadable(sequence: UInt64)
    /// The same for a pay-out.
    case coldPayoutUnreadable(sequence: UInt64)
}

/// Little-endian fixed-width writing, the journal's only number format.
extension [UInt8] {
    @inlinable @inline(__always)
    package mutating func appendInteger<Integer: FixedWidthInteger>(_ value: Integer) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// A cursor over a record's bytes.
package struct RecordReader {
    package var offset = 0
    /// The merchant's record before this one that books something, where it does (`EntryLink`).
    package var entryLink: RecordPosition = EntryLink.none

    package init(
        offset: Int = 0,
        entryLink: RecordPosition = EntryLink.none
    ) {
        self.offset = offset
        self.entryLink = entryLink
    }

    @inlinable @inline(__always)
    package mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type,
        _ bytes: Span<UInt8>
    ) throws(RecordDecodingError) -> Integer {
        let size = MemoryLayout<Integer>.size
        guard bytes.count - offset >= size else { throw .truncated }
        // The bounds were checked just now.
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Integer.self) }
        offset += size
        return Integer(littleEndian: value)
    }

    package mutating func range(count: Int, _ bytes: Span<UInt8>) throws(RecordDecodingError) -> Range<Int> {
        guard count >= 0, bytes.count - offset >= count else { throw .truncated }
        defer { offset += count }
        return offset..<offset + count
    }

    package mutating func bytes(count: Int, _ bytes: Span<UInt8>) throws(RecordDecodingError) -> [UInt8] {
        let range = try range(count: count, bytes)
        return bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    package mutating func text(count: Int, _ bytes: Span<UInt8>) throws(RecordDecodingError) -> String {
        let range = try range(count: count, bytes)
        return bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
