/// What becomes of segments that are no longer needed for a start (`LocalJournal.retire`).
package struct JournalArchiveConfiguration: Sendable, Equatable {
    /// Where compressed copies go; made if it is missing, its parent must exist. One journal's own.
    package var directory: String
    /// Archived segments whose last batch is older are deleted; nil, the default, keeps them for
    /// ever. Milliseconds.
    package var keepMilliseconds: Int64?
    /// Archived segments whose files stay in place until the next segment needs a file: those are
    /// recycled. More are removed, oldest first. Default 4, which is about what is retired at once.
    package var spareSegments: Int
    /// Pause between two steps of about 256 KiB, so that flushes find the disk free. Default 8 ms:
    /// 32 MB/s; a quarter of it while more than `spareSegments` wait.
    package var pauseNanoseconds: UInt64

    package init(
        directory: String,
        keepMilliseconds: Int64? = nil,
        spareSegments: Int = 4,
        pauseNanoseconds: UInt64 = 8_000_000
    ) {
        precondition(keepMilliseconds ?? 1 > 0 && spareSegments >= 0 && !directory.isEmpty)
        self.directory = directory
        self.keepMilliseconds = keepMilliseconds
        self.spareSegments = spareSegments
        self.pauseNanoseconds = pauseNanoseconds
    }
}
