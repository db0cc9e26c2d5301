import Testing

@testable import Journal

@Suite struct LocalJournalTests {
    @Test func `what was appended is replayed in order after a reopen`() throws {
        let disk = FakeDisk()
        let first = try TestJournal(disk)
        #expect(first.report.created && first.report.records == 0)
        for count in 1...20 { try first.append(count) }
        first.journal.close()
        #expect(first.owner.acknowledged == 210)
        #expect(first.owner.failures.isEmpty)

        let second = try TestJournal(disk)
        defer { second.journal.close() }
        #expect(second.replayed.count == 210)
        expectTestRecords(second.replayed)
        #expect(second.report.lastPosition == 210 && second.report.torn == nil)
        #expect(second.report.witness == .present(batch: second.report.batches, position: 210))
        #expect(second.journal.lastPosition == 210)
    }

    @Test func `positions go on after a reopen and the epoch grows`() throws {
        let disk = FakeDisk()
        var epochs: [UInt64] = []
        for round in 0..<5 {
            let journal = try TestJournal(disk)
            epochs.append(journal.journal.epoch)
            #expect(journal.replayed.count == round * 7)
            try journal.append(7)
            #expect(journal.journal.lastPosition == UInt64(round * 7 + 7))
            journal.journal.close()
        }
        #expect(epochs == epochs.sorted() && Set(epochs).count == 5)
    }

    @Test func `durable positions are told in order and reach the last append`() throws {
        let journal = try TestJournal(FakeDisk())
        for _ in 0..<500 { try journal.append(1) }
        journal.journal.close()
        let durable = journal.owner.durable
        #expect(durable.last == 500)
        #expect(zip(durable, durable.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func `journal rolls over many segments without losing a record`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        for _ in 0..<60 { #expect(try journal.appendDurably(2, bytes: 3_000)) }
        let statistics = journal.journal.statistics
        #expect(statistics.segmentsStarted >= 6)
        journal.journal.close()
        let again = try TestJournal(disk)
        defer { again.journal.close() }
        expectTestRecords(again.replayed)
        #expect(again.replayed.count == 120)
        #expect(again.report.segments >= 7)
    }

    @Test func `one tick larger than a batch becomes several batches`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        #expect(try journal.appendDurably(40, bytes: 1_000))
        #expect(journal.journal.statistics.flushes >= 3)
        journal.journal.close()
        let again = try TestJournal(disk)
        defer { again.journal.close() }
        #expect(again.replayed.count == 40)
        expectTestRecords(again.replayed)
    }

    @Test func `largest record fits and a record read again is the same`() throws {
        let journal = try TestJournal(FakeDisk())
        defer { journal.journal.close() }
        let largest = journal.journal.maximumRecordBytes
        #expect(try journal.appendDurably(1, bytes: largest))
        for size in 0..<30 { #expect(try journal.appendDurably(3, bytes: size * 40)) }
        #expect(try journal.journal.read(at: 1) == testRecord(1, bytes: largest))
        for size in 0..<30 {
            for record in 0..<3 {
                let position = UInt64(2 + size * 3 + record)
                #expect(try journal.journal.read(at: position) == testRecord(position, bytes: size * 40))
            }
        }
        #expect(throws: JournalError.self) { try journal.journal.read(at: 0) }
        #expect(throws: JournalError.self) { try journal.journal.read(at: 92) }
    }

    @Test func `second opener is refused with the holder's number`() throws {
        let disk = FakeDisk()
        let journal = try TestJournal(disk)
        let error = #expect(throws: JournalError.self) { try TestJournal(disk) }
        #expect(error?.code == .fenced)
        #expect(error?.description.contains("4711") == true)
        journal.journal.close()
        try TestJournal(disk).journal.close()
    }

    @Test func `directory of another journal is refused`() throws {
        let disk = FakeDisk()
        try TestJournal(disk).journal.close()
        var other = TestJournal.configuration()
        other.journalID = 8
        let error = #expect(throws: JournalError.self) { try TestJournal(disk, other) }
        #expect(error?.code == .format)
    }

    @Test func `journal with other sizes goes on with them`() throws {
        let disk = FakeDisk()
        let first = try TestJournal(disk)
        #expect(try first.appendDurably(3))
        first.journal.close()
        let second = try TestJournal(disk, TestJournal.configuration(segmentBytes: 128 << 10, batchBytes: 32 << 10))
        #expect(try second.appendDurably(1, bytes: 30_000))
        second.journal.close()
        let third = try TestJournal(disk)
        defer { third.journal.close() }
        #expect(third.replayed.count == 4)
        expectTestRecords(third.replayed)
    }

    @Test func `backlog beyond its limit is refused and nothing of it appended`() throws {
        let disk = StalledDisk(FakeDisk())
        let journal = try TestJournal(disk)
        disk.stall()
        let record = testRecord(1, bytes: 16_000)
        var accepted = 0
        var refused: JournalError?
        for position in 0..<100 where refused == nil {
            do {
                try journal.journal.append(
                    records: framed([record]),
                    count: 1,
                    expecting: UInt64(position),
                    epoch: journal.journal.epoch
                )
                accepted += 1
            } catch {
                refused = error
            }
        }
        #expect(refused?.code == .backlog)
        #expect(accepted == (256 << 10) / 16_004)
        #expect(journal.journal.lastPosition == UInt64(accepted))
        #expect(journal.journal.statistics.backlogBytes == accepted * 16_004)
        disk.release()
        #expect(journal.owner.waitUntilDurable(UInt64(accepted)))
        journal.journal.close()
        #expect(journal.journal.statistics.backlogRefusals == 1)
    }

    @Test func `records appended while a flush runs share the next batch`() throws {
        let disk = StalledDisk(FakeDisk())
        let journal = try TestJournal(disk)
        disk.stall()
        try journal.append(1)
        disk.waitUntilStalled()
        for _ in 0..<50 { try journal.append(1) }
        disk.release()
        #expect(journal.owner.waitUntilDurable(51))
        #expect(journal.owner.durable == [1, 51])
        journal.journal.close()
    }

    @Test func `under load flushes are a floor apart`() throws {
        let floor: UInt64 = 5_000_000
        // Large segments, because a flush at the end of one is two writes.
        let configuration = TestJournal.configuration(segmentBytes: 256 << 10, floorNanoseconds: floor)
        let journal = try TestJournal(FakeDisk(), configuration)
        #expect(try journal.appendDurably(10))
        let start = monotonicNanoseconds()
        for _ in 0..<10 { #expect(try journal.appendDurably(100)) }
        #expect(monotonicNanoseconds() - start >= 9 * floor)
        journal.journal.close()
        #expect(journal.journal.statistics.flushes == 11)
    }

    @Test func `statistics count what was written`() throws {
        let journal = try TestJournal(FakeDisk())
        for _ in 0..<10 { #expect(try journal.appendDurably(2, bytes: 96)) }
        journal.journal.close()
        let statistics = journal.journal.statistics
        #expect(statistics.flushes == 10 && statistics.records == 20)
        #expect(statistics.bytes == 2_000 && statistics.paddedBytes == 40_960)
        #expect(statistics.durablePosition == 20 && statistics.backlogBytes == 0)
        var total: UInt64 = 0
        for bucket in 0..<LatencyBuckets.count { total += statistics.flushLatency.counts[bucket] }
        #expect(total == 10)
        #expect(statistics.witnessWrites >= 1)
    }

    @Test func `append after close is refused`() throws {
        let journal = try TestJournal(FakeDisk())
        journal.journal.close()
        journal.journal.close()
        let error = #expect(throws: JournalError.self) { try journal.append(1) }
        #expect(error?.code == .fenced)
    }

    @Test func `misframed records trap`() async {
        await #expect(processExitsWith: .failure) {
            let journal = try TestJournal(FakeDisk())
            try journal.journal.append(records: [5, 0, 0, 0, 1], count: 1, expecting: 0, epoch: journal.journal.epoch)
        }
    }
}
