import Journal
import ShardRecords
import Time

/// What the next record of a shard is written with, beside what it says: its place, who causes it,
/// and what it links to.
struct RecordContext {
    /// Of the configuration that decides now; records name it.
    var configurationVersion: UInt32
    /// Who causes the records that are made now.
    var actor = RecordActor.gateway
    /// The position of the last record made (durable or not).
    private(set) var lastPosition: RecordPosition = 0
    /// The latest time that a record holds.
    private(set) var lastTime: Timestamp = .none
    /// What the record that is being made has to name as the merchant's one before it.
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
