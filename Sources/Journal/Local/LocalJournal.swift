/// The journal on a local disk: a directory of pre-written segments, one writer thread, group commit.
package final class LocalJournal: JournalEngine, Sendable {
    package let epoch: UInt64

    private init(epoch: UInt64) {
        self.epoch = epoch
    }

    package var lastPosition: RecordPosition { 0 }

    /// Counters so far; any thread may ask.
    package var statistics: JournalStatistics { JournalStatistics() }

    /// Opens the journal of `directory` (made if it is missing, its parent must exist), gives every durable record in
    /// order to `replay`, and starts the writer. Blocks. When it throws, what was replayed is void.
    package static func open(
        directory: String,
        configuration: JournalConfiguration,
        owner: any JournalOwner,
        fileSystem: any JournalFileSystem,
        replay: (RecordPosition, Span<UInt8>) -> Void
    ) throws(JournalError) -> (journal: LocalJournal, report: RecoveryReport) {
        throw JournalError(.io, "the local journal is not finished")
    }

    package func append(
        records: borrowing [UInt8],
        count: Int,
        expecting: RecordPosition,
        epoch: UInt64
    ) throws(JournalError) {
        throw JournalError(.io, "the local journal is not finished")
    }

    package func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        throw JournalError(.io, "the local journal is not finished")
    }

    package func close() {}
}
