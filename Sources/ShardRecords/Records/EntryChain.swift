package import Journal

/// What the last bytes of a record hold: the merchant's record before this one that books
/// something.
package enum EntryLink {
    /// Nothing was booked for the merchant before; also in records that book nothing.
    package static let none: RecordPosition = 0
}

/// The end of a merchant's ledger: the newest of its records that book something, and the newest of
/// its balance marks. Each of these records names the one before it. 64 bytes.
package struct EntryChain: Sendable, Equatable {
    /// `MerchantID.rawValue`.
    package var merchant: UInt64
    /// The newest record that books something for the merchant.
    package var newest: RecordPosition = 0
    /// Records that book something for it.
    package var records: UInt64 = 0
    /// How many of them stand behind the newest mark.
    package var recordsSinceMark: UInt64 = 0
    /// Marks written.
    package var marks: UInt64 = 0
    /// The newest mark, and the newest whose number is a multiple of `BalanceMark.stride`, and of
    /// its square; 0 for none.
    package var newestMark: RecordPosition = 0
    package var newestFarMark: RecordPosition = 0
    package var newestFarthestMark: RecordPosition = 0

    package init(merchant: UInt64) { self.merchant = merchant }
}

extension EntryChain {
    package static let storedBytes = 64

    package func store(into bytes: inout [UInt8]) {
        bytes.appendInteger(merchant)
        bytes.appendInteger(newest)
        bytes.appendInteger(records)
        bytes.appendInteger(recordsSinceMark)
        bytes.appendInteger(marks)
        bytes.appendInteger(newestMark)
        bytes.appendInteger(newestFarMark)
        bytes.appendInteger(newestFarthestMark)
    }

    package init(_ reader: inout RecordReader, _ bytes: Span<UInt8>) throws(RecordDecodingError) {
        merchant = try reader.integer(UInt64.self, bytes)
        newest = try reader.integer(UInt64.self, bytes)
        records = try reader.integer(UInt64.self, bytes)
        recordsSinceMark = try reader.integer(UInt64.self, bytes)
        marks = try reader.integer(UInt64.self, bytes)
        newestMark = try reader.integer(UInt64.self, bytes)
        newestFarMark = try reader.integer(UInt64.self, bytes)
        newestFarthestMark = try reader.integer(UInt64.self, bytes)
        guard newest > 0, recordsSinceMark <= records, (marks == 0) == (newestMark == 0) else { throw .invalidValue }
    }
}
