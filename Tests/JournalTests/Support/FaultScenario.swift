import Testing

@testable import Journal

/// Three sessions of a journal over several segments, run step by step without threads, so that the
/// operation number N is the same one in every run. Every record says in which attempt it was
/// appended: one that was refused cannot be taken for the one that was accepted later under the
/// same position.
final class FaultScenario {
    /// Who goes first when both the writer and the keeper have work.
    enum Order: CaseIterable {
        case writerFirst
        case keeperFirst
    }

    /// What else the journal does.
    enum Dress: CaseIterable {
        case plain
        /// Encrypted, signed, and its old segments retired, archived and used again.
        case everything
    }

    let disk: FakeDisk
    let order: Order
    let dress: Dress
    private let clock = ArchivingJournal.Clock()
    /// Records that `append` took, by position; those of a broken session behind `acknowledged` are
    /// in doubt.
    private(set) var accepted: [[UInt8]] = []
    private(set) var acknowledged: RecordPosition = 0
    /// Whether every session opened, wrote and closed without an error.
    private(set) var isComplete = true
    private var attempts: UInt64 = 0

    init(_ disk: FakeDisk, order: Order, dress: Dress = .plain) {
        self.disk = disk
        self.order = order
        self.dress = dress
    }

    private static let signer = CheckpointSigner.generate()

    private var configuration: JournalConfiguration {
        var configuration = TestJournal.configuration(segmentBytes: 32 << 10, batchBytes: 12 << 10)
        configuration.driving = .steps
        configuration.clock = { [clock] in clock.now }
        guard dress == .everything else { return configuration }
        configuration.keys = keys
        configuration.checkpoints = CheckpointSettings(signer: Self.signer, intervalNanoseconds: 0)
        configuration.archive = JournalArchiveConfiguration(directory: ArchivingJournal.archive, spareSegments: 1)
        return configuration
    }

    private var keys: JournalKeys? {
        guard dress == .everything, let ring = try? testRing("1: 1") else { return nil }
        return JournalKeys(ring)
    }

    /// Sessions one after another on the same disk, up to the first that breaks.
    func run() {
        for session in 0..<3 where isComplete { run(session) }
    }

    private func run(_ session: Int) {
        let opened: TestJournal
        do throws(JournalError) {
            opened = try TestJournal(disk, configuration)
        } catch {
            return isComplete = false
        }
        #expect(areEqual(opened.replayed, accepted))
        for tick in 0..<7 {
            append(1 + tick % 3, bytes: 1_500 + 700 * tick, to: opened)
            // Ticks of two at a time travel in one flush.
            if tick % 2 == 1 { settle(opened) }
            if tick == 4 { readBack(opened) }
            if dress == .everything, tick % 2 == 1 { archive(opened) }
        }
        if session != 1 { settle(opened) }
        opened.journal.close()
        noteEnd(of: opened)
    }

    private func append(_ count: Int, bytes: Int, to opened: TestJournal) {
        attempts += 1
        let last = opened.journal.lastPosition
        let records = (0..<count).map { Self.record(last + 1 + UInt64($0), attempt: attempts, bytes: bytes) }
        let hadFailed = !opened.owner.failures.isEmpty
        do throws(JournalError) {
            try opened.journal.append(
                records: framed(records),
                count: count,
                expecting: last,
                epoch: opened.journal.epoch
            )
            #expect(!hadFailed, "a failed journal takes nothing")
            accepted += records
        } catch {
            #expect(error.code != .fenced && error.code != .backlog)
            isComplete = false
        }
    }

    /// Steps until neither has anything to do. What waits for time waits for ever: the clock
    /// stands.
    private func settle(_ opened: TestJournal) {
        let journal = opened.journal
        switch order {
        case .writerFirst: while journal.stepWriter() == .did || journal.stepKeeper() == .did {}
        case .keeperFirst: while journal.stepKeeper() == .did || journal.stepWriter() == .did {}
        }
    }

    /// As after a snapshot of what is durable, less a little.
    private func archive(_ opened: TestJournal) {
        guard opened.owner.acknowledged > 3 else { return }
        opened.journal.retire(upTo: opened.owner.acknowledged - 3)
        for _ in 0..<60 {
            switch opened.journal.stepArchiver() {
            case .did: settle(opened)
            case .waitsUntil(let time) where time - clock.now <= 1_000_000_000: clock.advance(time - clock.now)
            case .waits, .waitsUntil, .ended: return
            }
        }
    }

    private func readBack(_ opened: TestJournal) {
        let position = opened.owner.acknowledged
        guard position > 0 else { return }
        do throws(JournalError) {
            #expect(try opened.journal.read(at: position) == accepted[Int(position) - 1])
        } catch {
            // A read that fails is the reader's loss, and harms nothing.
        }
    }

    private func noteEnd(of opened: TestJournal) {
        acknowledged = max(acknowledged, opened.owner.acknowledged)
        let failures = opened.owner.failures
        #expect(failures.count <= 1, "a failure is told once")
        #expect(acknowledged <= UInt64(accepted.count))
        if !failures.isEmpty { isComplete = false }
        if failures.isEmpty { #expect(acknowledged == UInt64(accepted.count), "what close flushed is told") }
    }

    static func record(_ position: RecordPosition, attempt: UInt64, bytes: Int) -> [UInt8] {
        testRecord(position &* 1_000_003 &+ attempt, bytes: bytes)
    }

    /// Opens the disk as the next start finds it: every acknowledged record is there, no refused
    /// one, whatever else was taken is there without a gap or not at all, and stays so from then
    /// on.
    func expectRecovery(_ disk: FakeDisk, _ what: @autoclosure () -> String) throws {
        let first = try TestJournal(disk, configuration)
        #expect(first.replayed.count >= acknowledged, "\(what()): acknowledged records are lost")
        #expect(areEqual(first.replayed, accepted.prefix(first.replayed.count)), "\(what()): other records")
        let more = (0..<3).map { Self.record(first.journal.lastPosition + 1 + $0, attempt: 0, bytes: 5_000) }
        try first.journal.append(
            records: framed(more),
            count: 3,
            expecting: first.journal.lastPosition,
            epoch: first.journal.epoch
        )
        first.journal.close()
        #expect(first.owner.acknowledged == UInt64(first.replayed.count + 3), "\(what()): goes on")
        let second = try TestJournal(disk, configuration)
        #expect(areEqual(second.replayed, first.replayed + more), "\(what()): what was found changed")
        #expect(second.report.torn == nil && second.journal.epoch > first.journal.epoch)
        second.journal.close()
        let verification = JournalVerifier.verify(
            directory: TestJournal.directory,
            keys: keys?.ring,
            fileSystem: disk
        )
        #expect(verification.isSound && verification.records == second.replayed.count, "\(what())")
    }
}
