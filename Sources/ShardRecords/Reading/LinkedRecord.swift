package import Journal
import Payments

/// A record with the link of its merchant's ledger.
package struct LinkedRecord: Sendable {
    package var record: ShardRecord
    /// The merchant's record before it that books something, if this one does; see `EntryLink`. Unknown for records of versions 1
    /// and 2 that book something.
    package var link: RecordPosition
    /// Whether the record is of a version that has links.
    package var isLinked: Bool

    package init(decoding bytes: Span<UInt8>) throws(RecordDecodingError) {
        record = try ShardRecord(decoding: bytes)
        var reader = RecordReader()
        _ = try reader.header(bytes)
        isLinked = reader.version >= 3
        link = isLinked || record.transfers.count == 0 ? reader.entryLink : EntryLink.unknown
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
        guard link == EntryLink.none || link == EntryLink.unknown || link < position else {
            throw JournalError(.corrupt, "record \(position) leads forward")
        }
    }
}
