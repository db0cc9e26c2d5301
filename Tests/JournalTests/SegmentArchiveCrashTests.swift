import Testing

@testable import Journal

/// Power failures and refusals at every operation of a scenario in which segments are archived,
/// recycled and removed.
@Suite struct SegmentArchiveCrashTests {
    /// What is durable is known, and what was retired.
    private struct Progress {
        var durable: RecordPosition = 0
        var retired: RecordPosition = 0
    }

    /// Appends, retires, archives and recycles until the end or until the disk is off.
    private func run(_ disk: FakeDisk, origin: RecordPosition, rounds: Int, _ progress: inout Progress) {
        guard let journal = try? ArchivingJournal(disk, spares: 1, from: origin) else { return }
        for _ in 0..<rounds {
            do { try journal.append(4) } catch { break }
            progress.durable = max(progress.durable, journal.test.owner.acknowledged)
            // As a snapshot does: what is durable, less a little.
            if progress.durable > 5 {
                progress.retired = max(progress.retired, progress.durable - 5)
                journal.journal.retire(upTo: progress.retired)
            }
            for _ in 0..<25 {
                switch journal.journal.stepArchiver() {
                case .did: journal.settle()
                case .waitsUntil(let time): journal.clock.advance(min(time - journal.clock.now, 1_000_000_000))
                case .waits, .ended: break
                }
            }
        }
        journal.journal.close()
    }

    /// Every record that was durable is there: by start from the snapshot, by a start from nothing,
    /// and in the chain.
    private func expectAll(_ disk: FakeDisk, _ progress: Progress, operation: Int) throws {
        let started = try ArchivingJournal(disk, spares: 1, from: progress.retired)
        let last = started.journal.lastPosition
        #expect(last >= progress.durable, "operation \(operation)")
        #expect(started.test.replayed == (progress.retired..<last).map { testRecord($0 + 1) }, "operation \(operation)")
        for position in 1...max(last, 1) where last > 0 {
            #expect(try started.journal.read(at: position) == testRecord(position), "operation \(operation)")
        }
        started.archiveAll()
        try started.append(8)
        started.journal.close()
        let verification = JournalVerifier.verify(directory: TestJournal.directory, fileSystem: disk)
        #expect(verification.isSound && verification.firstPosition == 1, "operation \(operation)")
        let whole = try ArchivingJournal(disk, spares: 1)
        #expect(whole.test.replayed.count == Int(last) + 8, "operation \(operation)")
        whole.journal.close()
    }

    @Test func `power failure at every operation loses nothing`() throws {
        let trial = FakeDisk()
        var all = Progress()
        run(trial, origin: 0, rounds: 7, &all)
        let operations = trial.operations
        #expect(trial.state.withLock { $0.log }.contains { $0.contains("rename") && $0.contains(".journal") })
        for operation in 1...operations {
            let disk = FakeDisk()
            disk.arm(.powerOff, atOperation: operation)
            var progress = Progress()
            run(disk, origin: 0, rounds: 7, &progress)
            let after = disk.afterPowerFailure(seed: UInt64(operation) &* 31)
            try expectAll(after, progress, operation: operation)
        }
    }

    @Test func `a refusal at every operation loses nothing`() throws {
        let trial = FakeDisk()
        var all = Progress()
        run(trial, origin: 0, rounds: 7, &all)
        for operation in 1...trial.operations {
            let disk = FakeDisk()
            disk.arm(.refuse(code: 5), atOperation: operation)
            var progress = Progress()
            run(disk, origin: 0, rounds: 7, &progress)
            try expectAll(disk, progress, operation: operation)
        }
    }

    @Test func `killed in a recycled segment, the batch being written is cut and old bytes do not come back`() throws {
        for sectors in 0...8 {
            let disk = FakeDisk()
            let journal = try ArchivingJournal(disk, spares: 1)
            for round in 1...8 {
                try journal.append(5)
                journal.journal.retire(upTo: RecordPosition(round * 5 - 2))
                journal.archiveAll()
            }
            // 40 records end in the first batch of a segment; the next batch is the one that is
            // torn.
            let name = try #require(
                disk.fileNames.filter {
                    $0.hasSuffix(".journal") && disk.contents($0)[16] & 2 == 0 && disk.contents($0)[0] != 0
                }.last
            )
            let before = disk.contents(name)
            let witness = disk.contents(TestJournal.directory + "/witness")
            try journal.append(1)
            let after = disk.contents(name)
            journal.journal.close()
            let start = try #require(before.indices.first { before[$0] != after[$0] }) & ~4095
            let end = start + sectors * 512
            disk.setContents(name, Array(after[..<end] + before[end...]))
            disk.setContents(TestJournal.directory + "/witness", witness)
            let whole = sectors * 512 >= 256 + 104
            let again = try ArchivingJournal(disk, spares: 1, from: 38)
            #expect(again.journal.lastPosition == (whole ? 41 : 40), "\(sectors) sectors")
            try again.append(4)
            again.journal.close()
            let last = try ArchivingJournal(disk, spares: 1)
            expectTestRecords(last.test.replayed)
            #expect(last.test.replayed.count == (whole ? 45 : 44))
            last.journal.close()
        }
    }
}
