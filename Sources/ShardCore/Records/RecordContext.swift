import Journal
import ShardRecords
import Time

/// The values that a shard writes into the next record beside the record's own fields: its
/// position, the actor that causes it, and the merchant's previous record.
struct RecordContext {
    /// The version of the configuration that decides now. Records name it.
    var configurationVersion: UInt32
    /// The actor that causes the records that are made now.
    var actor = RecordActor.gateway
    /// The position of the last record made (durable or not).
    private(set) var lastPosition: RecordPosition = 0
    /// The latest time that a record holds.
    private(set) var lastTime: Timestamp = .none
    /// The merchant's previous record, which the record that is being made has to name.
    private(set) var entryLink: RecordPosition = EntryLink.none

    init(configurationVersion: UInt32) { self.configurationVersion = configurationVersion }

    /// The position that the next record will have.
    var nextPosition: RecordPosition { lastPosition + 1 }

    /// The record that is being made books something for a merchant, behind the merchant's record
    /// at `position`.
    mutating func link(to position: RecordPosition) {
        assert(entryLink == EntryLink.none, "a record books once, and is persisted after it was applied")
        entryLink = position
    }

    /// The record is encoded, or compared on replay: the next one links to nothing yet.
    mutating func unlink() { entryLink = EntryLink.none }

    /// A record or a snapshot holds the time.
    mutating func see(_ time: Timestamp) { lastTime = max(lastTime, time) }

    /// The last record is the one at `position`.
    mutating func advance(to position: RecordPosition) { lastPosition = position }
}
