/// A stream of a log as one owner has it, from an acquisition on. When another owner acquires the
/// stream, appends, renewals and confirmations are refused as `fenced`; reads go on.
///
/// Threads: as `LocalJournal`.
package final class StreamJournal: JournalEngine, Sendable {
    package let epoch: UInt64
    private let log: StreamLog
    private let index: Int

    private var core: StreamCore { log.core }

    init(_ log: StreamLog, _ index: Int, epoch: UInt64) {
        self.log = log
        self.index = index
        self.epoch = epoch
    }

    /// The last reference may go on the writer's thread, which cannot wait for itself.
    deinit { _ = core.beginRelease(index, epoch: epoch) }

    package var isOwner: Bool { core.signals[index].isOwner(epoch) }

    package var lastPosition: RecordPosition { core.monitor.withLock { $0.streams[index].mark.position } }

    package var roomBytes: Int { core.roomBytes(of: index, log.journal) }

    package func wantRoom(bytes: Int) { core.wantRoom(bytes: bytes, of: index, log.journal) }

    package var largestAppendBytes: Int { core.limits.shareBytes }

    /// Bytes of the largest record that `append` takes; a larger one is a mistake of the program
    /// and traps.
    package var maximumRecordBytes: Int { core.limits.recordBytes }

    package func append(
        records: borrowing [UInt8],
        count: Int,
        expecting: RecordPosition,
        epoch: UInt64
    ) throws(JournalError) {
        let core = core
        let index = self.index
        let failure = records.withUnsafeBytes { bytes -> JournalError? in
            RecordArena.checkFraming(bytes, count: count, maximumRecordBytes: core.limits.recordBytes)
            do throws(JournalError) {
                try core.append(bytes, count: count, to: index, expecting: expecting, epoch: epoch)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    @discardableResult
    package func renew(at now: UInt64) throws(JournalError) -> UInt64 {
        try core.renew(index, epoch: epoch, at: now)
    }

    package func confirm() throws(JournalError) { try core.confirm(index, epoch: epoch) }

    package func read(at position: RecordPosition) throws(JournalError) -> [UInt8] {
        var cache = JournalReadCache()
        return try core.read(at: position, of: index, log.journal, &cache)
    }

    package func read(at position: RecordPosition, cache: inout JournalReadCache) throws(JournalError) -> [UInt8] {
        try core.read(at: position, of: index, log.journal, &cache)
    }

    package func retire(upTo position: RecordPosition) { core.retire(index, upTo: position, epoch: epoch) }

    /// Flushes what is pending, tells it, and gives the stream up.
    package func close() { core.release(index, epoch: epoch) }
}
