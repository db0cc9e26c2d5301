import Synchronization

@testable import Journal

/// A journal that archives, on a fake disk, driven step by step: header and three batches of one
/// record fill a segment.
struct ArchivingJournal {
    static let archive = TestJournal.directory + "/archive"

    final class Clock: Sendable {
        private let nanoseconds = Mutex<UInt64>(1_000_000_000)
        var now: UInt64 { nanoseconds.withLock { $0 } }
        func advance(_ time: UInt64) { nanoseconds.withLock { $0 += time } }
    }

    static func configuration(_ clock: Clock, spares: Int = 2, keep: Int64? = nil) -> JournalConfiguration {
        var configuration = TestJournal.configuration(segmentBytes: 16_384, batchBytes: 4_096)
        configuration.archive = JournalArchiveConfiguration(
            directory: archive,
            keepMilliseconds: keep,
            spareSegments: spares
        )
        configuration.driving = .steps
        configuration.clock = { clock.now }
        return configuration
    }

    let test: TestJournal
    let clock: Clock

    init(
        _ disk: any JournalFileSystem,
        clock: Clock = Clock(),
        spares: Int = 2,
        keep: Int64? = nil,
        from origin: RecordPosition = 0,
        configure: (inout JournalConfiguration) -> Void = { _ in }
    ) throws(JournalError) {
        self.clock = clock
        var configuration = Self.configuration(clock, spares: spares, keep: keep)
        configure(&configuration)
        test = try TestJournal(disk, configuration, from: origin)
    }

    var journal: LocalJournal { test.journal }

    /// Runs writer and keeper until neither has anything to do; the archiver not at all.
    func settle() {
        while journal.stepWriter() == .did || journal.stepKeeper() == .did {}
    }

    /// Appends records one by one, each a batch.
    func append(_ count: Int) throws(JournalError) {
        for _ in 0..<count {
            try test.append(1)
            settle()
        }
    }

    /// Lets the archiver do all that it can, with time passing as it wants.
    func archiveAll(steps limit: Int = 10_000) {
        for _ in 0..<limit {
            switch journal.stepArchiver() {
            case .did: settle()
            case .waitsUntil(let time) where time - clock.now <= 1_000_000_000: clock.advance(time - clock.now)
            case .waits, .waitsUntil, .ended: return
            }
        }
    }
}
