package import Journal
import Payments

/// A record with the link of its merchant's ledger.
package struct LinkedRecord: Sendable {
    package var header: RecordHeader
    package var record: ShardRecord
    /// The merchant's record before it that books something, if this one does; see `EntryLink`.
    package var link: RecordPosition

    package init(decoding bytes: Span<UInt8>) throws(RecordDecodingError) {
        record = try ShardRecord(decoding: bytes)
        var reader = RecordReader()
        header = try reader.header(bytes)
        link = reader.entryLink
    }

    /// Reads one from a journal.
    /// Throws what `read` throws, and `corrupt` for bytes that are no record.
    package init(
        at position: RecordPosition,
        read: (RecordPosition) throws(JournalError) -> [UInt8]
    ) throws(JournalError) {
        let bytes = try read(position)
        do throws(RecordDecodingError) {
            self = try LinkedRecord(decoding: bytes.span)
        } catch {
            throw JournalError(.corrupt, "record \(position) cannot be decoded: \(error)")
        }
        guard link < position else {
            throw JournalError(.corrupt, "record \(position) leads forward")
        }
    }
}
