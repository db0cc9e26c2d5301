/// Counters of one journal's archive since the journal was opened.
package struct ArchiveStatistics: Sendable, Equatable {
    /// Segments put into the archive.
    package internal(set) var archived: UInt64 = 0
    /// Their bytes, up to the end of the last batch, and those of their archive files.
    package internal(set) var bytesBefore: UInt64 = 0
    package internal(set) var bytesAfter: UInt64 = 0
    /// Segment files that became the next segment, and those that were removed.
    package internal(set) var recycled: UInt64 = 0
    package internal(set) var removed: UInt64 = 0
    /// Archived segments deleted because they were older than configured.
    package internal(set) var expired: UInt64 = 0
    /// Attempts that failed; tried again after a minute.
    package internal(set) var failures: UInt64 = 0
    /// Why the last attempt failed; nil when one has succeeded since.
    package internal(set) var failure: String?
    /// Retired segments that wait.
    package internal(set) var waiting = 0
}
