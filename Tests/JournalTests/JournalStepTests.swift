import Synchronization
import Testing

@testable import Journal

/// The writer and the keeper without threads: the same code, run by whoever opened the journal.
@Suite struct JournalStepTests {
    private final class Clock: Sendable {
        private let nanoseconds = Mutex<UInt64>(1_000_000_000)
        var now: UInt64 { nanoseconds.withLock { $0 } }
        func advance(to time: UInt64) { nanoseconds.withLock { $0 = time } }
    }

    private let clock = Clock()
    private let disk = FakeDisk()

    private func open(floorNanoseconds: UInt64 = 0) throws -> TestJournal {
        var configuration = TestJournal.configuration(floorNanoseconds: floorNanoseconds)
        configuration.driving = .steps
        configuration.clock = { [clock] in clock.now }
        return try TestJournal(disk, configuration)
    }

    @Test func nothingHappensBetweenSteps() throws {
        let test = try open()
        try test.append(3)
        #expect(test.owner.durable.isEmpty)
        #expect(test.journal.stepWriter() == .did, "writes")
        #expect(test.owner.durable.isEmpty, "what was written is told in a step of its own")
        #expect(test.journal.stepWriter() == .did)
        #expect(test.owner.durable == [3])
        #expect(test.journal.stepWriter() == .waits)
        test.journal.close()
        #expect(test.journal.stepWriter() == .ended)
    }

    @Test func theFloorIsTheClocks() throws {
        let test = try open(floorNanoseconds: 1_000_000)
        let start = clock.now
        try test.append(10)
        while test.journal.stepWriter() == .did {}
        try test.append(10)
        #expect(test.journal.stepWriter() == .waitsUntil(nanoseconds: start + 500_000))
        clock.advance(to: start + 500_000)
        #expect(test.journal.stepWriter() == .did)
        test.journal.close()
    }

    @Test func `a busy writer sleeps until the floor before there are records, and flushes then`() throws {
        let test = try open(floorNanoseconds: 1_000_000)
        let start = clock.now
        try test.append(10)
        while test.journal.stepWriter() == .did {}
        #expect(test.journal.stepWriter() == .waitsUntil(nanoseconds: start + 500_000))
        clock.advance(to: start + 500_000)
        #expect(test.journal.stepWriter() == .waits, "nothing came: it sleeps until something does")
        try test.append(1)
        while test.journal.stepWriter() == .did {}
        #expect(test.owner.durable == [10, 11])
        test.journal.close()
    }

    @Test func `closing does not wait for the floor`() throws {
        let test = try open(floorNanoseconds: 1_000_000)
        try test.append(10)
        while test.journal.stepWriter() == .did {}
        test.journal.close()
        #expect(test.journal.stepWriter() == .ended)
    }

    @Test func writerAndKeeperTogetherFillManySegments() throws {
        for round in 0..<3 {
            let test = try open()
            #expect(test.replayed.count == round * 400)
            expectTestRecords(test.replayed)
            for _ in 0..<200 {
                try test.append(2, bytes: 900)
                while test.journal.stepWriter() == .did || test.journal.stepKeeper() == .did {}
            }
            #expect(test.owner.acknowledged == test.journal.lastPosition)
            #expect(test.journal.statistics.segmentsStarted > 5)
            test.journal.close()
        }
    }

    @Test func closingWithoutTheKeepersStepsDrainsWhatIsPending() throws {
        let test = try open()
        for _ in 0..<20 { try test.append(2, bytes: 5_000) }
        test.journal.close()
        #expect(test.owner.acknowledged == 40)
        #expect(try open().replayed.count == 40)
    }

    @Test func aFailedWriteEndsTheJournalAndTellsTheOwnerOnce() throws {
        let test = try open()
        try test.append(1)
        disk.arm(.refuse(code: 5), atOperation: disk.operations + 1)
        while test.journal.stepWriter() == .did {}
        #expect(test.journal.stepWriter() == .ended)
        #expect(test.owner.failures.count == 1 && test.owner.durable.isEmpty)
        test.journal.close()
    }
}
